"""What lets a name pass for another: characters that are not seen, and characters that turn others around.

They have uses in running text and hardly any in a name, so names and other texts of profiles lose them where they are
written, without complaint: what is left is what is seen. Posts keep their text as it is.
"""

from typing import Final

import regex

_INVISIBLE: Final = r"[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\uFFF9-\uFFFB]"
# Scripts whose letters change their shapes with their neighbours, and the vowel points of Arabic.
_JOINED: Final = (
    r"[[\p{Arabic}\p{Syriac}\p{Mandaic}\p{Nko}\p{Mongolian}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}"
    r"\p{Tamil}\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Khmer}\p{Myanmar}\u064B-\u0652]"
    r"--\p{Default_Ignorable_Code_Point}]"
)
_SHOWN: Final = "|".join(
    (
        # Flags of regions: a black flag, letters and digits as tags, the end of the tags.
        r"\U0001F3F4[\U000E0030-\U000E0039\U000E0061-\U000E007A]{1,6}\U000E007F",
        # An emoji as a picture or as a sign of the text, a keycap, emoji that are joined to one.
        r"(?<=\p{Extended_Pictographic})[\uFE0E\uFE0F]",
        r"(?<=[0-9#*])\uFE0F(?=\u20E3)",
        r"(?<=\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}]?)\u200D(?=\p{Extended_Pictographic})",
        # Joiners inside words, and those behind a virama (the sign for no vowel), which also end words.
        rf"(?<={_JOINED})[\u200C\u200D](?=[\u200C\u200D]*+{_JOINED})",
        rf"(?<={_JOINED}\p{{Canonical_Combining_Class=Virama}})[\u200C\u200D]",
        # Variants of a Chinese character that names are told apart by, and forms of Mongolian letters.
        r"(?<=\p{Han})[\uFE00-\uFE02\U000E0100-\U000E01EF]",
        r"(?<=[\p{Mongolian}--\p{Default_Ignorable_Code_Point}])[\u180B-\u180D\u180F]",
    )
)
_TOLD_APART = regex.compile(rf"({_SHOWN})|{_INVISIBLE}", regex.VERSION1)


def defused(name: str) -> str:
    """The name without characters that reorder it or are not seen; emoji and words that need some keep those."""
    return name if name.isascii() else _TOLD_APART.sub(r"\1", name)
