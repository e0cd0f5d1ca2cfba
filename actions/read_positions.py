"""How far an account has read its feeds. A position only moves ahead, whatever device says so, in whatever order."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access.viewer import Viewer
from actions.feed_refs import FeedRef, require_feed
from core.database import Transaction, values_of
from core.errors import Problem, ValidationError
from core.paging import Listing
from events import outbox
from events.read_positions import ReadPositionMoved
from models.feeds import FeedKind, read_position

# Of so many lists and hashtags an account's positions are kept; that of the feed that was not read for longest goes.
MOST_POSITIONS = 1_000

# The feeds that have positions, and whose cursors these are.
LISTINGS = {
    FeedKind.HOME: Listing.HOME_FEED,
    FeedKind.LIST: Listing.LIST_FEED,
    FeedKind.HASHTAG: Listing.HASHTAG_POSTS,
}

_ACCOUNT_ID = sa.bindparam("reader", type_=sa.BigInteger)
_FEED = sa.bindparam("read_feed", type_=sa.SmallInteger)
_TARGET_ID = sa.bindparam("read_target", type_=sa.BigInteger)
_ENTRY_ID = sa.bindparam("read_entry", type_=sa.BigInteger)
_HOME: sa.ColumnElement[int] = sa.literal_column(str(int(FeedKind.HOME)))
# Above every id that there can be by now. Who says that they have read further than that means: all there is. By the
# clock that mints ids, so that no entry is above it.
_NOW: sa.ColumnElement[int] = sa.func.mint_id(
    sa.func.clock_timestamp() + sa.literal_column("interval '1 millisecond'"), type_=sa.BigInteger
)


def _select_move() -> sa.Select[tuple[int]]:
    """Moves the position ahead and tells of it; gives the place if it has moved, and no row if it was there already."""
    new = insert(read_position).values(
        account_id=_ACCOUNT_ID, feed=_FEED, target_id=_TARGET_ID, entry_id=sa.func.least(_ENTRY_ID, _NOW)
    )
    moved = (
        new.on_conflict_do_update(
            index_elements=list(read_position.primary_key.columns),
            set_={"entry_id": new.excluded.entry_id, "moved_at": sa.func.clock_timestamp()},
            where=read_position.c.entry_id < new.excluded.entry_id,
        )
        .returning(read_position.c.account_id, read_position.c.feed, read_position.c.entry_id)
        .cte("moved")
    )
    at_home = sa.select(moved.c.account_id, moved.c.entry_id).where(moved.c.feed == _HOME).subquery("at_home")
    told = outbox.select_record(
        ReadPositionMoved, at_home, account_id=at_home.c.account_id, entry_id=at_home.c.entry_id
    ).cte("told")
    stale = (
        sa.select(read_position.c.feed, read_position.c.target_id)
        .where(read_position.c.account_id == _ACCOUNT_ID, read_position.c.feed != _HOME)
        .order_by(read_position.c.moved_at.desc())
        .offset(sa.literal_column(str(MOST_POSITIONS)))
        .subquery("stale")
    )
    forgotten = (
        sa.delete(read_position)
        .where(
            read_position.c.account_id == _ACCOUNT_ID,
            read_position.c.feed == stale.c.feed,
            read_position.c.target_id == stale.c.target_id,
            read_position.c.target_id != _TARGET_ID,
        )
        .cte("forgotten")
    )
    return sa.select(moved.c.entry_id).add_cte(told, forgotten)


_MOVE = values_of(_select_move(), int)


def listing_of(ref: FeedRef) -> Listing:
    """Whose cursors are places in the feed. Raises ValidationError for a feed that has no positions."""
    listing = LISTINGS.get(ref.kind)
    if listing is None:
        message = f"How far you have read a feed of the kind {ref.kind.name} is not kept."
        raise ValidationError(Problem(("feed", "kind"), "UNSUPPORTED", message))
    return listing


async def move_read_position(tx: Transaction, viewer: Viewer, ref: FeedRef, *, entry_id: int) -> bool:
    """Notes that the viewer has read the feed up to an entry; gives whether that is further than was known.

    The feed has positions (`listing_of`). Raises NotFoundError. Its one write is its last statement, so it also runs in
    a OneWrite (core.database).
    """
    await require_feed(tx, viewer, ref, path=("feed", "id"))

    moved = await tx.row(
        _MOVE, reader=viewer.account_id, read_feed=int(ref.kind), read_target=ref.target_id, read_entry=entry_id
    )
    return moved is not None
