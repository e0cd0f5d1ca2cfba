"""Whether the timelines that a Redis server holds are complete.

An epoch is a time in which every push reached the server that keeps it. It has a name, which is part of every key, and
it holds for one run of a server: `binding` says which.

    binding     "RUN:NAME"      this run keeps the timelines of that epoch
    beat        milliseconds    by the clock of Postgres: nothing that was handled before is missing (see below)
    catching    an event's id   what was handled again is not all there yet: feeds come from SQL meanwhile

Workers write the beat every second, by a clock that they read before. What a server sends to its replicas, or to its
append-only file, is in order; so whoever has a beat has all that was written before it. A server with another run id
that has a young beat is a *successor*: it was a replica, or started again. It lacks at most what was handled since its
beat, which is kept ten minutes, and is handled again (timelines.succession). One with an old beat, or none, begins a
new epoch named after its run, and what it holds of old ones is never found again.
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

from redis.asyncio import Redis

from core.cache import RUN_ID_CHARS, Cache, CacheUnavailableError
from core.wire import Command
from timelines import keys

T = TypeVar("T")

# Begins every script that changes timelines: what was meant for another server, or another epoch, changes nothing here.
# ARGV: the binding's key, and the binding that the caller knows.
GUARD_LUA = r"""
if redis.call('GET', ARGV[1]) ~= ARGV[2] then return -1 end
"""
REFUSED = -1

# A call may be begun with the run id of one server and come to the next one. So what says something of a server asks it
# who it is.
_OWN_RUN_LUA = rf"""
local run = string.sub(string.match(redis.call('INFO', 'server'), 'run_id:(%x+)'), 1, {RUN_ID_CHARS})
"""
# ARGV: keys of binding, beat and catching; the time; whether to change anything. Binds a server that is not bound, and
# gives one that is bound to its own run a new beat, if there is a time. Gives the run, the binding, the beat before,
# and what is being caught up with.
_BEAT_SCRIPT = (
    _OWN_RUN_LUA
    + r"""
local binding, beat, catching = redis.call('GET', ARGV[1]), redis.call('GET', ARGV[2]), redis.call('GET', ARGV[3])
if not binding and ARGV[5] == '1' then
  binding = run .. ':' .. run
  redis.call('SET', ARGV[1], binding)
