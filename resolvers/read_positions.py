"""Read positions: moving them, and all of the viewer's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import strawberry

from access.viewer import Viewer
from actions import read_positions
from core.paging import Listing, decode_cursor
from loaders.read_positions import READ_POSITIONS, ReadPositionRow
from models import feeds as models
from resolvers.arguments import DEFAULT_PAGE, After, Cursor, First
from resolvers.connections import Connection, cursor
from resolvers.context import Context, Info
from resolvers.feed_refs import NamedFeed, feed_ref
from resolvers.kept_feeds import kept_page
from resolvers.payloads import Refused, refusals_as


@dataclass(frozen=True, slots=True)
class ReadPositionPayload:
    """How far a feed is read now, and whether the act has moved that."""

    read_position: Cursor | None = None
    has_moved: bool = False
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


def cursor_of(row: ReadPositionRow | None) -> Cursor | None:
    """The place in its feed; None if there is none."""
    if row is None:
        return None
    return cursor(read_positions.LISTINGS[models.FeedKind(row.feed)], row.entry_id)


@refusals_as(ReadPositionPayload)
async def move_read_position(context: Context, named: NamedFeed, place: Cursor) -> ReadPositionPayload:
    viewer = context.require_viewer()
    ref = feed_ref(named)
    entry_id = decode_cursor(read_positions.listing_of(ref), place)
    has_moved = await context.transact_in_one_write(read_positions.move_read_position, viewer, ref, entry_id=entry_id)
    return ReadPositionPayload(cursor_of(await context.loaders.read_positions.load_alone(ref)), has_moved)


async def viewer_read_positions(
    root: strawberry.Parent[Viewer], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[ReadPositionRow]:
    return await kept_page(info.context, root, READ_POSITIONS, Listing.READ_POSITIONS, first=first, after=after)
