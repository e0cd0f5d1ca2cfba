"""Password hashing: right and wrong, off the loop, a few at a time."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher, Type
from argon2.low_level import hash_secret

from core import passwords as module
from core.errors import UnavailableError
from core.passwords import Passwords

AT_ONCE = 2
WEAK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    passwords = Passwords(at_once=AT_ONCE)
    yield passwords
    passwords.close()


async def test_the_right_password_matches_and_no_other(passwords: Passwords) -> None:
    stored = await passwords.hash("correct horse")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.matches("correct horse", stored=stored)
    assert not await passwords.matches("Correct horse", stored=stored)
    assert not passwords.is_outdated(stored)


@pytest.mark.parametrize("stored", [None, "", "$argon2id$no-password-has-this-hash", "plain"])
async def test_nothing_matches_what_is_no_hash(passwords: Passwords, stored: str | None) -> None:
    assert not await passwords.matches("the password of nobody", stored=stored)


def test_a_hash_with_other_parameters_is_outdated(passwords: Passwords) -> None:
    assert passwords.is_outdated(WEAK.hash("correct horse"))


def test_a_hash_of_the_older_kind_is_outdated(passwords: Passwords) -> None:
    older = hash_secret(
        b"correct horse", b"saltsalt", time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, type=Type.I
    )
    assert passwords.is_outdated(older.decode())


class _WatchedHasher(PasswordHasher):
    """The real hasher, which also notes on which threads it runs and how many run at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=1024, parallelism=1)
        self.threads: set[int] = set()
        self.running = 0
        self.most_running = 0
        self._lock = threading.Lock()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self._lock:
            self.threads.add(threading.get_ident())
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        try:
            return super().hash(password, salt=salt)
        finally:
            with self._lock:
                self.running -= 1


async def test_hashes_run_beside_the_loop_and_few_at_once(passwords: Passwords) -> None:
    watched = _WatchedHasher()
    passwords._hasher = watched
    await asyncio.gather(*(passwords.hash(f"password {number}") for number in range(20)))
    assert threading.get_ident() not in watched.threads
    assert len(watched.threads) <= AT_ONCE
    assert 1 <= watched.most_running <= AT_ONCE


async def test_too_many_waiting_are_told_to_come_back(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    results = await asyncio.gather(*(passwords.hash("correct horse") for _ in range(5)), return_exceptions=True)
    assert [isinstance(result, UnavailableError) for result in results] == [False, False, False, True, True]
    assert await passwords.hash("correct horse")
