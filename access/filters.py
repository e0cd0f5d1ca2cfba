"""Keyword filters: the places that they hold in, and which of them fit a text.

Texts are compared as people take them to be the same: whatever the case, the width or the form of a letter (Unicode's
NFKC and case folding), without characters that are not seen, and with all white space alike. A whole word is one by
Unicode's word boundaries (UAX #29), which cut scripts without spaces, as Chinese or Thai, at every letter.

All keywords are looked for at once (Aho and Corasick), so the time that takes grows with the text, and not with the
text times the keywords, whoever wrote either.
"""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from enum import IntFlag
from functools import cached_property
from typing import Final, NamedTuple

import regex

from core import ids

_UNSEEN: Final = regex.compile(r"\p{Default_Ignorable_Code_Point}+")
_BOUNDARY: Final = regex.compile(r"(?w)\b")
# Stands between texts that are compared together. No folded text has one, so no keyword reaches across.
_BREAK: Final = "\n"


class Context(IntFlag):
    """A place where posts are shown. The numbers are stored (models.filters)."""

    HOME = 1
    PUBLIC = 2
    THREAD = 4
    PROFILE = 8
    LIST = 16


class Filter(NamedTuple):
    """A keyword filter: `action` is a models.filters.FilterAction, `contexts` are bits of Context."""

    id: int
    keyword: str
    is_whole_word: bool
    action: int
    contexts: int
    until: datetime | None

    @property
    def created_at(self) -> datetime:
        return ids.time_of(self.id)


def folded(text: str) -> str:
    """The text in the form in which texts are compared. Nothing is left of one in which nothing is seen."""
    once = unicodedata.normalize("NFKC", text).casefold()
    # Folding may leave what composes: an H with a line below and the letter that it folds into.
    return " ".join(_UNSEEN.sub("", unicodedata.normalize("NFKC", once)).split())


class Filters:
    """The filters of one account."""

    def __init__(self, rules: Sequence[Filter]) -> None:
        self.rules = rules

    def fitting(self, context: Context, *texts: str | None) -> list[Filter]:
        """The filters that hold in the context and fit at least one of the texts, in their order."""
        text = _BREAK.join([folded(text) for text in texts if text])
        parts, words = self._keywords.found_in(text)
        if not parts:
            return []
        return [
            rule
            for rule, keyword in zip(self.rules, self._keywords.places, strict=True)
            if rule.contexts & context and keyword in (words if rule.is_whole_word else parts)
        ]

    @cached_property
    def _keywords(self) -> "_Keywords":
        return _Keywords([folded(rule.keyword) for rule in self.rules])


class _Keywords:
    """An automaton that finds keywords, all in one pass over a text.

    Its states are the beginnings of keywords. Where a text leaves one, the search goes on at the longest other one that
    the text so far ends with, so no letter is looked at anew. `places` has the state that each keyword ends in.
    """

    def __init__(self, keywords: Sequence[str]) -> None:
        self._steps: list[dict[str, int]] = [{}]
        self._lengths = [0]
        self.places = [self._add(keyword) for keyword in keywords]
        # For each state the longest shorter one that its letters end with, and the longest of those that is a keyword.
        self._shorter = [0] * len(self._steps)
        self._shorter_keyword = [0] * len(self._steps)
        self._link()
        keyword_places = set(self.places)
        self._keyword = [
            state if state in keyword_places else self._shorter_keyword[state] for state in range(len(self._steps))
        ]

    def _add(self, keyword: str) -> int:
        state = 0
        for length, letter in enumerate(keyword, start=1):
            step = self._steps[state].get(letter)
            if step is None:
                step = self._steps[state][letter] = len(self._steps)
                self._steps.append({})
                self._lengths.append(length)
            state = step
        return state

    def _link(self) -> None:
        keyword_places = set(self.places)
        reached = list(self._steps[0].values())
        for state in reached:
            shorter = self._shorter[state]
            self._shorter_keyword[state] = shorter if shorter in keyword_places else self._shorter_keyword[shorter]
            for letter, longer in self._steps[state].items():
                self._shorter[longer] = self._after(shorter, letter)
                reached.append(longer)

    def _after(self, state: int, letter: str) -> int:
        """The state that a letter leads to."""
        steps = self._steps
        while (step := steps[state].get(letter)) is None:
            if state == 0:
                return 0
            state = self._shorter[state]
        return step

    def found_in(self, text: str) -> tuple[set[int], set[int]]:
        """The places of the keywords that are in the text, and of those that are whole words there."""
        parts: set[int] = set()
        words: set[int] = set()
        boundaries: set[int] | None = None
        steps, shorter, keywords, shorter_keyword = self._steps, self._shorter, self._keyword, self._shorter_keyword
        state = 0
        for end, letter in enumerate(text, start=1):
            # Nearly every letter of nearly every text begins no keyword, and is worth no call.
            state = steps[state].get(letter) or (self._after(shorter[state], letter) if state else 0)
            found = keywords[state]
            if found == 0:
                continue
            if boundaries is None:
                boundaries = {match.start() for match in _BOUNDARY.finditer(text)}
            is_end_of_word = end in boundaries
            while found and (is_end_of_word or found not in parts):
                parts.add(found)
                if is_end_of_word and end - self._lengths[found] in boundaries:
                    words.add(found)
                found = shorter_keyword[found]
        return parts, words
