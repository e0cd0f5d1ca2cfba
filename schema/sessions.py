"""Signing up, in, on and out."""

from datetime import datetime
from typing import Annotated

import strawberry

from actions import accounts
from resolvers import payloads, sessions
from resolvers.context import Info
from schema.errors import INPUT, Refusable
from schema.users import Viewer


@strawberry.type
class _SessionPayload(Refusable):
    """View of payloads.SessionPayload."""

    access_token: str | None = strawberry.field(description="Send it as `Authorization: Bearer …`.")
    refresh_token: str | None = strawberry.field(description="Continues the session, once, by refreshSession.")
    expires_at: datetime | None = strawberry.field(description="When the access token expires.")
    viewer: Viewer | None = strawberry.field(description="The account that is signed in now.")


@strawberry.type(description="What register gives.")
class RegisterPayload(_SessionPayload):
    """View of payloads.SessionPayload."""


@strawberry.type(description="What login gives.")
class LoginPayload(_SessionPayload):
    """View of payloads.SessionPayload."""


@strawberry.type(description="What refreshSession gives.")
class RefreshSessionPayload(_SessionPayload):
    """View of payloads.SessionPayload."""


@strawberry.type(description="What logout gives.")
class LogoutPayload(Refusable):
    """View of payloads.BarePayload."""


@strawberry.input(description="A new account.")
class RegisterInput:
    """Becomes accounts.NewAccount and a password."""

    handle: str = strawberry.field(description="2 to 30 letters (a to z), digits and underscores; unique.")
    display_name: str = strawberry.field(description="The name to show: 1 to 64 characters.")
    email: str = strawberry.field(description="An e-mail address; nobody else sees it.")
    password: str = strawberry.field(description="At least 8 characters.")


@strawberry.input(description="Who signs in.")
class LoginInput:
    """A handle and a password."""

    handle: str = strawberry.field(description="The account's handle, in any case.")
    password: str = strawberry.field(description="The account's password.")


@strawberry.input(description="Which session goes on.")
class RefreshSessionInput:
    """A refresh token."""

    refresh_token: str = strawberry.field(description="The newest refresh token of the session.")


async def register(info: Info, input: Annotated[RegisterInput, INPUT]) -> payloads.SessionPayload:  # noqa: A002
    new = accounts.NewAccount(handle=input.handle, display_name=input.display_name, email=input.email)
    return await sessions.register(info.context, new, input.password)


async def login(info: Info, input: Annotated[LoginInput, INPUT]) -> payloads.SessionPayload:  # noqa: A002
    return await sessions.login(info.context, input.handle, input.password)


async def refresh_session(info: Info, input: Annotated[RefreshSessionInput, INPUT]) -> payloads.SessionPayload:  # noqa: A002
    return await sessions.refresh_session(info.context, input.refresh_token)


async def logout(info: Info) -> payloads.BarePayload:
    return await sessions.logout(info.context)
