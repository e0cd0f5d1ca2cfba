"""A timeline's form in Redis, and the few things that are done to it.

A sorted set with score 0 and eight-byte members in lexicographic order: the entry's id, big-endian, inverted bit by
bit, so that the newest comes first. Compact (13 bytes an entry), exact at every cursor, and adding twice is adding
once. Three members that sort behind every entry mark how far the copy can be trusted:

    OPEN      pushes are accepted
    FILLED    the rebuild has finished: what lies between the newest and the oldest entry is complete
    COMPLETE  nothing older exists: a page may end where the entries end

A fourth stands alone: OVER. There is no copy, because its reader follows too much; SQL answers.
"""

import secrets
import struct
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

from core.cache import Cache
from core.wire import Command
from timelines import keys
from timelines.epochs import GUARD_LUA, REFUSED, Binding, Epochs

T = TypeVar("T")

_ID = struct.Struct(">Q")
_ALL_BITS = 2**64 - 1

OPEN = b"\xff" * 8
FILLED = b"\xff" * 7 + b"\xfe"
COMPLETE = b"\xff" * 7 + b"\xfd"
OVER = b"\xff" * 7 + b"\xfc"
MARKERS = (OPEN, FILLED, COMPLETE)

# All scripts begin with the guard of timelines.epochs, so their own arguments begin with the third. In those that add,
# trimming to the cap takes COMPLETE away too (it sorts before FILLED and OPEN, which stay): what was trimmed off is
# older and exists.

# Ends a rebuild that still holds its lock. KEYS: timeline, lock. ARGV: the lock's token, cap, is it complete, members,
# newest first. Where the timeline is not complete, what was pushed meanwhile and is older than all of them goes: there
# may be others between it and them.
_FILL_SCRIPT = (
    GUARD_LUA
    + r"""
local FILLED = '\255\255\255\255\255\255\255\254'
local COMPLETE = '\255\255\255\255\255\255\255\253'
if redis.call('GET', KEYS[2]) ~= ARGV[3] or redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('ZADD', KEYS[1], 0, FILLED)
for i = 6, #ARGV do redis.call('ZADD', KEYS[1], 0, ARGV[i]) end
if ARGV[5] == '1' then
  redis.call('ZADD', KEYS[1], 0, COMPLETE)
elseif #ARGV >= 6 then
  redis.call('ZREMRANGEBYLEX', KEYS[1], '(' .. ARGV[#ARGV], '(' .. FILLED)
end
redis.call('DEL', KEYS[2])
local cap, size = tonumber(ARGV[4]), redis.call('ZCARD', KEYS[1])
if size > cap + 3 then redis.call('ZREMRANGEBYRANK', KEYS[1], cap, size - 3) end
return 1
"""
)
# One call for a batch of readers: push (or take away) one entry, or neither, and tell whoever listens.
# KEYS: none beyond what ARGV names, so this script is for a single server. ARGV: key prefix, channel prefix, cap,
# what to do, member, message, then the readers' ids, comma by comma: a thousand arguments take longer to send and to
# read than to split.
# A push that comes to stand right before FILLED and OPEN is older than all that an incomplete timeline has, so it stays
# out: there may be others between it and them. Looking who listens, of all at once, costs half of what telling nobody
# does.
_DELIVER_SCRIPT = (
    GUARD_LUA
    + r"""
local FILLED = '\255\255\255\255\255\255\255\254'
local OVER = '\255\255\255\255\255\255\255\252'
local keys, channels, cap, act, member, message = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7], ARGV[8]
local call = redis.call
local function push(key)
  local size = call('ZCARD', key)
  if size == 0 or (size == 1 and call('ZSCORE', key, OVER)) then return 0 end
  if call('ZADD', key, 0, member) == 0 then return 1 end
  if call('ZRANK', key, member) == size - 2 and call('ZSCORE', key, FILLED) then
    call('ZREM', key, member)
    return 0
  end
  if size + 1 > cap + 3 then call('ZREMRANGEBYRANK', key, cap, size - 2) end
  return 1
end
local reached, names = 0, {}
for id in string.gmatch(ARGV[9], '%d+') do
  if act == 'add' then
    reached = reached + push(keys .. id)
  elseif act == 'remove' then
    reached = reached + call('ZREM', keys .. id, member)
  end
  names[#names + 1] = channels .. id
end
local listening = call('PUBSUB', 'NUMSUB', unpack(names))
for i = 1, #listening, 2 do
  if listening[i + 1] > 0 then call('PUBLISH', listening[i], message) end
end
return reached
"""
)
# Ends a rebuild that still holds its lock by marking its reader as one who follows too much. KEYS: timeline, lock.
# ARGV: the lock's token, the marker, seconds until it goes.
_MARK_OVER_SCRIPT = (
    GUARD_LUA
    + """
if redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('ZADD', KEYS[1], 0, ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
return 1
"""
)
# Readers to whom one call of the script delivers. While it runs Redis does nothing else, so this is also how long
# anybody waits for it: about half a millisecond.
DELIVERED_AT_ONCE = 64


