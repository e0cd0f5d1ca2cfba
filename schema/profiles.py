"""Changing one's profile and one's handle."""

from typing import Annotated, Any

import strawberry

from actions import profiles as acts
from loaders import rows
from resolvers import payloads, profiles
from resolvers.arguments import Url
from resolvers.context import Info
from schema.base import T
from schema.errors import INPUT, Refusable
from schema.users import User


@strawberry.type(description="What updateProfile gives.")
class UpdateProfilePayload(Refusable):
    """View of payloads.UserPayload."""

    user: User | None = strawberry.field(description="The user as they are now; null if refused.")


@strawberry.type(description="What changeHandle gives.")
class ChangeHandlePayload(Refusable):
    """View of payloads.UserPayload."""

    user: User | None = strawberry.field(description="The user with the new handle; null if refused.")


@strawberry.input(description="A line of a profile.")
class ProfileFieldInput:
    """Becomes rows.ProfileField."""

    name: str = strawberry.field(description="What it is about: 1 to 64 characters.")
    value: str = strawberry.field(description="What there is to say: 1 to 255 characters.")


@strawberry.input(description="The parts of the profile to change; what is left out stays as it is.")
class UpdateProfileInput:
    """Becomes acts.ProfileChange."""

    display_name: str | None = strawberry.field(default=None, description="1 to 64 characters; null changes nothing.")
    bio: str | None = strawberry.field(
        default=None, description="At most 500 characters; may be empty; null changes nothing."
    )
    fields: list[ProfileFieldInput] | None = strawberry.field(
        default=strawberry.UNSET, description="All lines of the profile, at most 6, in order; null for none."
    )
    website: Url | None = strawberry.field(
        default=strawberry.UNSET, description="At most 2,000 characters, without a name or password; null for none."
    )
    location: str | None = strawberry.field(
        default=strawberry.UNSET, description="At most 64 characters; null or empty for none."
    )
    is_bot: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether a program posts here; null is no."
    )
    avatar_url: Url | None = strawberry.field(
        default=strawberry.UNSET, description="The address of a picture, as `website`; null for none."
    )
    header_url: Url | None = strawberry.field(
        default=strawberry.UNSET, description="The address of a wide picture, as `website`; null for none."
    )


@strawberry.input(description="The handle to have from now on.")
class ChangeHandleInput:
    """Names a handle."""

    handle: str = strawberry.field(description="2 to 30 letters of a to z, digits and underscores.")


def _given(value: T) -> T | acts.Unchanged:
    """What the input says, or that it says nothing."""
    return acts.UNCHANGED if value is strawberry.UNSET else value


async def update_profile(info: Info, input: Annotated[UpdateProfileInput, INPUT]) -> payloads.UserPayload:  # noqa: A002
    fields: Any = input.fields
    if fields:
        fields = [rows.ProfileField(field.name, field.value) for field in fields]
    change = acts.ProfileChange(
        display_name=input.display_name,
        bio=input.bio,
        fields=_given(fields),
        website=_given(input.website),
        location=_given(input.location),
        is_bot=_given(input.is_bot),
        avatar_url=_given(input.avatar_url),
        header_url=_given(input.header_url),
    )
    return await profiles.update_profile(info.context, change)


async def change_handle(info: Info, input: Annotated[ChangeHandleInput, INPUT]) -> payloads.UserPayload:  # noqa: A002
    return await profiles.change_handle(info.context, input.handle)
