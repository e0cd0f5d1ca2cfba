"""Circles: they hang on the viewer, whose they are, and on posts of the viewer's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import strawberry

import compiler
from actions import circles
from core import ids
from core.paging import Listing
from loaders.circles import CircleRow
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import page_of
from resolvers.context import Context
from resolvers.payloads import Refused, refusals_as


@dataclass(frozen=True, slots=True)
class CirclePayload:
    """The circle that an act changed."""

    circle: CircleRow | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


@dataclass(frozen=True, slots=True)
class DeletedCirclePayload:
    """The circle that is gone."""

    deleted_circle_id: int | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


def circle_number(circle_id: strawberry.ID) -> int:
    """The number behind a circle's id; ids.NOBODY if it is no circle's id."""
    return ids.number_of(ids.Kind.CIRCLE, circle_id)


def viewer_circles(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    loader = context.loaders.circles_of_accounts(page(Listing.CIRCLES, first, after))
    return page_of(loader, Listing.CIRCLES, key="account_id")


def circle_members(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    return page_of(context.loaders.circle_members(page(Listing.CIRCLE_MEMBERS, first, after)), Listing.CIRCLE_MEMBERS)


@refusals_as(CirclePayload)
async def create_circle(context: Context, name: str) -> CirclePayload:
    viewer = context.require_viewer()
    return await _changed(context, await context.transact(circles.create_circle, viewer, name))


@refusals_as(CirclePayload)
async def update_circle(context: Context, circle_id: int, *, name: str) -> CirclePayload:
    viewer = context.require_viewer()
    update = circles.update_circle
    return await _changed(context, await context.transact_in_one_write(update, viewer, circle_id, name=name))


@refusals_as(DeletedCirclePayload)
async def delete_circle(context: Context, circle_id: int) -> DeletedCirclePayload:
    viewer = context.require_viewer()
    return DeletedCirclePayload(await context.transact(circles.delete_circle, viewer, circle_id))


@refusals_as(CirclePayload)
async def add_to_circle(context: Context, circle_id: int, user_ids: Sequence[int]) -> CirclePayload:
    viewer = context.require_viewer()
    return await _changed(context, await context.transact(circles.add_to_circle, viewer, circle_id, user_ids))


@refusals_as(CirclePayload)
async def remove_from_circle(context: Context, circle_id: int, user_ids: Sequence[int]) -> CirclePayload:
    viewer = context.require_viewer()
    return await _changed(context, await context.transact(circles.remove_from_circle, viewer, circle_id, user_ids))


async def _changed(context: Context, circle_id: int) -> CirclePayload:
    return CirclePayload(await context.loaders.circles.load_alone(circle_id))
