"""What a page of a feed leaves out, told by the page itself: typed gaps with the cursors that fill them.

No gap is told where nothing is missing. UNLOADED is proven: the scan that made the page has come upon an entry that the
viewer sees, behind the page and before what the client holds. Where scanning had to stop before it came upon one, that
is said by a kind of its own, THINNED.
"""

from enum import Enum
from typing import NamedTuple

import strawberry

from resolvers.arguments import Cursor
from resolvers.connections import PageInfo, cursor


@strawberry.enum(description="Why entries are missing behind a page of a feed.")
class FeedGapKind(Enum):
    """What is known of them."""

    UNLOADED = strawberry.enum_value(
        "UNLOADED", description="There is at least one more entry before `until`; the page was full."
    )
    THINNED = strawberry.enum_value(
        "THINNED",
        description="So much is hidden here that looking stopped before the page was full: there may be more, or"
        " nothing. A client goes on by itself and shows no button.",
    )


class FeedGap(NamedTuple):
    """A hole between two places of a feed; without `until` it is open to the end."""

    kind: FeedGapKind
    after: Cursor
    until: Cursor | None


def gaps_behind(page_info: PageInfo, *, is_cut_short: bool, until: int | None) -> list[FeedGap]:
    """The gaps behind a page that ends before the place `until`; a page without has a next page instead."""
    after = page_info.end_cursor
    if not page_info.has_next_page or after is None:
        return []
    end = None if until is None else cursor(page_info.listing, until)
    if is_cut_short:
        return [FeedGap(FeedGapKind.THINNED, after, end)]
    return [] if end is None else [FeedGap(FeedGapKind.UNLOADED, after, end)]
