"""Refusals of mutations, as data. Top-level errors are no types: they carry `extensions.code` (docs/errors.md)."""

from datetime import datetime

import strawberry

from resolvers import payloads
from schema.base import view_of


@strawberry.interface(description="Why an act was refused. Nothing has changed.")
class MutationError:
    """View of payloads.Refused."""

    message: str = strawberry.field(description="What is wrong, for a person to read.")
    code: str = strawberry.field(description="What is wrong, for a program to read.")
    path: list[str] | None = strawberry.field(description="The field of `input` that is to blame, if one is.")


@strawberry.type(description="A field of the input breaks a rule. Codes: BLANK, TOO_LONG, MALFORMED, TAKEN, …")
@view_of(payloads.RefusedAsInvalid)
class ValidationError(MutationError):
    """View of payloads.RefusedAsInvalid."""


@strawberry.type(description="The thing is absent, or hidden from the viewer: the answer is the same.")
@view_of(payloads.RefusedAsNotFound)
class NotFoundError(MutationError):
    """View of payloads.RefusedAsNotFound."""


@strawberry.type(description="The thing is there, but the viewer may not do this.")
@view_of(payloads.RefusedAsNotAllowed)
class NotAllowedError(MutationError):
    """View of payloads.RefusedAsNotAllowed."""


@strawberry.type(description="The thing has changed since the caller read it.")
@view_of(payloads.RefusedAsConflict)
class ConflictError(MutationError):
    """View of payloads.RefusedAsConflict."""

    current_version: int = strawberry.field(description="The version that the thing has now.")


@strawberry.type(description="Tried too often.")
@view_of(payloads.RefusedAsThrottled)
class ThrottledError(MutationError):
    """View of payloads.RefusedAsThrottled."""

    retry_at: datetime = strawberry.field(description="When the next try may succeed.")


# The description of the one argument that a mutation takes.
INPUT = strawberry.argument(description="What the act needs to know.")

ERRORS = (ValidationError, NotFoundError, NotAllowedError, ConflictError, ThrottledError)


@strawberry.type
class Refusable:
    """What every payload has."""

    errors: list[MutationError] = strawberry.field(description="Why the act was refused; empty if it was done.")
