"""Spans: what ran below what, and for how long. Whoever wants them brings a Tracer; without one nothing is measured.

    with begun(tracer, "query", {"rookery.cost": 12}) as span:    # a span of its own
        with begun(current.get(), "load", {}):                    # a span below it

A span holds names, numbers and ids. Texts of documents, variables, handles and messages of errors stay out of it:
spans leave the process, and people read them who may not read posts.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

Attribute = str | int | bool

# Attributes of a batch of a loader.
LOADER = "rookery.loader"
KEYS = "rookery.keys"
# Attribute of a feed's own statement.
FEED = "rookery.feed"


class Place(Protocol):
    """Where spans can begin."""

    def begin(self, name: str, attributes: Mapping[str, Attribute]) -> "Span":
        """A span that begins now."""


class Span(Place, Protocol):
    """Something that has begun; spans that begin in it are below it."""

    def rename(self, name: str) -> None:
        """Gives the name that was not known at the beginning."""

    def note(self, attributes: Mapping[str, Attribute]) -> None:
        """Adds attributes."""

    def fail(self, kind: str) -> None:
        """Marks it as failed. `kind` names the class of the error: its message may quote what a person wrote."""

    def end(self) -> None:
        """It is over. Of a span that never ends nobody hears."""


class Tracer(Place, Protocol):
    """Takes spans; those that begin in it are below none."""

    async def close(self) -> None:
        """Hands on what it has taken; waits for a few seconds at most."""


# Where a span begins now: below the running operation's. None if there is no tracer.
current: ContextVar[Place | None] = ContextVar("current", default=None)


@contextmanager
def within(place: Place | None) -> Iterator[None]:
    """Makes this the current place, for what runs inside and for the tasks that it starts."""
    token = current.set(place)
    try:
        yield
    finally:
        current.reset(token)


@contextmanager
def begun(
    place: Place,
    name: str,
    attributes: Mapping[str, Attribute],
    *,
    forgotten_by: tuple[type[Exception], ...] = (),
) -> Iterator[Span]:
    """A span around what runs inside. An exception that leaves it, a cancellation too, marks it as failed; after one
    of `forgotten_by` it is as if it had not begun.
    """
    span = place.begin(name, attributes)
    try:
        with within(span):
            yield span
    except forgotten_by:
        raise
    except BaseException as error:
        span.fail(type(error).__name__)
        span.end()
        raise
    span.end()
