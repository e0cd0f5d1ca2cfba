"""Signing in: right, wrong, and what an answer gives away; what it costs others; what the log gets."""

import asyncio
import time
import traceback
from typing import Any

import pytest
from argon2 import PasswordHasher
from structlog.testing import capture_logs

from actions import accounts
from app.logging import _rendering
from app.services import ProcessServices
from tests.api.sessions import LOGIN, PASSWORD, is_refused, login, register, signed_up, who_am_i
from tests.fixtures.api import Api
from tests.worlds import World

LONGEST_WAIT_S = 0.25
ANYBODYS = "{ publicFeed(first: 1) { pageInfo { hasNextPage } } }"


@pytest.mark.parametrize("handle", ["frank", "FRANK"])
async def test_the_right_password_signs_in(api: Api, handle: str) -> None:
    await signed_up(api, "frank")
    payload = await login(api, handle)
    assert payload["errors"] == []
    assert payload["viewer"]["user"]["handle"] == "frank"
    answer = await who_am_i(api, payload["accessToken"])
    assert answer.data == {"viewer": {"user": {"handle": "frank"}}}


@pytest.mark.parametrize("password", ["", "Correct horse battery staple", PASSWORD + " ", "x" * 10_000, "\x00", "💀"])
async def test_a_wrong_password_is_refused(api: Api, password: str) -> None:
    await signed_up(api, "frank")
    payload = await login(api, "frank", password)
    assert is_refused(payload)
    assert [error["__typename"] for error in payload["errors"]] == ["NotAllowedError"]


async def test_wrong_unknown_and_passwordless_accounts_answer_alike_by_the_same_steps(api: Api, world: World) -> None:
    await signed_up(api, "frank")
    archived = accounts.NewAccount(handle="archived", display_name="Archived", email="archived@rookery.example")
    await api.services.db.transact(accounts.register, archived, password_hash="")
    async with api.services.db._connection() as connection:
        await connection.execute("UPDATE account SET password_hash = NULL WHERE handle = 'archived'")
    seen: list[tuple[Any, list[str]]] = []
    for handle in ("frank", "nobody", "archived"):
        statements: list[str] = []
        api.services.db.observers.append(statements.append)
        answer = await api.run(LOGIN, input={"handle": handle, "password": "not the password"})
        api.services.db.observers.remove(statements.append)
        seen.append((answer.data, [text for text in statements if "revoked_at" not in text]))
    assert seen[0] == seen[1] == seen[2]
    assert is_refused(seen[0][0]["login"])


async def test_an_unknown_account_costs_a_hash_too(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    passwords = api.services.resources.passwords
    verify = passwords._verify

    def noting(stored: str, password: str) -> bool:
        verified.append(password)
        return verify(stored, password)

    monkeypatch.setattr(passwords, "_verify", noting)
    assert is_refused(await login(api, "nobody", "guess one"))
    assert is_refused(await login(api, "no handle at all", "guess two"))
    assert verified == ["guess one", "guess two"]


async def test_the_stand_in_for_unknown_accounts_lets_nobody_in(api: Api, world: World) -> None:
    for handle in ("nobody", "alice"):
        assert is_refused(await login(api, handle, "the password of nobody"))


async def test_an_outdated_hash_is_renewed_at_login_and_only_by_the_right_password(
    api: Api, services: ProcessServices
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    new = accounts.NewAccount(handle="frank", display_name="Frank", email="frank@rookery.example")
    await services.db.transact(accounts.register, new, password_hash=weak)

    async def stored() -> str:
        found = await accounts.fetch_credentials(services.db, "frank")
        assert found is not None
        return found.password_hash or ""

    assert is_refused(await login(api, "frank", "a wrong one"))
    assert await stored() == weak
    assert (await login(api, "frank"))["errors"] == []
    renewed = await stored()
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await login(api, "frank"))["errors"] == []
    assert await stored() == renewed


async def test_fifty_logins_at_once_leave_other_requests_quick(api: Api) -> None:
    await signed_up(api, "frank")
    await api.data(ANYBODYS)
    logins = [asyncio.create_task(login(api, "frank")) for _ in range(50)]
    waits_s: list[float] = []
    while not all(task.done() for task in logins):
        started_s = time.monotonic()
        await api.data(ANYBODYS)
        waits_s.append(time.monotonic() - started_s)
        await asyncio.sleep(0.02)
    payloads = await asyncio.gather(*logins)
    assert all(payload["errors"] == [] for payload in payloads)
    assert len(waits_s) > 5, "the logins were over before anything could be seen beside them"
    assert sorted(waits_s)[len(waits_s) * 9 // 10] < LONGEST_WAIT_S, waits_s


def _as_logged(entry: dict[str, Any]) -> str:
    """A log entry as both ways of rendering write it, and its plain traceback."""
    shown = [repr(entry)]
    error = entry.get("exc_info")
    if isinstance(error, BaseException):
        shown += traceback.format_exception(error)
    for is_production in (True, False):
        event: Any = dict(entry)
        for process in _rendering(is_production=is_production):
            event = process(None, entry.get("log_level", "error"), event)
        shown.append(str(event))
    return "\n".join(shown)


async def test_no_log_line_shows_a_password_or_a_hash(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    async def fail(*_args: object, password_hash: str, **_kwargs: object) -> int:
        raise RuntimeError(f"made up, with {len(password_hash)} characters at hand")

    with capture_logs() as entries:
        await signed_up(api, "frank")
        await login(api, "frank", "canary-in-a-wrong-one")
        await login(api, "frank")
        monkeypatch.setattr(accounts, "register", fail)
        wanted = {"handle": "gina", "displayName": "G", "email": "g@rookery.example", "password": "canary-in-a-crash"}
        document = "mutation ($input: RegisterInput!) { register(input: $input) { errors { code } } }"
        answer = await api.run(document, input=wanted)
    assert answer.codes == ["INTERNAL"]
    assert [entry["event"] for entry in entries] == ["request failed"]
    logged = "\n".join(_as_logged(dict(entry)) for entry in entries)
    logged += caplog.text + "".join(capfd.readouterr())
    assert "made up" in logged
    for secret in (PASSWORD, "canary-in", "$argon2"):
        assert secret not in logged


async def test_a_login_costs_two_statements(api: Api) -> None:
    await register(api, "frank")
    document = "mutation ($input: LoginInput!) { login(input: $input) { accessToken errors { code } } }"
    with api.budget(sql=2, redis=1):
        data = await api.data(document, input={"handle": "frank", "password": PASSWORD})
    assert data["login"]["accessToken"]
