"""Comparing timelines with what they are copies of.

A timeline is wrong if a page of it lacks an entry, or has one, that SQL says otherwise of, although everything about it
has been handled: pushes that were lost with a failing server, or a mistake of ours. What is still on its way is none.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from core.database import Database, values_of
from events.relations import SightChanged
from loaders.home import fetch_home_among, fetch_home_entries
from loaders.pages import GREATEST_ID
from models.outbox import outbox
from timelines import keys
from timelines.store import TimelineStore


class Verdict(StrEnum):
    """What was found of a timeline. UNDECIDED: fan-out has still to come to what is different."""

    ABSENT = "absent"
    EQUAL = "equal"
    DIFFERENT = "different"
    UNDECIDED = "undecided"


def _names(fact: str) -> sa.ColumnElement[bool]:
    told = sa.func.jsonb_extract_path_text(outbox.c.facts, sa.literal_column(f"'{fact}'"))
    return sa.cast(told, sa.BigInteger) == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))


# An event that tells of these entries or of this reader, and is not handled. Few wait, so it may look at all of them.
# For one that is parked nobody waits.
_PENDING = values_of(
    sa.select(sa.literal_column("1"))
    .where(
        outbox.c.done_at.is_(None),
        outbox.c.parked_at.is_(None),
        sa.or_(
            *map(_names, ("entry_id", "post_id", "follower_id", "account_id")),
            # Whom it concerns is seen by walking only.
            outbox.c.event == sa.literal_column(f"'{SightChanged.__name__}'"),
        ),
    )
    .limit(sa.literal_column("1")),
    int,
)


class _Difference(NamedTuple):
    """Entries that only SQL, and that only the timeline has."""

    missing: frozenset[int]
    surplus: frozenset[int]

    def both(self, other: "_Difference") -> "_Difference":
        return _Difference(self.missing & other.missing, self.surplus & other.surplus)

    @property
    def ids(self) -> Iterable[int]:
        return self.missing | self.surplus


async def verify(db: Database, store: TimelineStore, account_id: int) -> Verdict:
    """Compares all that a timeline holds. Raises CacheUnavailableError and UnavailableError.

    The timeline is read before SQL, so what is posted in between seems to be missing: only what is different twice, and
    was not on its way in between, is.
    """
    first = await _difference(db, store, account_id)
    if first is None:
        return Verdict.ABSENT
    if not any(first):
        return Verdict.EQUAL
    if await db.row(_PENDING, ids=[account_id, *first.ids]) is not None:
        return Verdict.UNDECIDED
    second = await _difference(db, store, account_id)
    if second is None:
        return Verdict.ABSENT
    return Verdict.DIFFERENT if any(first.both(second)) else Verdict.EQUAL


async def _difference(db: Database, store: TimelineStore, account_id: int) -> _Difference | None:
    """None if there is no timeline that answers."""
    cut = await store.read_whole(account_id)
    if cut is None:
        return None
    reached = 0 if cut.is_end else cut.ids[-1]
    # A timeline may reach far back, where all others whom its reader follows are pulled. The newest of what is merged
    # are all that come before the last of as many of both.
    most = 2 * keys.LARGEST_TIMELINE
    among = await fetch_home_among(db, account_id, cut.ids, since=reached, before=GREATEST_ID, merged_limit=most)
    given = sorted((entry.id for entry in among), reverse=True)[:most]
    if len(given) == most:
        reached = given[-1]
    # One more than there are shows that one is missing. If more have come meanwhile, the oldest are out of sight.
    defined = await fetch_home_entries(db, account_id, before=GREATEST_ID, limit=len(given) + 1)
    if len(defined) > len(given):
        reached = max(reached, defined[-1].id)
    held, expected = ({each for each in some if each >= reached} for some in (given, (entry.id for entry in defined)))
    return _Difference(frozenset(expected - held), frozenset(held - expected))
