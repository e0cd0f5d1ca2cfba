"""Reading and writing headers: request ids, media types, origins, and the answer with the headers all answers carry."""

import re
import secrets
from collections.abc import Mapping, Sequence
from functools import lru_cache
from random import Random
from urllib.parse import urlsplit

import orjson
from starlette.responses import Response

PLAIN_JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"

# An id tells requests apart and is no secret; asking the system for randomness takes longer than the rest of a header.
_request_ids = Random(secrets.randbits(128))  # noqa: S311 (as said)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_UTF8_NAMES = frozenset({"utf-8", "utf8"})
_CONTENT_TYPES = {name: f"{name}; charset=utf-8".encode() for name in (PLAIN_JSON, RESPONSE_JSON)}
_ALWAYS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_HEADS = {
    name: b"".join(b"%b: %b\r\n" % header for header in ((b"content-type", kind), *_ALWAYS))
    + b"content-length: %d\r\nx-request-id: %b\r\n"
    for name, kind in _CONTENT_TYPES.items()
}


def request_id_of(given: str) -> str:
    """The caller's own request id when it is harmless, else a new one."""
    return given if _REQUEST_ID.fullmatch(given) else f"{_request_ids.getrandbits(64):016x}"


def answer_headers(
    media_type: str, *, request_id: str, length_bytes: int, extra: Sequence[tuple[bytes, bytes]] = ()
) -> list[tuple[bytes, bytes]]:
    """The headers of an answer of JSON."""
    return [
        (b"content-type", _CONTENT_TYPES[media_type]),
        *_ALWAYS,
        (b"content-length", b"%d" % length_bytes),
        (b"x-request-id", request_id.encode("ascii")),
        *extra,
    ]


def answer_head(media_type: str, *, request_id: str, length_bytes: int) -> bytes:
    """The same headers as the lines of an HTTP/1.1 message, each with its end."""
    return _HEADS[media_type] % (length_bytes, request_id.encode("ascii"))


def json_answer(content: object, *, status: int, request_id: str) -> Response:
    """An answer of JSON, for Starlette's routes."""
    body = orjson.dumps(content)
    response = Response(body, status_code=status)
    response.raw_headers = answer_headers(PLAIN_JSON, request_id=request_id, length_bytes=len(body))
    return response


@lru_cache(maxsize=256)
def negotiate(accept: bytes | None) -> str | None:
    """The media type to answer with, or None when the caller accepts neither of ours.

    A caller who names no preference gets application/json, as GraphQL over HTTP wants it for old clients;
    a caller who names both alike gets the newer one, whose status codes say more.
    """
    if accept is None or not accept.strip():
        return PLAIN_JSON
    best: tuple[float, int, int] = (0.0, 0, 0)
    chosen: str | None = None
    preferences = _preferences(accept.decode("latin-1"))
    for media_type in (RESPONSE_JSON, PLAIN_JSON):
        quality, specificity = _quality_of(media_type, preferences)
        is_newer_by_name = int(specificity == _EXACT and media_type == RESPONSE_JSON)
        is_plain_by_wildcard = int(specificity < _EXACT and media_type == PLAIN_JSON)
        rank = (quality, specificity, is_newer_by_name + is_plain_by_wildcard)
        if quality > 0 and rank > best:
            best, chosen = rank, media_type
    return chosen


@lru_cache(maxsize=256)
def is_json_content_type(content_type: bytes | None) -> bool:
    """Tells whether a body is JSON in UTF-8; other types are what HTML forms send across origins."""
    if content_type is None:
        return False
    name, *parameters = (part.strip().lower() for part in content_type.decode("latin-1").split(";"))
    return name == PLAIN_JSON and all(_is_utf8(parameter) for parameter in parameters)


def is_origin_allowed(headers: Mapping[str, str], allowed_origins: frozenset[str]) -> bool:
    """Tells whether a page may open a socket here: one of the same host or of an allowed origin; programs may."""
    origin = headers.get("origin")
    if origin is None or origin in allowed_origins:
        return True
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(host) and host.lower() == headers.get("host", "").lower()


_EXACT = 3


def _preferences(accept: str) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for entry in accept.split(","):
        name, *parameters = (part.strip().lower() for part in entry.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                quality = _parsed_quality(parameter[2:])
            elif not _is_utf8(parameter):
                break
        else:
            found.append((name, quality))
    return found


def _quality_of(media_type: str, preferences: list[tuple[str, float]]) -> tuple[float, int]:
    """The quality of the most specific range that covers `media_type`, and how specific that is (3, 2, 1; 0 none)."""
    ranges = {media_type: _EXACT, "application/*": 2, "*/*": 1}
    covering = [(ranges[name], quality) for name, quality in preferences if name in ranges]
    if not covering:
        return 0.0, 0
    specificity, quality = max(covering)
    return quality, specificity


def _parsed_quality(text: str) -> float:
    return float(text) if re.fullmatch(r"[01](\.[0-9]{0,3})?", text) else 0.0


def _is_utf8(parameter: str) -> bool:
    """Tells whether a media type's parameter leaves the charset alone or names UTF-8."""
    name, _, value = parameter.partition("=")
    return name.strip() != "charset" or value.strip(' "') in _UTF8_NAMES


def whole_seconds(duration_s: float) -> str:
    """A duration for Retry-After: at least 1, rounded up."""
    return str(max(1, -int(-duration_s // 1)))
