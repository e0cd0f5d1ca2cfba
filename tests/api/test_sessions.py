"""Sessions: refreshing, lost answers, stolen tokens, logging out; and access tokens that are not good."""

import asyncio
import base64
from datetime import timedelta
from typing import Any

import pytest

from app.services import ProcessServices
from core.clock import utc_now
from core.tokens import Tokens, refresh_claims
from tests.api.sessions import LOGOUT, WHO_AM_I, is_refused, login, refresh, signed_up, who_am_i
from tests.fixtures.api import Api
from tests.worlds import World

ENDED_WITHIN_S = 1.0


async def make_older(services: ProcessServices, *, seconds: int) -> None:
    """Moves every session's last refresh into the past."""
    async with services.db._connection() as connection:
        await connection.execute("UPDATE session SET refreshed_at = refreshed_at - $1::interval", timedelta(0, seconds))


async def session_count(services: ProcessServices) -> int:
    async with services.db._connection() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM session WHERE revoked_at IS NULL"))


async def is_ended(api: Api, access_token: str) -> bool:
    """Whether the access token stops being good within the time that it may take."""
    try:
        async with asyncio.timeout(ENDED_WITHIN_S):
            while not (await who_am_i(api, access_token)).codes:  # noqa: ASYNC110 (there is nothing else to wait for)
                await asyncio.sleep(0.02)
    except TimeoutError:
        return False
    return (await who_am_i(api, access_token)).codes == ["UNAUTHENTICATED"]


async def test_refreshing_rotates_the_token_and_continues_the_session(api: Api, services: ProcessServices) -> None:
    token = (await signed_up(api)).refresh_token
    seen = {token}
    for _ in range(5):
        payload = await refresh(api, token)
        assert payload["errors"] == []
        assert payload["viewer"]["user"]["handle"] == "frank"
        assert not (await who_am_i(api, payload["accessToken"])).codes
        token = payload["refreshToken"]
        assert token not in seen
        seen.add(token)
    assert await session_count(services) == 1


async def test_a_lost_answer_is_given_again_the_same(api: Api, services: ProcessServices) -> None:
    token = (await signed_up(api)).refresh_token
    first = await refresh(api, token)
    await make_older(services, seconds=8)
    second = await refresh(api, token)
    assert second["errors"] == []
    assert second["refreshToken"] == first["refreshToken"]
    assert (await refresh(api, second["refreshToken"]))["errors"] == []


async def test_the_token_before_ends_the_session_after_ten_seconds(api: Api, services: ProcessServices) -> None:
    token = (await signed_up(api)).refresh_token
    newest = await refresh(api, token)
    await make_older(services, seconds=11)
    assert is_refused(await refresh(api, token))
    assert is_refused(await refresh(api, newest["refreshToken"]))
    assert await is_ended(api, newest["accessToken"])


async def test_two_tabs_that_refresh_at_once_keep_one_family(api: Api, services: ProcessServices) -> None:
    token = (await signed_up(api)).refresh_token
    for _ in range(5):
        tabs = await asyncio.gather(*(refresh(api, token) for _ in range(4)))
        assert [tab["errors"] for tab in tabs] == [[]] * 4
        [token] = {tab["refreshToken"] for tab in tabs}
    assert await session_count(services) == 1


async def test_an_older_token_ends_the_session_at_once(api: Api, services: ProcessServices) -> None:
    stolen = (await signed_up(api)).refresh_token
    newest = await refresh(api, (await refresh(api, stolen))["refreshToken"])
    other = await login(api)
    assert is_refused(await refresh(api, stolen))
    assert is_refused(await refresh(api, newest["refreshToken"]))
    assert await is_ended(api, newest["accessToken"])
    assert not (await who_am_i(api, other["accessToken"])).codes, "another sign-in of the account goes on"
    assert (await refresh(api, other["refreshToken"]))["errors"] == []


async def test_a_session_that_nobody_used_for_long_has_ended(api: Api, services: ProcessServices) -> None:
    token = (await signed_up(api)).refresh_token
    async with services.db._connection() as connection:
        await connection.execute("UPDATE session SET expires_at = clock_timestamp() - interval '1 second'")
    assert is_refused(await refresh(api, token))


def forged(token: str) -> str:
    """The same session and generation, with another proof."""
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[-1] ^= 1
    return base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()


async def test_garbage_is_refused_alike_and_ends_no_session(api: Api, services: ProcessServices) -> None:
    token = (await signed_up(api)).refresh_token
    session_id = refresh_claims(token).session_id
    strange = services.resources.tokens.refresh_token(session_id=session_id + 1, salt=b"x" * 16, generation=0)
    older = services.resources.tokens.refresh_token(session_id=session_id, salt=b"x" * 16, generation=0)
    garbage = ["", "zzz", "\x00", "é", "💀", "A" * 59, "_" * 59, "A" * 10_000, token[:-1], token + "A", forged(token)]
    for wrong in (*garbage, strange, older, "\ud83d\udc80"):
        payload = await refresh(api, wrong)
        assert is_refused(payload)
        [error] = payload["errors"]
        assert (error["__typename"], error["path"]) == ("NotAllowedError", ["refreshToken"])
        assert error["message"] == "This session has ended. Sign in again."
    assert (await refresh(api, token))["errors"] == []


async def test_logging_out_ends_both_tokens_of_this_session_only(api: Api, services: ProcessServices) -> None:
    here = await signed_up(api)
    elsewhere = await login(api)
    answer = await api.run(LOGOUT, token=here.access_token)
    assert answer.data == {"logout": {"errors": []}}
    assert is_refused(await refresh(api, here.refresh_token))
    assert await is_ended(api, here.access_token)
    assert not (await who_am_i(api, elsewhere["accessToken"])).codes
    assert (await refresh(api, elsewhere["refreshToken"]))["errors"] == []


async def test_logging_out_needs_a_viewer(api: Api) -> None:
    assert (await api.run(LOGOUT)).codes == ["UNAUTHENTICATED"]


async def test_nobody_is_signed_in_without_a_token(api: Api, world: World) -> None:
    assert (await api.data(WHO_AM_I)) == {"viewer": None}
    assert (await api.data(WHO_AM_I, by=world.alice)) == {"viewer": {"user": {"handle": "alice"}}}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_may_be_in_any_case(api: Api, world: World, scheme: str) -> None:
    answer = await api.run(WHO_AM_I, authorization=f"{scheme} {world.alice.token}")
    assert answer.data == {"viewer": {"user": {"handle": "alice"}}}


async def test_a_token_that_is_not_good_is_no_anonymous_request(api: Api, world: World) -> None:
    good = world.alice.token
    claims: Any = {"account_id": world.alice.account_id, "session_id": 1}
    tokens = api.services.resources.tokens
    expired, _ = tokens.access_token(now=utc_now() - timedelta(hours=1), **claims)
    foreign, _ = Tokens("another secret of many characters", access_ttl_s=900).access_token(now=utc_now(), **claims)
    header, payload, signature = good.split(".")
    tampered = f"{header}.{payload[:-2]}AA.{signature}"
    refresh_token = tokens.refresh_token(session_id=1, salt=b"x" * 16, generation=0)
    bad = [expired, foreign, tampered, refresh_token, "", "zzz", f"{good} {good}", good[:-5], "x" * 5_000]
    for authorization in (*(f"Bearer {token}" for token in bad), good, f"Basic {good}", f"Token {good}", "", "Bearer"):
        answer = await api.run(WHO_AM_I, authorization=authorization)
        assert answer.codes == ["UNAUTHENTICATED"], authorization
        assert answer.data is None
