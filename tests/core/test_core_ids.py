"""Ids: round trips, one spelling, order of time, and that SQL mints what Python reads."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.services import ProcessServices
from core import ids
from core.database import values_of

NUMBERS = st.integers(min_value=1, max_value=2**63 - 1)
KINDS = st.sampled_from(ids.Kind)
MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2069, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(KINDS, NUMBERS)
def test_every_id_survives_the_round_trip(kind: ids.Kind, number: int) -> None:
    assert ids.decode(ids.encode(kind, number)) == (kind, number)


@given(st.text(max_size=20) | st.text("ABCDEFGHIJKLMNOPabcdefxyz0189-_+/=", min_size=12, max_size=12))
def test_a_text_is_refused_or_is_the_one_spelling_of_its_id(text: str) -> None:
    try:
        kind, number = ids.decode(text)
    except ids.MalformedIdError:
        return
    assert ids.encode(kind, number) == text


@given(KINDS, NUMBERS, st.integers(0, 11), st.characters())
def test_a_changed_character_never_means_the_same_id(kind: ids.Kind, number: int, place: int, character: str) -> None:
    text = ids.encode(kind, number)
    changed = text[:place] + character + text[place + 1 :]
    if changed == text:
        return
    try:
        assert ids.decode(changed) != (kind, number)
    except ids.MalformedIdError:
        return


@given(NUMBERS)
def test_an_id_of_another_kind_names_nobody(number: int) -> None:
    assert ids.number_of(ids.Kind.POST, ids.encode(ids.Kind.USER, number)) == ids.NOBODY
    assert ids.number_of(ids.Kind.POST, ids.encode(ids.Kind.POST, number)) == number


@pytest.mark.parametrize(
    "text", ["", "zzz", "\x00" * 12, "é" * 12, "A" * 12, "A" * 10_000, ids.encode(ids.Kind.POST, 1) + "="]
)
def test_what_is_no_id_is_malformed(text: str) -> None:
    with pytest.raises(ids.MalformedIdError):
        ids.decode(text)


@given(MOMENTS, MOMENTS)
def test_ids_sort_as_their_times_do(one: datetime, other: datetime) -> None:
    first, second = sorted((one, other))
    assert ids.first_at(first) <= ids.first_at(second)
    assert first - ids.time_of(ids.first_at(first)) < timedelta(milliseconds=1)


_MINT = values_of(
    sa.select(sa.func.mint_id(sa.func.unnest(sa.bindparam("moments", type_=sa.ARRAY(sa.DateTime(timezone=True)))))), int
)


async def test_sql_mints_what_python_reads(services: ProcessServices) -> None:
    start = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
    moments = [start + timedelta(days=37 * n, microseconds=123_457 * n) for n in range(400)]
    moments += [start + timedelta(microseconds=999_999), ids.EPOCH, ids.EPOCH + timedelta(milliseconds=1)]
    minted = await services.db.rows(_MINT, moments=moments)
    assert len(set(minted)) == len(moments)
    for number, moment in zip(minted, moments, strict=True):
        whole_milliseconds = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        assert ids.time_of(number) == whole_milliseconds
        assert ids.first_at(moment) <= number < ids.first_at(moment + timedelta(milliseconds=1))


async def test_an_undated_id_is_of_now(services: ProcessServices) -> None:
    [number] = await services.db.rows(_MINT, moments=[None])
    assert abs(datetime.now(UTC) - ids.time_of(number)) < timedelta(seconds=30)
