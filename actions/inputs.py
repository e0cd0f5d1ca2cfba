"""Rules for what people write, field by field. Every rule gives the problem it finds, or None."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import regex

from core import text
from core.errors import Problem, ValidationError
from core.spoofing import defused
from core.urls import LONGEST_URL_CHARS, InvalidUrlError, normalised_url

LONGEST_BODY_GRAPHEMES = 500
LONGEST_BODY_BYTES = 8_000
LONGEST_CONTENT_WARNING_GRAPHEMES = 200
LONGEST_CONTENT_WARNING_BYTES = 3_200
LONGEST_DISPLAY_NAME_GRAPHEMES = 64
LONGEST_DISPLAY_NAME_BYTES = 640
LONGEST_BIO_GRAPHEMES = 500
LONGEST_BIO_BYTES = 8_000
LONGEST_NOTE_GRAPHEMES = 500
LONGEST_NOTE_BYTES = 8_000
LONGEST_REMARK_GRAPHEMES = 1_000
LONGEST_REMARK_BYTES = 16_000
LONGEST_FOLDER_NAME_GRAPHEMES = 64
LONGEST_FOLDER_NAME_BYTES = 640
LONGEST_GROUP_NAME_GRAPHEMES = 64
LONGEST_GROUP_NAME_BYTES = 640
MOST_PROFILE_FIELDS = 6
LONGEST_FIELD_NAME_GRAPHEMES = 64
LONGEST_FIELD_NAME_BYTES = 640
LONGEST_FIELD_VALUE_GRAPHEMES = 255
LONGEST_FIELD_VALUE_BYTES = 2_550
LONGEST_LOCATION_GRAPHEMES = 64
LONGEST_LOCATION_BYTES = 640
LONGEST_KEYWORD_GRAPHEMES = 100
LONGEST_KEYWORD_BYTES = 1_000
LONGEST_AHEAD = timedelta(days=36_525)
LONGEST_EMAIL_CHARS = 254
SHORTEST_PASSWORD_CHARS = 8
LONGEST_PASSWORD_BYTES = 1_024

_HANDLE = regex.compile(r"[A-Za-z0-9_]{2,30}")
# A language, then perhaps script, region and variants: what of BCP 47 (RFC 5646) people use.
_LANGUAGE = regex.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-[A-Za-z0-9]{5,8}){0,2}")
# One "@", no spaces, a dot somewhere behind it: whether mail arrives is for a confirmation to find out.
_EMAIL = regex.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a text may be, in characters as people count them and in bytes of UTF-8."""

    graphemes: int
    bytes: int


BODY = Bounds(LONGEST_BODY_GRAPHEMES, LONGEST_BODY_BYTES)
CONTENT_WARNING = Bounds(LONGEST_CONTENT_WARNING_GRAPHEMES, LONGEST_CONTENT_WARNING_BYTES)
DISPLAY_NAME = Bounds(LONGEST_DISPLAY_NAME_GRAPHEMES, LONGEST_DISPLAY_NAME_BYTES)
BIO = Bounds(LONGEST_BIO_GRAPHEMES, LONGEST_BIO_BYTES)
NOTE = Bounds(LONGEST_NOTE_GRAPHEMES, LONGEST_NOTE_BYTES)
REMARK = Bounds(LONGEST_REMARK_GRAPHEMES, LONGEST_REMARK_BYTES)
FOLDER_NAME = Bounds(LONGEST_FOLDER_NAME_GRAPHEMES, LONGEST_FOLDER_NAME_BYTES)
GROUP_NAME = Bounds(LONGEST_GROUP_NAME_GRAPHEMES, LONGEST_GROUP_NAME_BYTES)
FIELD_NAME = Bounds(LONGEST_FIELD_NAME_GRAPHEMES, LONGEST_FIELD_NAME_BYTES)
FIELD_VALUE = Bounds(LONGEST_FIELD_VALUE_GRAPHEMES, LONGEST_FIELD_VALUE_BYTES)
KEYWORD = Bounds(LONGEST_KEYWORD_GRAPHEMES, LONGEST_KEYWORD_BYTES)
LOCATION = Bounds(LONGEST_LOCATION_GRAPHEMES, LONGEST_LOCATION_BYTES)


def profile_text(value: str) -> str:
    """A name or another text of a profile as it is stored: in one form, and without what lets it pass for another.

    A text that is too long for any of them comes back as it is, to be refused: it is not worth the time.
    """
    if len(value) > LONGEST_BIO_BYTES:
        return value
    return text.normalised(defused(text.normalised(value)))


