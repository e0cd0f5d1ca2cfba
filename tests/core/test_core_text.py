"""Text as people count it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import text

FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("value", "count"),
    [("", 0), ("abc", 3), (FAMILY * 3, 3), ("e\u0301", 1), ("🇩🇪🇫🇷", 2), ("👍🏽", 1), ("a\r\nb", 3), ("각", 1)],
)
def test_counts_what_a_person_sees(value: str, count: int) -> None:
    assert text.grapheme_count(value) == count


@pytest.mark.parametrize("character", ["\x00", chr(0xD800), chr(0xDFFF), "\x01", "\x08", "\x0b", "\x1b", "\x7f"])
def test_what_cannot_be_stored_is_told(character: str) -> None:
    assert not text.is_storable(f"a{character}b")


@pytest.mark.parametrize("value", ["", "line\nline", "tab\there", FAMILY, "עברית", "\u202e", "a\r\nb"])
def test_ordinary_text_can_be_stored(value: str) -> None:
    assert text.is_storable(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "\n\t",
        "\u200b",
        "\u200b\u200d\ufeff",
        "\u00a0",
        "\u2003",
        "\u00ad",
        "\ufe0f",
        "\u0301",
        "\u3164",
        "\uffa0",
        "\u2800",
    ],
)
def test_text_without_a_shape_is_blank(value: str) -> None:
    assert text.is_blank(value)


@pytest.mark.parametrize("value", [".", "\u200ba", FAMILY, "e\u0301"])
def test_text_with_a_shape_is_not_blank(value: str) -> None:
    assert not text.is_blank(value)


@pytest.mark.parametrize(
    ("value", "expected"), [("a\r\nb\rc", "a\nb\nc"), ("  a  ", "a"), ("e\u0301", "é"), ("\n\n", "")]
)
def test_text_is_brought_into_one_form(value: str, expected: str) -> None:
    assert text.normalised(value) == expected


@given(st.text())
def test_bringing_text_into_form_twice_is_doing_it_once(value: str) -> None:
    assert text.normalised(text.normalised(value)) == text.normalised(value)


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_bytes_are_counted_in_utf_8(value: str) -> None:
    assert text.byte_count(value) == len(value.encode())
    assert text.grapheme_count(value) <= len(value)
