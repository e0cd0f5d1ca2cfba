"""The feed of what somebody may want to see."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from actions.inputs import as_utc
from core import ids
from core.clock import utc_now
from core.errors import BadCursorError, BadInputError
from core.paging import Listing, PageRequest, RankedKey
from loaders.base import Scope
from loaders.for_you import fetch_candidates, load_candidates
from loaders.rows import PostRow
from loaders.signals import HEAVIEST, RANK_UNIT, Moment, Ranked, Weights, best_of_authors, place_of, ranked, signals_of
from loaders.wanted import FeedEntry, Wanted
from models.feeds import FeedKind
from resolvers.ahead import wanted_of_entries
from resolvers.arguments import Cursor, page
from resolvers.connections import Scanned, filled_page, page_info
from resolvers.context import Info
from resolvers.feed_options import FeedOptionsInput, tuned
from resolvers.feeds import FeedConnection, FeedReason, FeedReasonKind, RankedEdge

_LISTING = Listing.FOR_YOU_FEED


class Wishes(NamedTuple):
    """How somebody wants the feed: what counts how much, since when, whether each author is there at most once, and
    what is left out.
    """

    weights: Weights
    since: datetime | None
    is_one_per_author: bool
    options: FeedOptionsInput | None


class _Begun(NamedTuple):
    """When a list was begun, and the place behind which it goes on; None at its start."""

    moment: Moment
    place: tuple[int, int] | None


async def _shown(scope: Scope, part: Iterable[Ranked], wanted: Wanted) -> list[int]:
    """The ids of what is shown of a part of the list."""
    numbers = [each.candidate.id for each in part]
    found = await load_candidates(scope, numbers, wanted)
    return [number for number in numbers if number in found]


class _OnePerAuthor:
    """The same of one part after the other; of each author only the best that is shown at all."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._authors: set[int] = set()

    async def shown(self, part: Iterable[Ranked], wanted: Wanted) -> list[int]:
        new = [each for each in part if each.candidate.author_id not in self._authors]
        best = best_of_authors(new)
        shown = await _shown(self._scope, best.values(), wanted)
        self._authors.update(author_id for author_id, each in best.items() if each.candidate.id in shown)
        # Where a filter or the like leaves somebody's best one out, one of the others is.
        others = [each for each in new if each.candidate.author_id not in self._authors]
        rest = [each for each in others if each is not best[each.candidate.author_id]]
        found = await _shown(self._scope, rest, wanted)
        second = best_of_authors(each for each in others if each.candidate.id in found)
        self._authors.update(second)
        return [*shown, *(each.candidate.id for each in second.values())]

    async def pass_over(self, above: Sequence[Ranked], behind: Sequence[Ranked], wanted: Wanted) -> None:
        """Begins in the middle of the list: `above` is on earlier pages."""
        authors = {each.candidate.author_id for each in behind}
        await self.shown((each for each in above if each.candidate.author_id in authors), wanted.bare)


async def for_you_feed(info: Info, first: int, after: Cursor | None, wishes: Wishes) -> FeedConnection:
    context, began_at = info.context, utc_now()
    viewer = context.require_viewer()
    request = page(_LISTING, first, after)
    weights = _possible(wishes.weights)
    moment, place = _begun(request, now=began_at)
    wanted = wanted_of_entries(info)._replace(tuned=tuned(FeedKind.FOR_YOU, wishes.options, viewer))
    loaders = context.loaders
    candidates = await fetch_candidates(loaders.db, viewer, moment, since=wishes.since and as_utc(wishes.since))
    found = ranked(candidates, weights, moment)
    behind = [each for each in found if place is None or (each.rank, each.candidate.id) < place]
    shown_of: Callable[[Sequence[Ranked], Wanted], Awaitable[list[int]]] = partial(_shown, loaders)
    if wishes.is_one_per_author:
        one_of_each = _OnePerAuthor(loaders)
        await one_of_each.pass_over(found[: len(found) - len(behind)], behind, wanted)
        shown_of = one_of_each.shown

    async def scan(start: int | None, limit: int) -> Scanned[Ranked]:
        begin = start or 0
        end = min(begin + limit, len(behind))
        return Scanned(behind[begin:end], range(begin + 1, end + 1), reached=end, is_end=end == len(behind))

    async def show(part: Sequence[Ranked]) -> Sequence[RankedEdge | None]:
        shown = await shown_of(part, wanted)
        rows = dict(zip(shown, await loaders.posts.load_all(shown), strict=True))
        edges: list[RankedEdge | None] = []
        for each in part:
            row = rows.get(each.candidate.id)
            edges.append(None if row is None else _edge(each, row, weights, moment))
        return edges

    filled = await filled_page(PageRequest(request.first), scan, show)
    edges = [edge for _, edge in filled.items]
    start = edges[0].key if edges else None
    end = _key(behind[filled.end - 1], moment) if isinstance(filled.end, int) and filled.end else None
    info_of_page = page_info(_LISTING, request, start=start, has_next=filled.has_next, end=end)
    return FeedConnection(edges, info_of_page, began_at, is_cut_short=filled.is_cut_short)


def _possible(weights: Weights) -> Weights:
    """The weights. Raises BadInputError for one that is out of bounds."""
    if not all(0 <= weight <= HEAVIEST for weight in weights):
        raise BadInputError(f"Each of `weights` must be between 0 and {HEAVIEST:g}.")
    return weights


def _begun(request: PageRequest, *, now: datetime) -> _Begun:
    """Raises BadCursorError for a cursor that the list never gave out."""
    if request.after is None or request.after_rank is None:
        return _Begun(Moment(ids.first_at(now) >> ids.SEQUENCE_BITS), None)
    place = place_of(RankedKey(request.after_rank, request.after))
    if place is None:
        raise BadCursorError
    moment, rank = place
    return _Begun(moment, (rank, request.after))


def _key(each: Ranked, moment: Moment) -> RankedKey:
    return moment.key(each.rank, each.candidate.id)


def _edge(each: Ranked, row: PostRow, weights: Weights, moment: Moment) -> RankedEdge:
    reason = FeedReason(
        FeedReasonKind.RANKED,
        row.author_id,
        score=each.rank / RANK_UNIT,
        signals=signals_of(each.candidate, weights, moment),
    )
    return RankedEdge(_LISTING, _key(each, moment), FeedEntry(row.id, row.author_id, row.id), row, reason)