def remark(value: str | None, *, field: str) -> str | None:
    """What one writes beside a report or an act of moderation, as it is stored: None for nothing but white space.

    Raises ValidationError.
    """
    if value is None:
        return None
    stored = text.normalised(value)
    if problem := problem_of_text(stored, REMARK, field=field, may_be_blank=True):
        raise ValidationError(problem)
    return None if text.is_blank(stored) else stored


def profile_line(value: str) -> str:
    """The same of a text that has one line: single spaces for all white space, line breaks among it."""
    return " ".join(profile_text(value).split())


def problem_of_text(
    value: str, bounds: Bounds, *, field: str | tuple[str, ...], may_be_blank: bool = False
) -> Problem | None:
    """A text that is shown: storable, not blank unless it may be, within its bounds. `field` may be a whole path."""
    path = (field,) if isinstance(field, str) else field
    if not text.is_storable(value):
        return Problem(path, "UNSTORABLE", "The text contains characters that cannot be stored.")
    if not may_be_blank and text.is_blank(value):
        return Problem(path, "BLANK", "The text is empty.")
    if (length := text.byte_count(value)) > bounds.bytes:
        return Problem(path, "TOO_LONG", f"The text has {length} bytes; {bounds.bytes} are allowed.")
    if (length := text.grapheme_count(value)) > bounds.graphemes:
        return Problem(path, "TOO_LONG", f"The text has {length} characters; {bounds.graphemes} are allowed.")
    return None


def url_or_problem(raw: str, *, field: str) -> tuple[str | None, Problem | None]:
    """An http or https address as it is stored, or what is wrong with it."""
    too_long = Problem((field,), "TOO_LONG", f"An address has at most {LONGEST_URL_CHARS} characters.")
    typed = raw.strip()
    if len(typed) > LONGEST_URL_CHARS:
        return None, too_long
    try:
        url = normalised_url(typed)
    except InvalidUrlError:
        message = "This is no address that begins with http:// or https:// and has no name or password in it."
        return None, Problem((field,), "MALFORMED", message)
    return (url, None) if len(url) <= LONGEST_URL_CHARS else (None, too_long)


def as_utc(moment: datetime) -> datetime:
    """The moment with an offset; one that is written without is taken as UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def problem_of_until(moment: datetime, *, now: datetime) -> Problem | None:
    """When something that has begun is to end: later than now, within a hundred years. Both have offsets."""
    if moment <= now:
        return Problem(("until",), "PAST", "This time has passed.")
    if moment - now > LONGEST_AHEAD:
        return Problem(("until",), "TOO_LATE", "This time is more than a hundred years away.")
    return None


def problem_of_handle(value: str) -> Problem | None:
    """A handle: 2 to 30 letters of a to z, digits and underscores, whose case does not tell two apart."""
    if _HANDLE.fullmatch(value) is None:
        return Problem(("handle",), "MALFORMED", "A handle has 2 to 30 letters (a to z), digits and underscores.")
    return None


def is_handle(value: str) -> bool:
    """Whether an account can have this handle."""
    return problem_of_handle(value) is None


def problem_of_language(value: str) -> Problem | None:
    """A language tag as in BCP 47, as far as its form can tell."""
    if _LANGUAGE.fullmatch(value) is None:
        return Problem(("language",), "MALFORMED", "A language is a tag such as en, pt-BR or zh-Hant.")
    return None


def language_tag(value: str) -> str:
    """A language tag in the case that BCP 47 recommends: en, pt-BR, zh-Hant."""
    first, *others = value.split("-")
    cased = {2: str.upper, 4: str.title}
    return "-".join([first.lower(), *(cased.get(len(part), str.lower)(part) for part in others)])


def problem_of_email(value: str) -> Problem | None:
    """An e-mail address, as far as its form can tell."""
    if len(value) > LONGEST_EMAIL_CHARS or not text.is_storable(value) or _EMAIL.fullmatch(value) is None:
        return Problem(("email",), "MALFORMED", "This is not an e-mail address.")
    return None


def problem_of_password(value: str) -> Problem | None:
    """A new password: long enough to be worth hashing, short enough to be hashed."""
    path = ("password",)
    if len(value) < SHORTEST_PASSWORD_CHARS:
        return Problem(path, "TOO_SHORT", f"A password has at least {SHORTEST_PASSWORD_CHARS} characters.")
    if not can_be_password(value):
        return Problem(path, "TOO_LONG", f"A password has at most {LONGEST_PASSWORD_BYTES} bytes of ordinary text.")
    return None


def can_be_password(value: str) -> bool:
    """Whether the text could be anybody's password."""
    return (
        len(value) <= LONGEST_PASSWORD_BYTES
        and text.is_storable(value)
        and text.byte_count(value) <= LONGEST_PASSWORD_BYTES
    )
