"""In which language a text is: what tells languages apart, and which part of a text it is asked about."""

from typing import Protocol

import regex

from core.entities import extract

# Enough to tell; a longer text costs more and says no more.
LONGEST_SAMPLE_CHARS = 400
# Less than this is like something in every language: 16 letters of Latin, 8 of Greek or Arabic, 6 of Chinese.
SHORTEST_SAMPLE_BYTES = 16

_NO_WORDS = regex.compile(r"[^\p{L}\p{M}'\u2019]++")


class LanguageDetector(Protocol):
    """Tells languages apart."""

    def detect(self, text: str) -> str | None:
        """The language of the text, a tag as in BCP 47; None unless it is sure. Quick enough for an event loop."""


def words_of(text: str) -> str:
    """The beginning of a text, words only; nothing if they are too few to tell a language.

    Mentions, hashtags and links are no words: they are the same in all languages.
    """
    text = text[:LONGEST_SAMPLE_CHARS]
    pieces: list[str] = []
    end = 0
    for entity in extract(text):
        pieces.append(text[end : entity.start])
        end = entity.end
    pieces.append(text[end:])
    words = _NO_WORDS.sub(" ", " ".join(pieces)).strip()
    return words if len(words.encode("utf-8", "replace")) >= SHORTEST_SAMPLE_BYTES else ""
