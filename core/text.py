"""Text as people count it, and what of it cannot be stored."""

import unicodedata

import regex

_GRAPHEME = regex.compile(r"\X")
# Postgres stores no NUL; a lone surrogate is no text in any encoding.
_UNSTORABLE = regex.compile(r"[\x00\ud800-\udfff]")
# Control characters other than line breaks and tabs.
_CONTROL = regex.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")


def grapheme_count(text: str) -> int:
    """How many characters a person sees (Unicode's extended grapheme clusters: a family emoji is one)."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


def byte_count(text: str) -> int:
    """The length in UTF-8. The text must be storable."""
    return len(text.encode())


def is_storable(text: str) -> bool:
    """Whether the text can be kept at all: no NUL, no lone surrogate, no other control character."""
    return _UNSTORABLE.search(text) is None and _CONTROL.search(text) is None


def is_blank(text: str) -> bool:
    """Whether a person sees nothing: white space, and characters without a shape of their own."""
    return all(
        character.isspace() or character in _EMPTY or unicodedata.category(character) in _SHAPELESS
        for character in text
    )


def normalised(text: str) -> str:
    """The text in Unicode's composed form, with plain line breaks, without white space around it."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


# Letters without a shape (fillers of Hangul syllables), and the Braille cell without a dot.
_EMPTY = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_SHAPELESS = frozenset({"Cf", "Cc", "Zs", "Zl", "Zp", "Mn"})
