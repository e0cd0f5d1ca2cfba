"""What of a text tells its language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.languages import LONGEST_SAMPLE_CHARS, SHORTEST_SAMPLE_BYTES, words_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("That's what I wanted to say", "That's what I wanted to say"),
        ("Good 😀 morning, 7 friends!\nHello", "Good morning friends Hello"),
        ("hello @ada, see #GoodMorning at example.com/path today", "hello see at today"),
        ("fifteen signs..", ""),
        ("sixteen letters x", "sixteen letters x"),
        ("привет мир", "привет мир"),
        ("привет", ""),
        ("お早うございます", "お早うございます"),
        ("#GoodMorning @everybody example.com 12345678901234567890", ""),
        ("\ud800" * 20, ""),
    ],
)
def test_words_are_what_is_left_without_entities_and_signs(text: str, expected: str) -> None:
    assert words_of(text) == expected


@given(st.text(max_size=2 * LONGEST_SAMPLE_CHARS))
def test_words_of_any_text_are_few_enough_and_many_enough(text: str) -> None:
    words = words_of(text)
    assert len(words) <= LONGEST_SAMPLE_CHARS + len(words.split())
    assert words == "" or len(words.encode()) >= SHORTEST_SAMPLE_BYTES
    assert words == words.strip()
