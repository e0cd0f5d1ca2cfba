"""Lists of people to read."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from actions import lists as actions
from compiler import Attribute, derived, lookup
from core import ids
from loaders.lists import ListRow
from models import lists as models
from resolvers import list_feeds, lists
from resolvers.arguments import Cursor, user_number
from resolvers.context import Info
from schema.base import Node, PageInfo, encoded, node_id, relation, view_of
from schema.errors import INPUT, Refusable
from schema.users import User, UserConnection

if TYPE_CHECKING:
    from schema.feeds import FeedConnection


@strawberry.enum(description="Which replies a list shows, beside the posts of who is on it.")
class ListReplies(Enum):
    """As models.lists.ListReplies."""

    NONE = strawberry.enum_value("NONE", description="None.")
    TO_MEMBERS = strawberry.enum_value("TO_MEMBERS", description="Those to people on the list.")
    TO_FOLLOWED = strawberry.enum_value("TO_FOLLOWED", description="Those to people whom its owner follows.")


def _replies(number: int) -> ListReplies:
    return ListReplies[models.ListReplies(number).name]


@strawberry.type(description="A list of people, whether one follows them or not.")
@view_of(ListRow)
class List(Node):
    """View of ListRow."""

    id = node_id(ids.Kind.LIST)
    name: str = strawberry.field(description="Its name: unique among its owner's, whatever its case.")
    is_private: bool = strawberry.field(description="Whether nobody but its owner knows of it.")
    is_exclusive: bool | None = strawberry.field(
        description="Whether who is on it is left out of its owner's home feed; null for everybody else."
    )
    replies = derived(
        Attribute("replies", then=_replies), graphql_type=ListReplies, description="Which replies it shows."
    )
    owner: User = relation("users", key="account_id", graphql_type=User, description="Whose list it is.")
    members = lookup(
        lists.list_members,
        graphql_type=UserConnection,
        description="Who is on it, whoever was added last first. Who is hidden from the viewer is left out.",
    )
    posts = strawberry.field(
        resolver=list_feeds.list_posts,
        graphql_type=Annotated["FeedConnection", strawberry.lazy("schema.feeds")],
        description="What the people on it posted and reposted, newest first, with the replies that it shows.",
    )
    created_at: datetime = strawberry.field(description="When it was made.")


@strawberry.type(description="A list of people in a list.")
class ListEdge:
    """View of connections.Edge."""

    cursor: Cursor = strawberry.field(description="Its place in the list.")
    node: List = strawberry.field(description="The list of people.")


@strawberry.type(description="A page of lists of people.")
class ListConnection:
    """View of connections.RowConnection."""

    edges: list[ListEdge] = strawberry.field(description="The lists, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="What createList gives.")
class CreateListPayload(Refusable):
    """View of lists.ListPayload."""

    list: List | None = strawberry.field(description="The new list; null if refused.")


@strawberry.type(description="What updateList gives.")
class UpdateListPayload(Refusable):
    """View of lists.ListPayload."""

    list: List | None = strawberry.field(description="The changed list; null if refused.")


@strawberry.type(description="What deleteList gives.")
class DeleteListPayload(Refusable):
    """View of lists.DeletedListPayload."""

    deleted_list_id = encoded(
        ids.Kind.LIST,
        "deleted_list_id",
        graphql_type=strawberry.ID | None,
        description="The id of the list that is gone; null if refused.",
    )


@strawberry.type(description="What addToList gives.")
class AddToListPayload(Refusable):
    """View of lists.ListPayload."""

    list: List | None = strawberry.field(description="The list with its new members; null if refused.")


@strawberry.type(description="What removeFromList gives.")
class RemoveFromListPayload(Refusable):
    """View of lists.ListPayload."""

    list: List | None = strawberry.field(description="The list without them; null if refused.")


@strawberry.input(description="A new list.")
class CreateListInput:
    """Becomes actions.lists.NewList."""

    name: str = strawberry.field(description="1 to 64 characters; unique among one's lists, whatever its case.")
    is_private: bool = strawberry.field(default=False, description="Whether nobody else is to know of it.")
    is_exclusive: bool = strawberry.field(
        default=False, description="Whether who is on it is to be left out of one's home feed."
    )
    replies: ListReplies = strawberry.field(default=ListReplies.NONE, description="Which replies it is to show.")


@strawberry.input(description="What to change of a list. What is left out or null stays.")
class UpdateListInput:
    """Names a list; the rest becomes actions.lists.ListChange."""

    list_id: strawberry.ID = strawberry.field(description="The list's id.")
    name: str | None = strawberry.field(
        default=None, description="1 to 64 characters; unique among one's lists, whatever its case."
    )
    is_private: bool | None = strawberry.field(default=None, description="Whether nobody else is to know of it.")
    is_exclusive: bool | None = strawberry.field(
        default=None, description="Whether who is on it is to be left out of one's home feed."
    )
    replies: ListReplies | None = strawberry.field(default=None, description="Which replies it is to show.")


@strawberry.input(description="Which list to delete.")
class DeleteListInput:
    """Names a list."""

    list_id: strawberry.ID = strawberry.field(description="The list's id.")


@strawberry.input(description="Whom to put on a list.")
class AddToListInput:
    """Names a list and users."""

    list_id: strawberry.ID = strawberry.field(description="The list's id.")
    user_ids: list[strawberry.ID] = strawberry.field(description="The users' ids, at most 100: all of them or nobody.")


@strawberry.input(description="Whom to take off a list.")
class RemoveFromListInput:
    """Names a list and users."""

    list_id: strawberry.ID = strawberry.field(description="The list's id.")
    user_ids: list[strawberry.ID] = strawberry.field(
        description="The users' ids, at most 100. Who is not on the list is no mistake."
    )


async def create_list(info: Info, input: Annotated[CreateListInput, INPUT]) -> lists.ListPayload:  # noqa: A002
    new = actions.NewList(input.name, input.is_private, input.is_exclusive, models.ListReplies[input.replies.name])
    return await lists.create_list(info.context, new)


async def update_list(info: Info, input: Annotated[UpdateListInput, INPUT]) -> lists.ListPayload:  # noqa: A002
    replies = None if input.replies is None else models.ListReplies[input.replies.name]
    change = actions.ListChange(input.name, input.is_private, input.is_exclusive, replies)
    return await lists.update_list(info.context, lists.list_number(input.list_id), change)


async def delete_list(info: Info, input: Annotated[DeleteListInput, INPUT]) -> lists.DeletedListPayload:  # noqa: A002
    return await lists.delete_list(info.context, lists.list_number(input.list_id))


async def add_to_list(info: Info, input: Annotated[AddToListInput, INPUT]) -> lists.ListPayload:  # noqa: A002
    user_ids = [user_number(user_id) for user_id in input.user_ids]
    return await lists.add_to_list(info.context, lists.list_number(input.list_id), user_ids)


async def remove_from_list(info: Info, input: Annotated[RemoveFromListInput, INPUT]) -> lists.ListPayload:  # noqa: A002
    user_ids = [user_number(user_id) for user_id in input.user_ids]
    return await lists.remove_from_list(info.context, lists.list_number(input.list_id), user_ids)
