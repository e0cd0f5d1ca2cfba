"""Documents about accounts and sessions that several tests send, and somebody who has really signed up."""

from dataclasses import dataclass
from typing import Any

from tests.fixtures.api import Answer, Api

PASSWORD = "correct horse battery staple"

_FIELDS = """
    accessToken refreshToken expiresAt
    viewer { email user { handle displayName } }
    errors { __typename message code path }
"""
REGISTER = f"mutation ($input: RegisterInput!) {{ register(input: $input) {{ {_FIELDS} }} }}"
LOGIN = f"mutation ($input: LoginInput!) {{ login(input: $input) {{ {_FIELDS} }} }}"
REFRESH = f"mutation ($input: RefreshSessionInput!) {{ refreshSession(input: $input) {{ {_FIELDS} }} }}"
LOGOUT = "mutation { logout { errors { code } } }"
WHO_AM_I = "{ viewer { user { handle } } }"


@dataclass(frozen=True, slots=True)
class SignedUp:
    """The tokens of a new account."""

    handle: str
    access_token: str
    refresh_token: str


async def register(api: Api, handle: str = "frank", /, **changes: str) -> Any:
    """The payload of registering; `changes` replace fields of an acceptable input."""
    wanted = {
        "handle": handle,
        "displayName": handle.title(),
        "email": f"{handle}@rookery.example",
        "password": PASSWORD,
        **changes,
    }
    return (await api.data(REGISTER, input=wanted))["register"]


async def signed_up(api: Api, handle: str = "frank") -> SignedUp:
    payload = await register(api, handle)
    assert payload["errors"] == []
    return SignedUp(handle, payload["accessToken"], payload["refreshToken"])


async def login(api: Api, handle: str = "frank", password: str = PASSWORD) -> Any:
    return (await api.data(LOGIN, input={"handle": handle, "password": password}))["login"]


async def refresh(api: Api, refresh_token: str) -> Any:
    return (await api.data(REFRESH, input={"refreshToken": refresh_token}))["refreshSession"]


async def who_am_i(api: Api, access_token: str) -> Answer:
    return await api.run(WHO_AM_I, token=access_token)


def is_refused(payload: Any) -> bool:
    """Whether the payload says that the act was refused, and gives nothing away beside."""
    rest = [value for name, value in payload.items() if name != "errors"]
    return bool(payload["errors"]) and not any(rest)
