"""Notes on people: the act, its input and payload."""

from typing import Annotated

import strawberry

from resolvers import notes, payloads
from resolvers.arguments import user_number
from resolvers.context import Info
from schema.errors import INPUT, Refusable
from schema.users import User


@strawberry.type(description="What setUserNote gives.")
class SetUserNotePayload(Refusable):
    """View of payloads.UserPayload."""

    user: User | None = strawberry.field(description="The user with the new note; null if refused.")


@strawberry.input(description="What to note on a user.")
class SetUserNoteInput:
    """Names a user, and says something about them."""

    user_id: strawberry.ID = strawberry.field(description="The user's id.")
    note: str | None = strawberry.field(
        default=None, description="A note to oneself, at most 500 characters; null or an empty one removes it."
    )


async def set_user_note(info: Info, input: Annotated[SetUserNoteInput, INPUT]) -> payloads.UserPayload:  # noqa: A002
    return await notes.set_user_note(info.context, user_number(input.user_id), input.note)
