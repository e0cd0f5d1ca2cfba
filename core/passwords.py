"""Password hashes: Argon2id, off the event loop, a few at a time.

Parameters are OWASP's minimum for Argon2id (19 MiB, t=2, p=1): about 27 ms of one core here, where the library's
defaults take ten times as long.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import UnavailableError

T = TypeVar("T")

MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
# More waiters than this would wait longer than a person does: they are told to come back instead.
MOST_WAITING = 200


class Passwords:
    """Hashes and checks passwords on `at_once` threads of its own."""

    def __init__(self, *, at_once: int) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._threads = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="password")
        self._waiting = 0
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to store, parameters and salt included. Raises UnavailableError when too many wait."""
        return await self._run(partial(self._hasher.hash, password))

    async def matches(self, password: str, *, stored: str | None) -> bool:
        """Whether the password is the one behind the stored hash.

        Without a stored hash (no such account, or one without a password) the same work is done for nothing, so
        that the time of an answer does not tell which accounts exist.
        """
        if stored is None:
            if self._nobody is None:
                self._nobody = await self.hash("the password of nobody")
            await self._run(partial(self._verify, self._nobody, password))
            return False
        return await self._run(partial(self._verify, stored, password))

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's and should be made anew."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: "partial[T]") -> T:
        if self._waiting >= MOST_WAITING:
            raise UnavailableError
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1
