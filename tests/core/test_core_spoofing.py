"""Names lose what lets them pass for others, and keep what spells words and emoji."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from core.spoofing import defused

FRAGMENTS = (
    "a", "1", "#", "\u0645", "\u064b", "क", "्", "葛", "ᠠ", "❤", "🏴", "👩", "🏽", "☠", "\u20e3", "\u200b", "\u200c",
    "\u200d", "\u200e", "\u202e", "\u2066", "\u00ad", "\ufe0e", "\ufe0f", "\ufe00", "\u180b", "\u3164", "\U000e0067",
    "\U000e007f", "\U000e0100", "\n", " ",
)  # fmt: skip
likely_name = st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join)
any_name = st.one_of(st.text(), likely_name)
REORDERING = regex.compile(r"\p{Bidi_Control}")


@pytest.mark.parametrize(
    "name",
    [
        "Ada Lovelace",
        "O'Brien–Ñandú",
        "עדה לאבלייס",
        "می‌خواهم",
        "श्रीलंका क्‍ष",
        "ශ්‍රීලංකා",
        "അവന്‍",
        "葛\U000e0100城",
        "ᠮᠣᠩᠭᠣᠯ\u180b",
        "👨‍👩‍👧‍👦 👩🏽‍🚀 ❤️‍🔥 🏴‍☠️ 👁️‍🗨️",
        "❤️ ❤︎ ☠️",
        "1️⃣ #️⃣",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "🇩🇪",
    ],
)
def test_names_and_emoji_of_all_scripts_stay(name: str) -> None:
    assert defused(name) == name


@pytest.mark.parametrize(
    "character",
    [
        *"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
        *"\u200b\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u034f\u180e\u3164\uffa0\u115f\u1160\u17b4\u206a\ufffa",
        *"\u200c\u200d\ufe0f\ufe0e\ufe00\u180b\U000e0001\U000e0041\U000e007f\U000e0100\U0001d173",
    ],
    ids=lambda character: f"{ord(character):04x}",
)
def test_what_is_not_seen_or_reorders_goes(character: str) -> None:
    assert defused(f"ad{character}min") == "admin"
    assert defused(character * 3) == ""
    assert defused(f"а{character}б") == "аб"


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("1\ufe0f", "1"),
        ("a\u200d❤", "a❤"),
        ("❤\u200da", "❤a"),
        ("م\u200c\u200c\u200cن", "م\u200cن"),
        ("م\u200ca", "مa"),
        ("❤\ufe0f\ufe0f", "❤\ufe0f"),
        ("🏴\U000e0067", "🏴"),
        ("🏴\U000e0067a\U000e007f", "🏴a"),
        ("葛\u200b\U000e0100", "葛"),
    ],
)
def test_what_words_and_emoji_need_is_kept_only_where_they_need_it(name: str, left: str) -> None:
    assert defused(name) == left


@given(any_name)
def test_defusing_twice_is_doing_it_once_and_nothing_is_left_that_reorders(name: str) -> None:
    once = defused(name)
    assert defused(once) == once
    assert REORDERING.search(once) is None


@given(any_name)
def test_nothing_but_what_is_not_seen_goes(name: str) -> None:
    hidden = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cf}]")
    assert hidden.sub("", defused(name)) == hidden.sub("", name)


def test_long_names_of_nothing_are_done_with_at_once() -> None:
    assert defused("\u200d\ufe0f" * 100_000) == ""
