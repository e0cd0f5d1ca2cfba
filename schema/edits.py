"""Editing posts, and what they said before."""

from datetime import datetime
from typing import Annotated

import strawberry

from actions import edits as actions
from compiler import Attribute, derived
from loaders.edits import EditRow
from resolvers import edits, payloads
from resolvers.arguments import Cursor, post_number
from resolvers.context import Info
from resolvers.entities import entities_of
from schema.base import PageInfo, view_of
from schema.entities import Entity
from schema.errors import INPUT
from schema.posts import PostPayload

_CONTENT = ("body", "content_warning", "is_sensitive", "language")


@strawberry.type(description="What a post said before an edit.")
@view_of(EditRow)
class PostEdit:
    """View of EditRow."""

    version: int = strawberry.field(description="The version that the edit replaced; the first is 1.")
    replaced_at: datetime = strawberry.field(description="When it was replaced.")
    changed = derived(
        edits.changed_fields, graphql_type=list[edits.PostField], description="What the edit changed of this version."
    )
    body: str = strawberry.field(description="The text as it was.")
    entities = derived(
        Attribute("entities", then=entities_of),
        graphql_type=list[Entity],
        description="Mentions, hashtags and links of this text, in order.",
    )
    content_warning: str | None = strawberry.field(description="The content warning as it was.")
    is_sensitive: bool = strawberry.field(description="Whether it was marked as sensitive.")
    language: str | None = strawberry.field(description="The language that it was tagged with.")


@strawberry.type(description="An earlier version in a list.")
class PostEditEdge:
    """View of connections.Edge."""

    cursor: Cursor = strawberry.field(description="Its place in the list.")
    node: PostEdit = strawberry.field(description="The version.")


@strawberry.type(description="A page of earlier versions.")
class PostEditConnection:
    """View of connections.RowConnection."""

    edges: list[PostEditEdge] = strawberry.field(description="The versions, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="What editPost gives.")
class EditPostPayload(PostPayload):
    """View of payloads.PostPayload."""


@strawberry.input(description="What to change of a post. What is left out stays as it is.")
class EditPostInput:
    """Becomes actions.edits.PostChange."""

    post_id: strawberry.ID = strawberry.field(description="The post's id.")
    body: str | None = strawberry.field(
        default=strawberry.UNSET, description="The new text: 1 to 500 characters, at most 8,000 bytes of UTF-8."
    )
    content_warning: str | None = strawberry.field(
        default=strawberry.UNSET, description="The new content warning; null takes it away."
    )
    is_sensitive: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it is to be marked as sensitive."
    )
    language: str | None = strawberry.field(
        default=strawberry.UNSET, description="The new language tag; null takes it away."
    )
    expected_version: int | None = strawberry.field(
        default=None, description="The version that the change is of; another one now is a ConflictError."
    )


async def edit_post(info: Info, input: Annotated[EditPostInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    given = {name: getattr(input, name) for name in _CONTENT}
    changed = {name: value for name, value in given.items() if value is not strawberry.UNSET}
    for name in ("body", "is_sensitive"):  # neither is ever nothing: null leaves them as they are
        if name in changed and changed[name] is None:
            del changed[name]
    change = actions.PostChange(changed, expected_version=input.expected_version)
    return await edits.edit_post(info.context, post_number(input.post_id), change)
