"""The viewer's keyword filters, and which of them fit a post."""

from collections.abc import Sequence
from enum import Enum
from functools import reduce
from operator import or_
from typing import Annotated, NamedTuple

import strawberry

import compiler
from access.filters import Context as Place
from access.filters import Filter
from actions import filters
from core import ids
from core.paging import Listing
from models import filters as models
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import page_of
from resolvers.context import Context
from resolvers.payloads import DeletedFilterPayload, FilterPayload, refusals_as


@strawberry.enum(description="What becomes of a post that a filter fits.")
class FilterAction(Enum):
    """As models.filters.FilterAction, name by name."""

    WARN = strawberry.enum_value("WARN", description="It is shown, and says so in `viewerFilters`.")
    HIDE = strawberry.enum_value(
        "HIDE", description="It is left out of lists. Where it is shown all the same, it says so in `viewerFilters`."
    )


@strawberry.enum(description="A place where posts are shown.")
class FilterContext(Enum):
    """As access.filters.Context, name by name."""

    HOME = strawberry.enum_value("HOME", description="The home feed, also live.")
    PUBLIC = strawberry.enum_value(
        "PUBLIC", description="The public feed, the posts with a hashtag, the feed for you, and trends."
    )
    THREAD = strawberry.enum_value("THREAD", description="Replies.")
    PROFILE = strawberry.enum_value("PROFILE", description="What a user has posted.")
    LIST = strawberry.enum_value("LIST", description="The feeds of lists of people.")


class FilterMatch(NamedTuple):
    """A filter that fits a post."""

    filter: Filter


InContext = Annotated[FilterContext, strawberry.argument(description="The place where the post is shown.")]


def action_of(number: int) -> FilterAction:
    return FilterAction[models.FilterAction(number).name]


def stored_action(action: FilterAction) -> models.FilterAction:
    return models.FilterAction[action.name]


def contexts_of(bits: int) -> list[FilterContext]:
    return [context for context in FilterContext if Place[context.name] & bits]


def stored_contexts(contexts: Sequence[FilterContext]) -> Place:
    return reduce(or_, [Place[context.name] for context in contexts], Place(0))


def filter_number(filter_id: strawberry.ID) -> int:
    """The number behind a filter's id; ids.NOBODY if it is no filter's id."""
    return ids.number_of(ids.Kind.FILTER, filter_id)


def viewer_filters(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    loader = context.loaders.filter_page(page(Listing.FILTERS, first, after))
    return page_of(loader, Listing.FILTERS, key="account_id")


def fitting_filters(asked: Context, context: InContext = FilterContext.HOME) -> compiler.Relation:
    loader = asked.loaders.fitting_filters(Place[context.name])
    return compiler.Relation(loader=lambda _context: loader, key=compiler.Attribute("id"), then=_matches)


def _matches(found: Sequence[Filter] | None) -> list[FilterMatch]:
    return [FilterMatch(rule) for rule in found or ()]


@refusals_as(FilterPayload)
async def create_filter(context: Context, new: filters.NewFilter) -> FilterPayload:
    return await _changed(context, await context.transact(filters.create_filter, context.require_viewer(), new))


@refusals_as(FilterPayload)
async def update_filter(context: Context, filter_id: int, change: filters.FilterChange) -> FilterPayload:
    viewer = context.require_viewer()
    return await _changed(context, await context.transact(filters.update_filter, viewer, filter_id, change))


async def _changed(context: Context, filter_id: int) -> FilterPayload:
    return FilterPayload(await context.loaders.filters.load_alone(filter_id))


@refusals_as(DeletedFilterPayload)
async def delete_filter(context: Context, filter_id: int) -> DeletedFilterPayload:
    viewer = context.require_viewer()
    return DeletedFilterPayload(await context.transact(filters.delete_filter, viewer, filter_id))
