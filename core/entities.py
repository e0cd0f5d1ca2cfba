"""Mentions, hashtags and links in a text, and where they stand.

    "Hi @ada, see #Café at example.com"  ->  [MENTION ada 3:7, HASHTAG Café 13:18, LINK https://example.com 22:33]

Ranges count code points; `utf16_offsets` turns them into what JavaScript, Java and Swift count. What is found is the
text of its range and nothing else: invisible characters end a range, except for the joiners that spell words in
hashtags, so nothing is named that is not seen. The rules are twitter-text's; docs/text.md lists where we differ.
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from enum import IntEnum
from typing import Final, NamedTuple

import regex

from core.links import find_links

LONGEST_HASHTAG_CHARS = 100


class EntityKind(IntEnum):
    """What stands in a text. The numbers are stored: never reuse one."""

    MENTION = 1
    HASHTAG = 2
    LINK = 3


class Found(NamedTuple):
    """An entity: the range of its text in code points, its sign included, and what it names.

    `name` is a handle without "@", a hashtag as written without "#", or the URL to open.
    """

    kind: EntityKind
    start: int
    end: int
    name: str


# Scripts whose words an ASCII handle would be torn out of: "café@ada", "@adaé". Others are written without spaces.
_WORD: Final = r"\p{Latin}\p{Greek}\p{Cyrillic}\u0300-\u036F"
_MENTION = regex.compile(
    rf"(?:(?<![{_WORD}0-9_!#$%&*@\uFF20])|(?<=(?<![A-Za-z0-9_+~.\-])(?i:rt)))"
    rf"[@\uFF20]([A-Za-z0-9_]{{2,30}}+)(?![{_WORD}0-9_@\uFF20]|://)",
    regex.VERSION1,
)

# Signs inside words: Hebrew and Tibetan punctuation, the Catalan dot, Japanese middle dots, waves and voicing marks.
_IN_TAG: Final = (
    r"[[\p{L}\p{M}\p{Nd}_\xB7\u05BE\u05F3\u05F4\u0F0B\u0F0C\u3003\u301C\u309B\u309C\u30A0\u30FB\uA67E\uFF5E]"
    r"--\p{Default_Ignorable_Code_Point}]"
)
_JOINERS: Final = r"[\u200C\u200D]"
# A mark right behind the sign stands on the sign: a keycap, an emoji. Joiners belong to a hashtag inside it only.
_HASHTAG = regex.compile(
    rf"(?<!{_IN_TAG}|{_JOINERS}|&)[#\uFF03](?!\p{{M}})((?:{_IN_TAG}++|{_JOINERS}++(?={_IN_TAG}))++)(?![#\uFF03]|://)",
    regex.VERSION1,
)
_TAG_PARTS = regex.compile(rf"{_IN_TAG}++", regex.VERSION1)
_LETTER = regex.compile(r"\p{L}")
_SIGN = regex.compile(r"[@\uFF20#\uFF03]")
_ASTRAL = regex.compile(r"[\U00010000-\U0010FFFF]")

# What a hashtag loses wherever it stands. Spaces come out of marks that stand alone, such as the voicing marks of kana.
_OPTIONAL = regex.compile(
    r"[\p{Default_Ignorable_Code_Point}\p{White_Space}"
    r"\u0640\u064B-\u0652\u0670\u06D6-\u06DC\u06DF-\u06E4\u06E7\u06E8\u06EA-\u06ED"  # Arabic
    r"\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7]"  # Hebrew
)
_STYLED = regex.compile(r"([\p{Latin}\p{Greek}0-9_])\p{M}++")
_CYRILLIC_MARKED = regex.compile(r"(\p{Cyrillic})(\p{M}++)")
# The letters with a stroke, letters that are two, the dotless i, whose capital is I; the two encodings of one wave.
_PLAIN_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "\u0131": "i", "æ": "ae", "œ": "oe", "\u301c": "~"}
)


def extract(body: str) -> list[Found]:
    """The entities of a text, in order and not overlapping: of two that do, the one that begins first is taken."""
    found = [Found(EntityKind.LINK, *link) for link in find_links(body)]
    if _SIGN.search(body) is None:
        return found
    found += [Found(EntityKind.MENTION, *match.span(), match[1]) for match in _MENTION.finditer(body)]
    found += [
        Found(EntityKind.HASHTAG, *match.span(), match[1]) for match in _HASHTAG.finditer(body) if _is_hashtag(match[1])
    ]
    found.sort(key=lambda entity: entity.start)
    apart: list[Found] = []
    end = 0
    for entity in found:
        if entity.start >= end:
            apart.append(entity)
            end = entity.end
    return apart


def utf16_offsets(body: str, ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same ranges of the text in UTF-16 code units, in which a character beyond U+FFFF takes two."""
    astral = [match.start() for match in _ASTRAL.finditer(body)]
    if not astral:
        return list(ranges)
    return [(start + bisect_left(astral, start), end + bisect_left(astral, end)) for start, end in ranges]


