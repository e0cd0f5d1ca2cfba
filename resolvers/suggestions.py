"""Whom the viewer may want to follow."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from actions import suggestions
from core.paging import Listing, RankedKey, page_of_shown
from loaders.rows import UserRow
from loaders.suggestions import Suggestion, fetch_suggestions
from resolvers.arguments import DEFAULT_PAGE, After, Cursor, First, page
from resolvers.connections import PageInfo, cursor, page_info
from resolvers.context import Context, Info
from resolvers.payloads import UserPayload, refusals_as


class Reason(Enum):
    """Why somebody is suggested."""

    FOLLOWED_BY_PEOPLE_YOU_FOLLOW = "FOLLOWED_BY_PEOPLE_YOU_FOLLOW"
    POPULAR = "POPULAR"


class SuggestionEdge(NamedTuple):
    """Somebody who is suggested, and why. `via` are some of the `via_count` whom the viewer follows and who follow
    them.
    """

    key: RankedKey
    node: UserRow
    via: Sequence[UserRow]
    via_count: int

    @property
    def reasons(self) -> Sequence[Reason]:
        return (Reason.FOLLOWED_BY_PEOPLE_YOU_FOLLOW if self.via_count else Reason.POPULAR,)

    @property
    def cursor(self) -> Cursor:
        return cursor(Listing.SUGGESTIONS, self.key)


class SuggestionConnection(NamedTuple):
    """A page of suggestions."""

    edges: Sequence[SuggestionEdge]
    page_info: PageInfo


async def suggested(info: Info, first: First = DEFAULT_PAGE, after: After = None) -> SuggestionConnection:
    viewer = info.context.require_viewer()
    request = page(Listing.SUGGESTIONS, first, after)
    loaders = info.context.loaders
    found = await fetch_suggestions(loaders.db, viewer, request)
    # Sorted, so that equal pages ask equal questions; and all at once.
    user_ids = sorted({user_id for suggestion in found for user_id in (suggestion.id, *suggestion.via)})
    users = dict(zip(user_ids, await loaders.users.load_all(user_ids), strict=True))
    shown = [(suggestion.key, edge) for suggestion in found if (edge := _edge(suggestion, users)) is not None]
    is_end = len(found) < request.fetch_count
    kept = page_of_shown(request, shown, is_end=is_end, reached=found[-1].key if found else None)
    edges = [edge for _, edge in kept.items]
    start = edges[0].key if edges else None
    return SuggestionConnection(
        edges, page_info(Listing.SUGGESTIONS, request, start=start, has_next=kept.has_next, end=kept.end)
    )


def _edge(suggestion: Suggestion, users: Mapping[int, UserRow | None]) -> SuggestionEdge | None:
    user = users[suggestion.id]
    if user is None:
        return None
    via = [friend for user_id in suggestion.via if (friend := users[user_id]) is not None]
    return SuggestionEdge(suggestion.key, user, via, suggestion.via_count)


@refusals_as(UserPayload)
async def dismiss_suggestion(context: Context, user_id: int) -> UserPayload:
    viewer = context.require_viewer()
    dismissed_id = await context.transact_in_one_write(suggestions.dismiss_suggestion, viewer, user_id)
    return UserPayload(await context.loaders.users.load_alone(dismissed_id))