end
if ARGV[4] ~= '' and string.sub(binding, 1, #run + 1) == run .. ':' then redis.call('SET', ARGV[2], ARGV[4]) end
return {run, binding, beat, catching}
"""
)
# ARGV: the same keys; the time; the binding that there was, the run and the name of the new one; up to which event is
# to be caught up with, or nothing.
_BIND_SCRIPT = (
    _OWN_RUN_LUA
    + r"""
if redis.call('GET', ARGV[1]) ~= ARGV[5] or run ~= ARGV[6] then return 0 end
redis.call('SET', ARGV[1], run .. ':' .. ARGV[7])
redis.call('SET', ARGV[2], ARGV[4])
if ARGV[8] == '' then redis.call('DEL', ARGV[3]) else redis.call('SET', ARGV[3], ARGV[8]) end
return 1
"""
)
# ARGV: the key, and what it must hold.
_END_CATCHING_SCRIPT = "if redis.call('GET', ARGV[1]) == ARGV[2] then return redis.call('DEL', ARGV[1]) end"


class UnboundError(CacheUnavailableError):
    """The server that answers keeps no timelines that could be used now."""


class Binding(NamedTuple):
    """That a run of a server keeps the timelines of an epoch."""

    run_id: str
    name: str

    @classmethod
    def of(cls, stored: bytes) -> "Binding":
        """What the key of a binding holds."""
        return cls(*stored.decode().split(":"))

    def __str__(self) -> str:
        return f"{self.run_id}:{self.name}"


class Pulse(NamedTuple):
    """What a server says of its timelines: to which run and epoch they are bound, and its last beat before this one."""

    run_id: str
    binding: Binding
    beat_ms: int | None
    catching: int | None

    @property
    def is_bound(self) -> bool:
        return self.binding.run_id == self.run_id


class Epochs:
    """What a process knows of the epoch of its Redis. It binds a server that is not bound, unless it only reads."""

    def __init__(self, cache: Cache, *, is_reading_only: bool = False) -> None:
        self._cache = cache
        self._is_reading_only = is_reading_only
        self._binding: Binding | None = None
        self._beat = cache.client.register_script(_BEAT_SCRIPT)
        self._bind = cache.client.register_script(_BIND_SCRIPT)
        self._end_catching = cache.client.register_script(_END_CATCHING_SCRIPT)

    @property
    def key(self) -> str:
        """The key of the binding, for GUARD_LUA."""
        return keys.binding(self._cache.prefix)

    @property
    def has_learnt(self) -> bool:
        """Whether this process knows of any run."""
        return self._binding is not None

    def known(self, run_id: str) -> Binding | None:
        """The binding of a run, if this process has learnt it."""
        binding = self._binding
        return binding if binding is not None and binding.run_id == run_id else None

    def commands(self) -> Command:
        """What a read asks together with a timeline, for `is_good`."""
        return ("MGET", self.key, keys.catching(self._cache.prefix))

    def is_good(self, binding: Binding, reply: Any) -> bool:
        """Whether a timeline that was read by this binding is complete. What has changed is looked up next time."""
        bound, catching = reply
        if bound == str(binding).encode():
            return catching is None
        self._binding = None
        return False

    def mistaken(self) -> UnboundError:
        """The error of a call that a script refused."""
        self._binding = None
        return UnboundError("The timelines of this Redis server are not those that the call was meant for.")

    async def learn(self) -> Binding:
        """Asks for the binding of the server that answers, and binds one that has none.

        Raises UnboundError if it is that of another run: a worker has to see to it first.
        """
        pulse = await self._pulse(now_ms=None)
        if pulse is None or not pulse.is_bound:
            raise UnboundError("A worker has yet to see what this Redis server lacks.")
        self._binding = pulse.binding
        return pulse.binding

    async def beat(self, now_ms: int) -> Pulse:
        """Writes the beat of a server that is bound to its run; gives what it said before."""
        pulse = await self._pulse(now_ms=now_ms)
        assert pulse is not None, "it is bound now"
        return pulse

    async def _pulse(self, *, now_ms: int | None) -> Pulse | None:
        """None of a server that is not bound."""
        arguments = (*self._keys, "" if now_ms is None else now_ms, 0 if self._is_reading_only else 1)

        async def call(client: Redis, _run_id: str) -> Pulse | None:
            run, binding, beat, catching = await self._beat(args=arguments, client=client)
            if binding is None:
                return None
            return Pulse(
                run.decode(),
                Binding.of(binding),
                None if beat is None else int(beat),
                None if catching is None else int(catching),
            )

        return await self._ask(call)

    async def bind(self, pulse: Pulse, name: str, *, now_ms: int, catching: int | None) -> bool:
        """Binds the server that gave this pulse; False if somebody else has, or another server answers."""
        until = "" if catching is None else catching
        arguments = (*self._keys, now_ms, str(pulse.binding), pulse.run_id, name, until)

        async def call(client: Redis, _run_id: str) -> bool:
            return bool(await self._bind(args=arguments, client=client))

        return await self._ask(call)

    async def end_catching(self, up_to: int) -> None:
        """Says that everything is there again up to this event."""

        async def call(client: Redis, _run_id: str) -> None:
            await self._end_catching(args=(keys.catching(self._cache.prefix), up_to), client=client)

        await self._ask(call)

    async def _ask(self, call: Callable[[Redis, str], Awaitable[T]]) -> T:
        """As core.cache.Cache.run, but that a server which has just taken another's place is asked, too."""
        run_id = self._cache.run_id
        try:
            return await self._cache.run(call)
        except CacheUnavailableError:
            if self._cache.run_id == run_id:
                raise
            return await self._cache.run(call)

    @property
    def _keys(self) -> tuple[str, str, str]:
        prefix = self._cache.prefix
        return (self.key, keys.beat(prefix), keys.catching(prefix))