def hashtag_from(name: str) -> str | None:
    """The hashtag that a name of something makes, without "#"; None if it makes none.

    Between what may stand in a hashtag, an underscore takes the place of what may not:
    "Diana,_Princess_of_Wales" is Diana_Princess_of_Wales, "Would?" is Would.
    """
    tag = name
    if _HASHTAG.fullmatch(f"#{name}") is None:
        tag = "_".join(part for part in (part.strip("_") for part in _TAG_PARTS.findall(name)) if part)
    found = extract(f"#{tag}")
    return tag if found == [Found(EntityKind.HASHTAG, 0, len(tag) + 1, tag)] else None


def normalised_hashtag(name: str) -> str:
    """The form that all spellings of one hashtag share: of #Café, #CAFE and #ｃａｆé it is "cafe".

    Case and width fold as in Unicode's NFKC_Casefold: full-width Latin becomes plain, half-width katakana becomes
    whole, and what has no shape goes, joiners too, which many keyboards leave out. Marks fold where people leave them
    out:

    - accents on Latin and Greek letters, and the letters with a stroke that have no accent to lose (#Łódź, #Tromsø).
      That a Swede's å is a letter of its own is the lesser loss: the tag of Malmö is written #malmo by its visitors;
    - stress in Cyrillic, and the dots of ё. The marks of й, ї, ў or ѓ make other letters, and stay;
    - vowel points of Arabic and Hebrew, and the stroke that lengthens Arabic words.

    All other marks make the word and stay: vowels of Devanagari or Thai, voicing in kana, hamza and madda.
    A normalised hashtag is its own normalised form.
    """
    if name.isascii():
        return _OPTIONAL.sub("", name.lower())
    folded = name
    for form in ("NFD", "NFKD"):
        folded = unicodedata.normalize(form, folded).casefold()
    plain = _OPTIONAL.sub("", unicodedata.normalize("NFKD", folded))
    plain = _STYLED.sub(r"\1", plain)
    plain = _CYRILLIC_MARKED.sub(_without_stress, plain)
    return unicodedata.normalize("NFC", plain.translate(_PLAIN_LETTERS))


def _is_hashtag(name: str) -> bool:
    """Whether it has a letter, and is neither too long nor nothing at all in its normalised form."""
    if len(name) > LONGEST_HASHTAG_CHARS or _LETTER.search(name) is None:
        return False
    return 0 < len(normalised_hashtag(name)) <= LONGEST_HASHTAG_CHARS


def _without_stress(marked: regex.Match[str]) -> str:
    letter, marks = marked[1], marked[2]
    return letter + "".join(mark for mark in marks if _makes_cyrillic_letter(letter, mark))


def _makes_cyrillic_letter(letter: str, mark: str) -> bool:
    composed = unicodedata.normalize("NFC", letter + mark)
    return len(composed) == 1 and composed != "ё"
