"""The settings of an account."""

from typing import Annotated

import strawberry

from actions import settings as acts
from loaders.users import AccountRow
from resolvers import payloads, settings
from resolvers.context import Info
from schema.base import view_of
from schema.errors import INPUT, Refusable
from schema.users import Viewer


@strawberry.type(description="How an account wants to be treated; nobody else sees it.")
@view_of(AccountRow)
class Settings:
    """View of AccountRow."""

    is_private: bool = strawberry.field(
        description="Whether it is private: who wants to follow asks, and others see no posts and no lists."
    )


@strawberry.type(description="What updateSettings gives.")
class UpdateSettingsPayload(Refusable):
    """View of payloads.ViewerPayload."""

    viewer: Viewer | None = strawberry.field(description="The account with its new settings; null if refused.")


@strawberry.input(description="The settings to change; what is left out or null stays as it is.")
class UpdateSettingsInput:
    """Becomes acts.SettingsChange."""

    is_private: bool | None = strawberry.field(
        default=None,
        description="Whether the account is private. Who waits to be let in when it stops being so, is.",
    )


async def update_settings(info: Info, input: Annotated[UpdateSettingsInput, INPUT]) -> payloads.ViewerPayload:  # noqa: A002
    return await settings.update_settings(info.context, acts.SettingsChange(is_private=input.is_private))
