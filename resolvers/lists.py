"""Lists of people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Self

import strawberry

import compiler
from actions import lists
from core import ids
from core.paging import Listing
from loaders.lists import ListRow
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import page_of
from resolvers.context import Context, Info
from resolvers.payloads import Refused, refusals_as

ListId = Annotated[strawberry.ID, strawberry.argument(description="The list's id.")]


@dataclass(frozen=True, slots=True)
class ListPayload:
    """The list that an act changed."""

    list: ListRow | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


@dataclass(frozen=True, slots=True)
class DeletedListPayload:
    """The list that is gone."""

    deleted_list_id: int | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


def list_number(list_id: strawberry.ID) -> int:
    """The number behind a list's id; ids.NOBODY if it is no list's id."""
    return ids.number_of(ids.Kind.LIST, list_id)


async def list_by_id(info: Info, id: ListId) -> ListRow | None:  # noqa: A002 (the argument's name in the API)
    return await info.context.loaders.lists.load(list_number(id))


def user_lists(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    return page_of(context.loaders.lists_of_accounts(page(Listing.LISTS, first, after)), Listing.LISTS)


def viewer_lists(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    loader = context.loaders.lists_of_accounts(page(Listing.LISTS, first, after))
    return page_of(loader, Listing.LISTS, key="account_id")


def list_members(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    return page_of(context.loaders.list_members(page(Listing.LIST_MEMBERS, first, after)), Listing.LIST_MEMBERS)


@refusals_as(ListPayload)
async def create_list(context: Context, new: lists.NewList) -> ListPayload:
    viewer = context.require_viewer()
    return await _changed(context, await context.transact(lists.create_list, viewer, new))


@refusals_as(ListPayload)
async def update_list(context: Context, list_id: int, change: lists.ListChange) -> ListPayload:
    viewer = context.require_viewer()
    return await _changed(context, await context.transact_in_one_write(lists.update_list, viewer, list_id, change))


@refusals_as(DeletedListPayload)
async def delete_list(context: Context, list_id: int) -> DeletedListPayload:
    viewer = context.require_viewer()
    return DeletedListPayload(await context.transact_in_one_write(lists.delete_list, viewer, list_id))


@refusals_as(ListPayload)
async def add_to_list(context: Context, list_id: int, user_ids: Sequence[int]) -> ListPayload:
    viewer = context.require_viewer()
    return await _changed(context, await context.transact(lists.add_to_list, viewer, list_id, user_ids))


@refusals_as(ListPayload)
async def remove_from_list(context: Context, list_id: int, user_ids: Sequence[int]) -> ListPayload:
    viewer = context.require_viewer()
    return await _changed(context, await context.transact(lists.remove_from_list, viewer, list_id, user_ids))


async def _changed(context: Context, list_id: int) -> ListPayload:
    return ListPayload(await context.loaders.lists.load_alone(list_id))
