"""What trends: hashtags and posts, by rankings that are made anew every minute."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from core.paging import Listing, Page, RankedKey
from loaders.hashtags import HashtagRow
from loaders.rows import PostRow
from loaders.trends import Trend, fetch_trends, load_trending_posts, without_filtered
from models.trends import TrendKind
from resolvers.ahead import wanted_of_entries
from resolvers.arguments import DEFAULT_PAGE, After, Cursor, First, page
from resolvers.connections import PageInfo, Scanned, cursor, filled_page, page_info
from resolvers.context import Context, Info

T = TypeVar("T")

_LISTINGS = {TrendKind.HASHTAGS: Listing.TRENDING_HASHTAGS, TrendKind.POSTS: Listing.TRENDING_POSTS}


class Trends(NamedTuple):
    """Has the lists of what trends; nothing is asked for before they are."""


class TrendEdge(NamedTuple, Generic[T]):
    """A hashtag or a post that trends."""

    listing: Listing
    trend: Trend
    node: T

    @property
    def cursor(self) -> Cursor:
        return cursor(self.listing, RankedKey(self.trend.round, self.trend.place))

    @property
    def score(self) -> float:
        return self.trend.score

    @property
    def act_count(self) -> int:
        return self.trend.act_count

    @property
    def account_count(self) -> int:
        return self.trend.account_count


class TrendConnection(NamedTuple, Generic[T]):
    """A page of what trends."""

    edges: Sequence[TrendEdge[T]]
    page_info: PageInfo


def trends() -> Trends:
    return Trends()


async def trending_hashtags(
    info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> TrendConnection[HashtagRow]:
    loaders = info.context.loaders

    async def load(found: Sequence[int]) -> Sequence[HashtagRow | None]:
        return await without_filtered(loaders, await loaders.hashtags.load_all(found))

    return await _page(info.context, TrendKind.HASHTAGS, first, after, load)


async def trending_posts(info: Info, first: First = DEFAULT_PAGE, after: After = None) -> TrendConnection[PostRow]:
    loaders = info.context.loaders
    wanted = wanted_of_entries(info)

    async def load(found: Sequence[int]) -> Sequence[PostRow | None]:
        shown = await load_trending_posts(loaders, found, wanted)
        kept = [number for number in found if number in shown]
        posts = dict(zip(kept, await loaders.posts.load_all(kept), strict=True))
        return [posts.get(number) for number in found]

    return await _page(info.context, TrendKind.POSTS, first, after, load)


async def _page(
    context: Context,
    kind: TrendKind,
    first: int,
    after: Cursor | None,
    load: Callable[[Sequence[int]], Awaitable[Sequence[T | None]]],
) -> TrendConnection[T]:
    """A page of a ranking: what `load` gives of its subjects, None is not shown. A cursor is a ranking and a place."""
    listing = _LISTINGS[kind]
    request = page(listing, first, after)
    number = request.after_rank

    async def scan(start: int | None, limit: int) -> Scanned[Trend]:
        nonlocal number
        found = await fetch_trends(context.loaders.db, kind, number=number, after_place=start or 0, limit=limit)
        places = [trend.place for trend in found]
        if found:
            number = found[0].round
        return Scanned(found, places, reached=places[-1] if places else 0, is_end=len(found) < limit)

    async def show(found: Sequence[Trend]) -> Sequence[TrendEdge[T] | None]:
        nodes = await load([trend.subject_id for trend in found])
        return [
            None if node is None else TrendEdge(listing, trend, node) for trend, node in zip(found, nodes, strict=True)
        ]

    filled: Page[tuple[int, TrendEdge[T]]] = await filled_page(request, scan, show)

    def key(place: int | None) -> RankedKey | None:
        return None if place is None or number is None else RankedKey(number, place)

    items = filled.items
    start, end = key(items[0][0] if items else None), key(filled.end if isinstance(filled.end, int) else None)
    return TrendConnection(
        [edge for _, edge in items], page_info(listing, request, start=start, has_next=filled.has_next, end=end)
    )
