"""What mutations answer: the thing that changed, or why not. A refusal is data; nothing has changed then."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Protocol, Self, TypeVar

from access.filters import Filter
from access.viewer import Viewer
from actions.deletions import Deleted
from core import errors
from loaders.bookmarks import BookmarkFolderRow
from loaders.hashtags import HashtagRow
from loaders.moderation import ModerationActionRow
from loaders.reports import ReportRow
from loaders.rows import PostRow, UserRow


@dataclass(frozen=True, slots=True)
class Refused:
    """One reason why an act was refused; `path` leads to the field of the input, if one is to blame."""

    message: str
    code: str
    path: Sequence[str] | None


class RefusedAsInvalid(Refused):
    """A field breaks a rule."""


class RefusedAsNotFound(Refused):
    """The thing is absent or hidden."""


class RefusedAsNotAllowed(Refused):
    """The viewer may not do this."""


@dataclass(frozen=True, slots=True)
class RefusedAsConflict(Refused):
    """The thing has changed meanwhile."""

    current_version: int


@dataclass(frozen=True, slots=True)
class RefusedAsThrottled(Refused):
    """Tried too often."""

    retry_at: datetime


def refusals_of(error: errors.RefusalError) -> list[Refused]:
    """A refusal as data."""
    message = str(error)
    match error:
        case errors.ValidationError():
            return [RefusedAsInvalid(problem.message, problem.code, problem.path) for problem in error.problems]
        case errors.NotFoundError():
            return [RefusedAsNotFound(message, "NOT_FOUND", error.path or None)]
        case errors.NotAllowedError():
            return [RefusedAsNotAllowed(message, "NOT_ALLOWED", error.path or None)]
        case errors.ConflictError():
            return [RefusedAsConflict(message, "CONFLICT", error.path or None, error.current_version)]
        case errors.ThrottledError():
            return [RefusedAsThrottled(message, "THROTTLED", error.path or None, error.retry_at)]
        case _:
            raise error


class Payload(Protocol):
    """Every payload can be made of refusals alone."""

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self: ...


@dataclass(frozen=True, slots=True)
class PostPayload:
    """The post that an act changed."""

    post: PostRow | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


@dataclass(frozen=True, slots=True)
class DeletedPostPayload:
    """The post that is gone, and what it said."""

    deleted_post_id: int | None = None
    source: Deleted | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


@dataclass(frozen=True, slots=True)
class BookmarkFolderPayload:
    """The folder that an act changed."""

    folder: BookmarkFolderRow | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


@dataclass(frozen=True, slots=True)
class DeletedBookmarkFolderPayload:
    """The folder that is gone."""

    deleted_folder_id: int | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


@dataclass(frozen=True, slots=True)
class FilterPayload:
    """The filter that an act changed."""

    filter: Filter | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


@dataclass(frozen=True, slots=True)
class DeletedFilterPayload:
    """The filter that is gone."""

    deleted_filter_id: int | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


@dataclass(frozen=True, slots=True)
class UserPayload:
    """The user that an act changed."""

    user: UserRow | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


@dataclass(frozen=True, slots=True)
class ViewerPayload:
    """The account that changed something of itself."""

    viewer: Viewer | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


@dataclass(frozen=True, slots=True)
class HashtagPayload:
    """The hashtag that an act followed or unfollowed."""

    hashtag: HashtagRow | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


@dataclass(frozen=True, slots=True)
class ReportPayload:
    """The report that was made or answered."""

    report: ReportRow | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


@dataclass(frozen=True, slots=True)
class ModerationActionPayload:
    """What a moderator did."""

    action: ModerationActionRow | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


@dataclass(frozen=True, slots=True)
class SessionPayload:
    """A session's tokens, and whose they are."""

    access_token: str | None = None
    refresh_token: str | None = None
    expires_at: datetime | None = None
    viewer: Viewer | None = None
    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


@dataclass(frozen=True, slots=True)
class BarePayload:
    """Nothing but whether it was refused."""

    errors: Sequence[Refused] = ()

    @classmethod
    def refused(cls, reasons: Sequence[Refused]) -> Self:
        return cls(errors=reasons)


AnyPayload = TypeVar("AnyPayload", bound=Payload)
Mutation = Callable[..., Awaitable[AnyPayload]]


def refusals_as(payload: type[AnyPayload]) -> Callable[[Mutation[AnyPayload]], Mutation[AnyPayload]]:
    """Turns the RefusalErrors of a mutation's resolver into its payload's errors."""

    def decorate(resolve: Mutation[AnyPayload]) -> Mutation[AnyPayload]:
        @wraps(resolve)
        async def resolved(*args: Any, **kwargs: Any) -> AnyPayload:  # as the decorated function's
            try:
                return await resolve(*args, **kwargs)
            except errors.RefusalError as error:
                return payload.refused(refusals_of(error))

        return resolved

    return decorate