def member_of(entry_id: int) -> bytes:
    """The member that stands for an entry: greater ids sort first."""
    return _ID.pack(_ALL_BITS - entry_id)


def entries_of(members: Sequence[bytes]) -> list[int]:
    """The entries that members stand for."""
    return [_ALL_BITS - inverted for inverted in struct.unpack(f">{len(members)}Q", b"".join(members))]


# Of functions within functions, whose annotations are made whenever they are.
Commands = Sequence[Command]


class Act(StrEnum):
    """What becomes of an entry in a timeline."""

    ADD = "add"
    REMOVE = "remove"
    LEAVE = "leave"


class Cut(NamedTuple):
    """A part of a timeline: its ids, newest first, and whether the feed ends with them.

    `is_over`: there is no timeline, and none is to be made: ask SQL. `is_due`: it must be kept alive now.
    """

    ids: Sequence[int]
    is_end: bool
    is_over: bool = False
    is_due: bool = False


# Ask SQL, and make no timeline.
_NONE_TO_MAKE = Cut((), is_end=False, is_over=True)


class _UnknownError(Exception):
    """It is not known yet what the server that answers keeps."""


class TimelineStore:
    """Home timelines by account.

    Every method raises core.cache.CacheUnavailableError when Redis does not answer, or keeps no timelines that could be
    used now.
    """

    def __init__(self, cache: Cache, *, ttl_s: int, is_reading_only: bool = False) -> None:
        self._cache = cache
        self._epochs = Epochs(cache, is_reading_only=is_reading_only)
        self._ttl_s = ttl_s
        self._due_at_s = ttl_s - min(keys.KEPT_EVERY_S, ttl_s // 4)
        self._fill = cache.client.register_script(_FILL_SCRIPT)
        self._mark_over = cache.client.register_script(_MARK_OVER_SCRIPT)

    async def prepare(self) -> None:
        """Learns what the server that answers keeps, which the first call does otherwise."""
        await self._epochs.learn()

    async def read(self, account_id: int, *, before: int, limit: int) -> Cut | None:
        """Up to `limit` entries below the id `before`; None if the copy cannot answer this: ask SQL. One round trip."""
        found = await self._read(
            account_id,
            lambda key: (
                ("ZRANGE", key, -len(MARKERS), -1),
                ("ZRANGE", key, b"(" + member_of(before), b"+", "BYLEX", "LIMIT", 0, limit),
                ("TTL", key),
            ),
        )
        if found is None:
            return _NONE_TO_MAKE
        marks, members, left_s = found
        if marks == [OVER]:
            return _NONE_TO_MAKE
        while members and members[-1] in MARKERS:  # they sort behind all entries
            members.pop()
        ids = entries_of(members)
        if FILLED not in marks or (len(ids) < limit and COMPLETE not in marks):
            return None
        return Cut(ids, is_end=len(ids) < limit, is_due=left_s < self._due_at_s)

    async def read_whole(self, account_id: int) -> Cut | None:
        """All that a timeline holds; None if there is none that answers."""
        found = await self._read(account_id, lambda key: (("ZRANGE", key, 0, -1),))
        if found is None:
            return None
        [members] = found
        if FILLED not in members:
            return None
        is_end = COMPLETE in members
        ids = entries_of([member for member in members if member not in MARKERS])
        return Cut(ids, is_end=is_end) if ids or is_end else None

    async def keep(self, account_id: int) -> None:
        """Lets a timeline live on from now. Its reader has to be noted before: fan-out must not pass over it."""

        async def call(client: Redis, binding: Binding) -> None:
            await client.expire(self._key(binding, account_id), self._ttl_s)

        await self._run(call)

    async def begin_rebuild(self, account_id: int) -> bytes | None:
        """Opens the timeline for pushes, before the rebuild's SQL runs: what commits later finds it open.

        Gives the token that `end_rebuild` needs; None if another rebuild runs.
        """
        token = secrets.token_bytes(8)

        async def call(client: Redis, binding: Binding) -> bytes | None:
            if not await client.set(self._lock(binding, account_id), token, nx=True, ex=keys.REBUILD_LOCK_S):
                return None
            key = self._key(binding, account_id)
            pipeline = client.pipeline(transaction=True)
            pipeline.delete(key)
            pipeline.zadd(key, {OPEN: 0})
            pipeline.expire(key, self._ttl_s)
            await pipeline.execute()
            return token

        return await self._run(call)

    async def end_rebuild(self, account_id: int, entry_ids: Iterable[int], *, token: bytes, is_complete: bool) -> bool:
        """Adds what the rebuild's SQL gave; `is_complete` if nothing older exists.

        False, and nothing added, if the timeline was forgotten meanwhile: the SQL may have read what is no longer so.
        """
        members = sorted(member_of(entry_id) for entry_id in entry_ids)
        arguments = (token, keys.LARGEST_TIMELINE, b"1" if is_complete else b"0", *members)
        return bool(await self._guarded(self._fill, account_id, *arguments))

    async def mark_over(self, account_id: int, *, token: bytes) -> bool:
        """Ends a rebuild whose reader follows too much: there is no timeline, and for an hour nobody tries to make one.

        False, and nothing marked, if the timeline was forgotten meanwhile.
        """
        return bool(await self._guarded(self._mark_over, account_id, token, OVER, keys.OVER_S))

    async def forget(self, *account_ids: int) -> None:
        """Drops timelines that list the wrong entries now; the next read makes them anew."""

        async def call(client: Redis, binding: Binding) -> None:
            await client.delete(*(key(binding, each) for each in account_ids for key in (self._key, self._lock)))

        await self._run(call)

    async def tell(self, account_id: int, *, channel_prefix: str, message: bytes) -> None:
        """Publishes `message` to an account, and leaves its timeline alone."""
        await self._cache.run(lambda client, _run_id: client.publish(f"{channel_prefix}{account_id}", message))

    async def deliver(
        self, entry_id: int, account_ids: Sequence[int], *, act: Act, channel_prefix: str, message: bytes
    ) -> int:
        """Does `act` to an entry in the timelines that are there, and publishes `message` to each account.

        Gives how many timelines took it. Doing it again changes nothing in the timelines.
        """
        reached = 0
        for start in range(0, len(account_ids), DELIVERED_AT_ONCE):
            readers = ",".join(map(str, account_ids[start : start + DELIVERED_AT_ONCE]))

            def command(binding: Binding, readers: str = readers) -> Sequence[Command]:
                prefix = keys.home_prefix(self._cache.prefix, binding.name)
                about = (prefix, channel_prefix, keys.LARGEST_TIMELINE, act, member_of(entry_id), message, readers)
                return (("EVAL", _DELIVER_SCRIPT, 0, self._epochs.key, str(binding), *about),)

            _, (took,) = await self._exchange(command)
            if took == REFUSED:
                raise self._epochs.mistaken()
            reached += took
        return reached

    async def _read(self, account_id: int, commands_of: Callable[[str], Sequence[Command]]) -> list[Any] | None:
        """The replies to what is asked about a timeline, in one round trip; None if the server's are not complete."""

        def commands(binding: Binding) -> Commands:
            return (self._epochs.commands(), *commands_of(self._key(binding, account_id)))

        binding, (bound, *replies) = await self._exchange(commands)
        return replies if self._epochs.is_good(binding, bound) else None

    async def _exchange(self, commands_of: Callable[[Binding], Sequence[Command]]) -> tuple[Binding, Sequence[Any]]:
        """As core.cache.Cache.exchange, with the binding of the server that answers."""
        used: list[Binding] = []

        def commands(run_id: str) -> Commands:
            binding = self._epochs.known(run_id)
            if binding is None:
                raise _UnknownError
            used[:] = [binding]
            return commands_of(binding)

        try:
            if not self._epochs.has_learnt:
                await self._epochs.learn()
            replies = await self._cache.exchange(commands)
        except _UnknownError:
            await self._epochs.learn()
            try:
                replies = await self._cache.exchange(commands)
            except _UnknownError:
                raise self._epochs.mistaken() from None
        return used[0], replies

    async def _run(self, act: Callable[[Redis, Binding], Awaitable[T]]) -> T:
        """As core.cache.Cache.run, with the binding of the server that answers."""
        run_id = self._cache.run_id
        binding = (None if run_id is None else self._epochs.known(run_id)) or await self._epochs.learn()

        async def call(client: Redis, run_id: str) -> T:
            if run_id != binding.run_id:
                raise self._epochs.mistaken()
            return await act(client, binding)

        return await self._cache.run(call)

    async def _guarded(self, script: AsyncScript, account_id: int, *arguments: bytes | int) -> int:
        """What a script gives, whose keys are those of an account. Raises UnboundError if it refuses."""

        async def call(client: Redis, binding: Binding) -> int:
            named = [self._key(binding, account_id), self._lock(binding, account_id)]
            guard = (self._epochs.key, str(binding))
            return int(await script(keys=named, args=(*guard, *arguments), client=client))

        given = await self._run(call)
        if given == REFUSED:
            raise self._epochs.mistaken()
        return given

    def _key(self, binding: Binding, account_id: int) -> str:
        return keys.home(self._cache.prefix, binding.name, account_id)

    def _lock(self, binding: Binding, account_id: int) -> str:
        return keys.rebuild_lock(self._cache.prefix, binding.name, account_id)
