"""Ids: 64-bit, time-ordered numbers inside; opaque, typed strings outside.

A number is minted by one SQL function, `mint_id(at)`: milliseconds since EPOCH in the upper 41 bits, a
sequence in the lower 22. So a row's id is also its time of creation, to the millisecond, and sorting by id is
sorting by time. A string is `Kind` (one byte) and number (eight bytes) in URL-safe base64: twelve characters.
"""

import struct
from binascii import b2a_base64
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from core import opaque

# 41 bits of milliseconds last until September 2069. It starts early enough for archives brought from elsewhere.
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
SEQUENCE_BITS = 22
ENCODED_CHARS = 12
# No row has this id.
NOBODY = 0

_LAYOUT = struct.Struct(">Bq")
_pack = _LAYOUT.pack
_MILLISECOND = timedelta(milliseconds=1)


class Kind(IntEnum):
    """What an opaque id names. The numbers are part of every id that was ever given out: never reuse one."""

    USER = 1
    POST = 2
    HASHTAG = 3
    BOOKMARK_FOLDER = 4
    LIST = 5
    CIRCLE = 6
    FILTER = 7
    REPORT = 8
    MODERATION_ACTION = 9


class MalformedIdError(ValueError):
    """The text is not an id that we gave out."""


def encode(kind: Kind, number: int) -> str:
    """The opaque form of an id."""
    # Called for every node of a page: opaque.to_text, less what is for padding, which nine bytes do not have.
    return b2a_base64(_pack(kind, number), newline=False).translate(opaque.TO_URL).decode()


def decode(text: str) -> tuple[Kind, int]:
    """The kind and the number of an opaque id. Raises MalformedIdError for anything else."""
    if len(text) != ENCODED_CHARS:
        raise MalformedIdError(text)
    try:
        kind, number = _LAYOUT.unpack(opaque.to_bytes(text))
        known = Kind(kind)
    except (ValueError, struct.error) as error:
        raise MalformedIdError(text) from error
    if number <= 0:
        raise MalformedIdError(text)
    return known, number


def number_of(kind: Kind, text: str) -> int:
    """The number, if the text is an id of this kind; NOBODY otherwise: nothing is there under such an id."""
    try:
        found, number = decode(text)
    except MalformedIdError:
        return NOBODY
    return number if found is kind else NOBODY


def time_of(number: int) -> datetime:
    """When the row with this id came to be, to the millisecond, in UTC."""
    return EPOCH + _MILLISECOND * (number >> SEQUENCE_BITS)


def first_at(moment: datetime) -> int:
    """The smallest id that `mint_id(moment)` can give: a bound for comparing ids with times."""
    return ((moment - EPOCH) // _MILLISECOND) << SEQUENCE_BITS
