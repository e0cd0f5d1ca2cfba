"""What is stored of the texts of a profile, and which handles are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions import archives, inputs

FRAGMENTS = (
    "a", "1", " ", "\n", "\u064b", "\u0645", "क", "्", "葛", "❤", "👩", "\u200b", "\u200c", "\u200d", "\u202e", "\ufe0f",
    "\U000e0100", "e\u0301",
)  # fmt: skip


@pytest.mark.parametrize("written", ["Ada", "\u202eA\u200bda\u00ad ", "\u2066 Ada\u2069"])
def test_a_name_is_stored_as_it_is_seen_by_whichever_way_it_comes(written: str) -> None:
    assert inputs.profile_text(written) == "Ada"
    assert archives.checked_display_name(written) == "Ada"


def test_a_text_longer_than_any_of_a_profile_is_not_gone_through() -> None:
    written = "\u200b" * (inputs.LONGEST_BIO_BYTES + 1)
    assert inputs.profile_text(written) == written
    assert inputs.profile_text(written[1:]) == ""


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join))
def test_a_stored_name_is_stored_as_it_is(name: str) -> None:
    once = inputs.profile_text(name)
    assert inputs.profile_text(once) == once


@pytest.mark.parametrize("name", ["\u202e", "\u3164", "\u200b \u2066", "\u2800", "\U000e0041"])
def test_a_name_of_which_nothing_is_left_is_blank(name: str) -> None:
    problem = inputs.problem_of_text(inputs.profile_text(name), inputs.DISPLAY_NAME, field="displayName")
    assert problem is not None
    assert problem.code == "BLANK"


@pytest.mark.parametrize(
    "handle",
    [
        "аdmin",
        "admіn",
        "αdmin",
        "ａｄｍｉｎ",
        "admin\u200b",
        "ad\u200dmin",
        "\u202eadmin",
        "admin\u0301",
        "ádmin",
        "ad min",
        "admin\n",
        "adm\u0131n",
        "𝐚𝐝𝐦𝐢𝐧",
        "admin\ufe0f",
        "ad\u00admin",
        "@admin",
        "admin١",
        "ad‐min",
        "admin\x00",
    ],
    ids=ascii,
)
def test_what_looks_like_a_handle_and_is_another_is_refused(handle: str) -> None:
    problem = inputs.problem_of_handle(handle)
    assert problem is not None
    assert problem.code == "MALFORMED"
