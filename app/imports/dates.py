"""Dates as files write them."""

from datetime import UTC, datetime, timedelta

from core import ids
from core.clock import utc_now

# ISO 8601 is tried first.
_FORMATS = ("%m/%d/%y %H:%M", "%m/%d/%y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%a %b %d %H:%M:%S %z %Y")
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnusableDateError(ValueError):
    """No date, none in a form that we know, or none that a row can have."""


def parsed(text: str) -> datetime:
    """The date in the text, in UTC, which is also what a date without a zone is in. Raises UnusableDateError.

    ISO 8601, "10/16/17 22:59" (month first, year of two or four digits, with or without seconds), and
    "Sun Aug 27 00:05:34 +0000 2017".
    """
    text = text.strip()
    try:
        return usable(datetime.fromisoformat(text))
    except UnusableDateError:
        raise
    except ValueError:
        pass
    for form in _FORMATS:
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 (`usable` adds the zone)
        except ValueError:
            continue
        return usable(found)
    raise UnusableDateError(f"{text!r} is no date in a known form.")


def from_milliseconds(text: str) -> datetime:
    """The date of a number of milliseconds since 1970. Raises UnusableDateError."""
    if not (text.isascii() and text.isdigit()):
        raise UnusableDateError(f"{text!r} is no number of milliseconds.")
    try:
        return usable(_UNIX_EPOCH + timedelta(milliseconds=int(text)))
    except (OverflowError, ValueError) as error:
        raise UnusableDateError(f"{text!r} is out of bounds.") from error


def usable(date: datetime) -> datetime:
    """The date in UTC. Raises UnusableDateError if no id can be minted from it: before 2000, or still to come."""
    try:
        date = date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except OverflowError as error:
        raise UnusableDateError(f"{date} is out of bounds.") from error
    if date < ids.EPOCH:
        raise UnusableDateError(f"{date:%Y-%m-%d} is before {ids.EPOCH:%Y-%m-%d}.")
    if date > utc_now():
        raise UnusableDateError(f"{date:%Y-%m-%d %H:%M} is still to come.")
    return date
