"""Every error that we expect, in one tree.

    RookeryError
    ├── RequestError               the request cannot be served: a top-level GraphQL error with `extensions.code`
    │   ├── UnauthenticatedError   UNAUTHENTICATED   no, a wrong, an expired or a revoked token
    │   ├── RateLimitedError       RATE_LIMITED      too many requests; carries `retry_after_s`
    │   ├── CostExceededError      COST_EXCEEDED     the document asks for more than one may
    │   ├── BadCursorError         BAD_CURSOR        a cursor that this list never gave out
    │   ├── BadInputError          BAD_INPUT         an argument outside its bounds, a malformed request
    │   ├── DeadlineExceededError  TIMEOUT           the operation took longer than its deadline
    │   └── UnavailableError       UNAVAILABLE       Postgres cannot be reached or is overloaded
    └── RefusalError               this act was refused: data in a mutation's payload
        ├── ValidationError        a field of the input is not acceptable; one Problem per field
        ├── NotFoundError          the thing is absent, or hidden from the viewer: the same answer
        ├── NotAllowedError        the thing is visible, but the viewer may not do this to it
        ├── ConflictError          the thing has changed since the caller read it
        └── ThrottledError         tried too often; carries `retry_at`

Whatever is not in this tree is a bug: the client sees INTERNAL and a request id, the log the rest.
Messages are written for the person who sent the request and may be shown to them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


class RookeryError(Exception):
    """The root; never raised itself. `str(error)` is the message for the client."""


class RequestError(RookeryError):
    """The request cannot be served; the client gets `code` in the error's extensions."""

    code: ClassVar[str]
    http_status: ClassVar[int] = 200


class UnauthenticatedError(RequestError):
    """No valid token came with a request that needs one, or an invalid one came with any request."""

    code = "UNAUTHENTICATED"
    http_status = 401


class RateLimitedError(RequestError):
    """Too many requests; `retry_after_s` seconds from now one will be accepted."""

    code = "RATE_LIMITED"
    http_status = 429

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class CostExceededError(RequestError):
    """The document may return more than a document may ask for."""

    code = "COST_EXCEEDED"


class BadCursorError(RequestError):
    """The cursor was not given out by this list."""

    code = "BAD_CURSOR"

    def __init__(self, message: str = "This cursor does not belong to this list.") -> None:
        super().__init__(message)


class BadInputError(RequestError):
    """An argument is outside its bounds, or the request is malformed."""

    code = "BAD_INPUT"
    http_status = 400


class DeadlineExceededError(RequestError):
    """The operation was stopped at its deadline."""

    code = "TIMEOUT"
    http_status = 504


class UnavailableError(RequestError):
    """A part that we need does not answer; the same request may succeed in a moment."""

    code = "UNAVAILABLE"
    http_status = 503

    def __init__(
        self,
        message: str = "The service is temporarily unavailable. Please try again in a moment.",
        *,
        retry_after_s: float = 1.0,
    ) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RefusalError(RookeryError):
    """An act was refused; nothing has changed. Becomes an entry of the payload's `errors`."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of an input: the path to the field below `input`, a code, a message."""

    path: tuple[str, ...]
    code: str
    message: str


class ValidationError(RefusalError):
    """The input breaks a rule; every problem found is listed, not only the first."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class NotFoundError(RefusalError):
    """The named thing does not exist or is hidden from the viewer."""

    def __init__(self, message: str, *, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


class NotAllowedError(RefusalError):
    """The viewer can see the thing but may not do this."""

    def __init__(self, message: str, *, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


class ConflictError(RefusalError):
    """The thing is now at `current_version`; read it again and repeat."""

    def __init__(self, message: str, *, current_version: int, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.current_version = current_version
        self.path = path


class ThrottledError(RefusalError):
    """Too many attempts; the next may succeed at `retry_at`."""

    def __init__(self, message: str, *, retry_at: datetime, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.retry_at = retry_at
        self.path = path
