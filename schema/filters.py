"""Keyword filters: for the viewer alone."""

from datetime import datetime
from typing import Annotated

import strawberry

from access import filters as access
from actions import filters as actions
from compiler import Attribute, derived
from core import ids
from resolvers import filters, payloads
from resolvers.arguments import Cursor
from resolvers.context import Info
from resolvers.filters import FilterAction, FilterContext, filter_number
from schema.base import Node, PageInfo, encoded, node_id, view_of
from schema.errors import INPUT, Refusable


@strawberry.type(description="A word, or a part of one, that an account filters posts by; only whose it is sees it.")
@view_of(access.Filter)
class Filter(Node):
    """View of filters.Filter."""

    id = node_id(ids.Kind.FILTER)
    keyword: str = strawberry.field(description="What is looked for, whatever its case.")
    is_whole_word: bool = strawberry.field(description="Whether it has to be a whole word, not a part of one.")
    action: FilterAction = derived(
        Attribute("action", then=filters.action_of),
        graphql_type=FilterAction,
        description="What becomes of posts that it fits.",
    )
    contexts: list[FilterContext] = derived(
        Attribute("contexts", then=filters.contexts_of),
        graphql_type=list[FilterContext],
        description="The places that it holds in.",
    )
    until: datetime | None = strawberry.field(description="When it ends; null if it does not.")
    created_at: datetime = strawberry.field(description="When it was made.")


@strawberry.type(description="A filter that fits a post, and so the reason for a warning.")
class FilterMatch:
    """View of filters.FilterMatch."""

    filter: Filter = strawberry.field(description="The filter.")


@strawberry.type(description="A filter in a list.")
class FilterEdge:
    """View of connections.Edge."""

    cursor: Cursor = strawberry.field(description="Its place in the list.")
    node: Filter = strawberry.field(description="The filter.")


@strawberry.type(description="A page of filters.")
class FilterConnection:
    """View of connections.RowConnection."""

    edges: list[FilterEdge] = strawberry.field(description="The filters, newest first.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="What createFilter gives.")
class CreateFilterPayload(Refusable):
    """View of payloads.FilterPayload."""

    filter: Filter | None = strawberry.field(description="The new filter; null if refused.")


@strawberry.type(description="What updateFilter gives.")
class UpdateFilterPayload(Refusable):
    """View of payloads.FilterPayload."""

    filter: Filter | None = strawberry.field(description="The filter as it is now; null if refused.")


@strawberry.type(description="What deleteFilter gives.")
class DeleteFilterPayload(Refusable):
    """View of payloads.DeletedFilterPayload."""

    deleted_filter_id = encoded(
        ids.Kind.FILTER,
        "deleted_filter_id",
        graphql_type=strawberry.ID | None,
        description="The id of the filter that is gone; null if refused.",
    )


@strawberry.input(description="A new filter.")
class CreateFilterInput:
    """Becomes actions.filters.NewFilter."""

    keyword: str = strawberry.field(description="What to look for: 1 to 100 characters.")
    is_whole_word: bool = strawberry.field(
        default=False, description="Whether it has to be a whole word, not a part of one."
    )
    action: FilterAction = strawberry.field(description="What becomes of posts that it fits.")
    contexts: list[FilterContext] = strawberry.field(description="The places that it holds in; at least one.")
    until: datetime | None = strawberry.field(
        default=None, description="When it ends; never by default. A time without an offset is taken as UTC."
    )


@strawberry.input(description="Changes of a filter. What is left out stays.")
class UpdateFilterInput:
    """Names a filter; the rest becomes actions.filters.FilterChange."""

    filter_id: strawberry.ID = strawberry.field(description="The filter's id.")
    keyword: str | None = strawberry.field(
        default=None, description="What to look for: 1 to 100 characters; null leaves it as it is."
    )
    is_whole_word: bool | None = strawberry.field(
        default=None, description="Whether it has to be a whole word; null leaves it as it is."
    )
    action: FilterAction | None = strawberry.field(
        default=None, description="What becomes of posts that it fits; null leaves it as it is."
    )
    contexts: list[FilterContext] | None = strawberry.field(
        default=None, description="The places that it holds in, at least one; null leaves them as they are."
    )
    until: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="When it ends; null lets it hold for ever."
    )


@strawberry.input(description="Which filter to delete.")
class DeleteFilterInput:
    """Names a filter."""

    filter_id: strawberry.ID = strawberry.field(description="The filter's id.")


async def create_filter(info: Info, input: Annotated[CreateFilterInput, INPUT]) -> payloads.FilterPayload:  # noqa: A002
    new = actions.NewFilter(
        keyword=input.keyword,
        is_whole_word=input.is_whole_word,
        action=filters.stored_action(input.action),
        contexts=filters.stored_contexts(input.contexts),
        until=input.until,
    )
    return await filters.create_filter(info.context, new)


async def update_filter(info: Info, input: Annotated[UpdateFilterInput, INPUT]) -> payloads.FilterPayload:  # noqa: A002
    change = actions.FilterChange()
    if input.keyword is not None:
        change["keyword"] = input.keyword
    if input.is_whole_word is not None:
        change["is_whole_word"] = input.is_whole_word
    if input.action is not None:
        change["action"] = filters.stored_action(input.action)
    if input.contexts is not None:
        change["contexts"] = filters.stored_contexts(input.contexts)
    if input.until is not strawberry.UNSET:
        change["until"] = input.until
    return await filters.update_filter(info.context, filter_number(input.filter_id), change)


async def delete_filter(
    info: Info,
    input: Annotated[DeleteFilterInput, INPUT],  # noqa: A002
) -> payloads.DeletedFilterPayload:
    return await filters.delete_filter(info.context, filter_number(input.filter_id))
