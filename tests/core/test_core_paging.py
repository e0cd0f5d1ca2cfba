"""Cursors and page requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import opaque
from core.errors import BadCursorError, BadInputError
from core.paging import (
    LARGEST_PAGE,
    RANKED,
    TRAIL_LENGTH,
    TRAILED,
    Listing,
    Mark,
    PageRequest,
    RankedKey,
    decode_cursor,
    decode_ranked_cursor,
    decode_trailed_cursor,
    encode_cursor,
    page_request,
)

LISTINGS = st.sampled_from(Listing)
KEYS = st.integers(min_value=0, max_value=2**63 - 1)
RANKED_KEYS = st.builds(RankedKey, rank=KEYS, id=KEYS)
TRAILS = st.dictionaries(st.integers(0, TRAIL_LENGTH - 1), KEYS).map(
    lambda posts: tuple(Mark(back, posts[back]) for back in sorted(posts))
)


@given(LISTINGS, KEYS)
def test_every_cursor_survives_the_round_trip(listing: Listing, key: int) -> None:
    assert decode_cursor(listing, encode_cursor(listing, key)) == key


@given(st.sampled_from(sorted(TRAILED)), KEYS, TRAILS)
def test_every_cursor_with_a_trail_survives_the_round_trip(listing: Listing, key: int, trail: tuple[Mark, ...]) -> None:
    text = encode_cursor(listing, key, trail)
    assert decode_trailed_cursor(listing, text) == (key, trail)
    assert decode_cursor(listing, text) == key
    assert page_request(listing, first=1, after=text) == PageRequest(1, key, trail=trail)


@pytest.mark.parametrize(
    ("listing", "marks"),
    [
        (Listing.PUBLIC_FEED, [(0, 1)]),
        (Listing.HOME_FEED, [(1, 1), (0, 2)]),
        (Listing.HOME_FEED, [(1, 1), (1, 2)]),
        (Listing.HOME_FEED, [(TRAIL_LENGTH, 1)]),
        (Listing.HOME_FEED, [(0, -1)]),
        (Listing.LIST_FEED, [(back, 1) for back in range(TRAIL_LENGTH + 1)]),
    ],
)
def test_a_trail_that_no_list_gave_out_is_refused(listing: Listing, marks: list[tuple[int, int]]) -> None:
    good = encode_cursor(Listing.HOME_FEED, 5, (Mark(0, 1),))
    assert decode_cursor(Listing.HOME_FEED, good) == 5
    with pytest.raises(BadCursorError):
        decode_cursor(listing, encode_cursor(listing, 5, tuple(Mark(*mark) for mark in marks)))
    with pytest.raises(BadCursorError):
        decode_cursor(Listing.HOME_FEED, opaque.to_text(opaque.to_bytes(good)[:-1]))


@given(LISTINGS, RANKED_KEYS)
def test_every_cursor_with_a_rank_survives_the_round_trip(listing: Listing, key: RankedKey) -> None:
    assert decode_ranked_cursor(listing, encode_cursor(listing, key)) == key


@given(LISTINGS, RANKED_KEYS, KEYS)
def test_a_cursor_with_a_rank_and_one_without_are_never_mixed_up(listing: Listing, ranked: RankedKey, key: int) -> None:
    with pytest.raises(BadCursorError):
        decode_cursor(listing, encode_cursor(listing, ranked))
    with pytest.raises(BadCursorError):
        decode_ranked_cursor(listing, encode_cursor(listing, key))


@given(LISTINGS, st.binary(min_size=18, max_size=18) | st.binary(max_size=40))
def test_bytes_are_refused_or_are_the_one_spelling_of_their_ranked_place(listing: Listing, content: bytes) -> None:
    text = opaque.to_text(bytes([1, listing]) + content[2:])
    try:
        key = decode_ranked_cursor(listing, text)
    except BadCursorError:
        return
    assert encode_cursor(listing, key) == text


@given(LISTINGS, st.text(max_size=30) | st.text("AQIDBEghijk-_+/=", min_size=14, max_size=14))
def test_a_text_is_refused_or_is_the_one_spelling_of_its_place(listing: Listing, text: str) -> None:
    try:
        key = decode_cursor(listing, text)
    except BadCursorError:
        return
    assert encode_cursor(listing, key) == text


@given(LISTINGS, LISTINGS, KEYS)
def test_a_cursor_of_another_list_is_refused(listing: Listing, other: Listing, key: int) -> None:
    if listing is other:
        return
    with pytest.raises(BadCursorError):
        decode_cursor(other, encode_cursor(listing, key))


@given(LISTINGS, KEYS, st.integers(0, 12))
def test_a_truncated_cursor_is_refused(listing: Listing, key: int, length: int) -> None:
    with pytest.raises(BadCursorError):
        decode_cursor(listing, encode_cursor(listing, key)[:length])


@pytest.mark.parametrize("listing", sorted(RANKED))
def test_a_page_of_a_ranked_list_goes_on_behind_rank_and_id(listing: Listing) -> None:
    request = page_request(listing, first=3, after=encode_cursor(listing, RankedKey(rank=5, id=7)))
    assert request == PageRequest(3, after=7, after_rank=5)


@pytest.mark.parametrize("first", [-(2**31), -1, 0, LARGEST_PAGE + 1, 2**31 - 1])
def test_a_page_of_an_impossible_size_is_refused(first: int) -> None:
    with pytest.raises(BadInputError, match="between 1 and 100"):
        page_request(Listing.HOME_FEED, first=first, after=None)


@pytest.mark.parametrize("first", [1, LARGEST_PAGE])
def test_a_page_of_a_possible_size_asks_for_one_more(first: int) -> None:
    request = page_request(Listing.HOME_FEED, first=first, after=encode_cursor(Listing.HOME_FEED, 7))
    assert request == PageRequest(first, 7)
    assert request.fetch_count == first + 1
