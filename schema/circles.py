"""Circles: sets of people to post to, for their owner alone."""

from datetime import datetime
from typing import Annotated

import strawberry

from compiler import lookup
from core import ids
from loaders.circles import CircleRow
from resolvers import circles
from resolvers.arguments import Cursor, user_number
from resolvers.context import Info
from schema.base import Node, PageInfo, encoded, node_id, view_of
from schema.errors import INPUT, Refusable
from schema.users import UserConnection


@strawberry.type(description="A set of people to post to. Nobody but its owner knows of it, not even who is in it.")
@view_of(CircleRow)
class Circle(Node):
    """View of CircleRow."""

    id = node_id(ids.Kind.CIRCLE)
    name: str = strawberry.field(description="Its name: unique among one's circles, whatever its case.")
    members = lookup(
        circles.circle_members, graphql_type=UserConnection, description="Who is in it, whoever was added last first."
    )
    created_at: datetime = strawberry.field(description="When it was made.")


@strawberry.type(description="A circle in a list.")
class CircleEdge:
    """View of connections.Edge."""

    cursor: Cursor = strawberry.field(description="Its place in the list.")
    node: Circle = strawberry.field(description="The circle.")


@strawberry.type(description="A page of circles.")
class CircleConnection:
    """View of connections.RowConnection."""

    edges: list[CircleEdge] = strawberry.field(description="The circles, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="What createCircle gives.")
class CreateCirclePayload(Refusable):
    """View of circles.CirclePayload."""

    circle: Circle | None = strawberry.field(description="The new circle; null if refused.")


@strawberry.type(description="What updateCircle gives.")
class UpdateCirclePayload(Refusable):
    """View of circles.CirclePayload."""

    circle: Circle | None = strawberry.field(description="The changed circle; null if refused.")


@strawberry.type(description="What deleteCircle gives.")
class DeleteCirclePayload(Refusable):
    """View of circles.DeletedCirclePayload."""

    deleted_circle_id = encoded(
        ids.Kind.CIRCLE,
        "deleted_circle_id",
        graphql_type=strawberry.ID | None,
        description="The id of the circle that is gone; null if refused.",
    )


@strawberry.type(description="What addToCircle gives.")
class AddToCirclePayload(Refusable):
    """View of circles.CirclePayload."""

    circle: Circle | None = strawberry.field(description="The circle with its new members; null if refused.")


@strawberry.type(description="What removeFromCircle gives.")
class RemoveFromCirclePayload(Refusable):
    """View of circles.CirclePayload."""

    circle: Circle | None = strawberry.field(description="The circle without them; null if refused.")


@strawberry.input(description="A new circle.")
class CreateCircleInput:
    """Names a circle to be."""

    name: str = strawberry.field(description="1 to 64 characters; unique among one's circles, whatever its case.")


@strawberry.input(description="What to change of a circle.")
class UpdateCircleInput:
    """Names a circle, twice."""

    circle_id: strawberry.ID = strawberry.field(description="The circle's id.")
    name: str = strawberry.field(description="1 to 64 characters; unique among one's circles, whatever its case.")


@strawberry.input(description="Which circle to delete.")
class DeleteCircleInput:
    """Names a circle."""

    circle_id: strawberry.ID = strawberry.field(description="The circle's id.")


@strawberry.input(description="Whom to put into a circle.")
class AddToCircleInput:
    """Names a circle and users."""

    circle_id: strawberry.ID = strawberry.field(description="The circle's id.")
    user_ids: list[strawberry.ID] = strawberry.field(description="The users' ids, at most 100: all of them or nobody.")


@strawberry.input(description="Whom to take out of a circle.")
class RemoveFromCircleInput:
    """Names a circle and users."""

    circle_id: strawberry.ID = strawberry.field(description="The circle's id.")
    user_ids: list[strawberry.ID] = strawberry.field(
        description="The users' ids, at most 100. Who is not in the circle is no mistake."
    )


async def create_circle(info: Info, input: Annotated[CreateCircleInput, INPUT]) -> circles.CirclePayload:  # noqa: A002
    return await circles.create_circle(info.context, input.name)


async def update_circle(info: Info, input: Annotated[UpdateCircleInput, INPUT]) -> circles.CirclePayload:  # noqa: A002
    return await circles.update_circle(info.context, circles.circle_number(input.circle_id), name=input.name)


async def delete_circle(
    info: Info,
    input: Annotated[DeleteCircleInput, INPUT],  # noqa: A002
) -> circles.DeletedCirclePayload:
    return await circles.delete_circle(info.context, circles.circle_number(input.circle_id))


async def add_to_circle(info: Info, input: Annotated[AddToCircleInput, INPUT]) -> circles.CirclePayload:  # noqa: A002
    user_ids = [user_number(user_id) for user_id in input.user_ids]
    return await circles.add_to_circle(info.context, circles.circle_number(input.circle_id), user_ids)


async def remove_from_circle(
    info: Info,
    input: Annotated[RemoveFromCircleInput, INPUT],  # noqa: A002
) -> circles.CirclePayload:
    user_ids = [user_number(user_id) for user_id in input.user_ids]
    return await circles.remove_from_circle(info.context, circles.circle_number(input.circle_id), user_ids)
