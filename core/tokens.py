"""Tokens: signed access tokens, and refresh tokens that follow from a session's secret.

An access token is a JWS (HS256) of account, session and expiry; whoever holds the key can check it without a look
into the database. A refresh token is derived, not stored: HMAC(key, session, salt, generation). A database that
leaks therefore holds no token, and the answer to a refresh that got lost can be given again, the same.
"""

import base64
import hashlib
import hmac
import struct
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

_ALGORITHM = "HS256"
_CHECKED_AT_MOST = 10_000
_REFRESH_HEAD = struct.Struct(">qI")
_REFRESH_MAC_BYTES = 32


class InvalidTokenError(ValueError):
    """The token is not one of ours, was changed, or has expired."""


class AccessClaims(NamedTuple):
    """What an access token says."""

    account_id: int
    session_id: int
    expires_at: datetime
    was_suspended: bool


@dataclass(frozen=True, slots=True)
class RefreshClaims:
    """What a refresh token says before it is checked: its session, how often that was refreshed, its proof."""

    session_id: int
    generation: int
    proof: bytes


class Tokens:
    """Makes and checks tokens with one secret."""

    def __init__(self, secret: str, *, access_ttl_s: int) -> None:
        self._access_ttl = timedelta(seconds=access_ttl_s)
        self._key = OctKey.import_key(_derived(secret, "access"))
        self._refresh_key = _derived(secret, "refresh")
        # A client sends the same token with every request of a quarter of an hour; checking it once is enough.
        self._checked: OrderedDict[str, AccessClaims] = OrderedDict()

    def access_token(
        self, *, account_id: int, session_id: int, now: datetime, was_suspended: bool = False
    ) -> tuple[str, datetime]:
        """A new access token and when it expires. `was_suspended`: the account is suspended now."""
        expires_at = (now + self._access_ttl).replace(microsecond=0)
        claims: dict[str, str | int] = {"a": str(account_id), "s": str(session_id), "e": int(expires_at.timestamp())}
        if was_suspended:
            claims["x"] = 1
        return jws.serialize_compact({"alg": _ALGORITHM}, orjson.dumps(claims), self._key), expires_at

    def access_claims(self, token: str, *, now: datetime) -> AccessClaims:
        """What a valid token says. Raises InvalidTokenError."""
        claims = self._checked.get(token)
        if claims is None:
            claims = self._check(token)
            self._checked[token] = claims
            if len(self._checked) > _CHECKED_AT_MOST:
                self._checked.popitem(last=False)
        if claims.expires_at <= now:
            self._checked.pop(token, None)
            raise InvalidTokenError("The access token has expired.")
        return claims

    def _check(self, token: str) -> AccessClaims:
        try:
            signed = jws.deserialize_compact(token, self._key, algorithms=[_ALGORITHM])
            content = orjson.loads(signed.payload)
            return AccessClaims(
                account_id=int(content["a"]),
                session_id=int(content["s"]),
                expires_at=datetime.fromtimestamp(content["e"], UTC),
                was_suspended="x" in content,
            )
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise InvalidTokenError("The access token is not valid.") from error

    def refresh_token(self, *, session_id: int, salt: bytes, generation: int) -> str:
        """The refresh token of one generation of a session; the same each time it is asked for."""
        head = _REFRESH_HEAD.pack(session_id, generation)
        return base64.urlsafe_b64encode(head + self._proof(head, salt)).rstrip(b"=").decode("ascii")

    def is_proven(self, claims: RefreshClaims, *, salt: bytes) -> bool:
        """Whether the token behind the claims was made by us for the session with this salt."""
        head = _REFRESH_HEAD.pack(claims.session_id, claims.generation)
        return hmac.compare_digest(claims.proof, self._proof(head, salt))

    def _proof(self, head: bytes, salt: bytes) -> bytes:
        return hmac.digest(self._refresh_key, head + salt, hashlib.sha256)


def refresh_claims(token: str) -> RefreshClaims:
    """Takes a refresh token apart, unchecked. Raises InvalidTokenError if it cannot be one."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise InvalidTokenError("The refresh token is not valid.") from error
    if len(raw) != _REFRESH_HEAD.size + _REFRESH_MAC_BYTES:
        raise InvalidTokenError("The refresh token is not valid.")
    session_id, generation = _REFRESH_HEAD.unpack_from(raw)
    return RefreshClaims(session_id, generation, raw[_REFRESH_HEAD.size :])


def _derived(secret: str, purpose: str) -> bytes:
    """A key of its own for each purpose, so that one kind of token can never pass for the other."""
    return hmac.digest(secret.encode(), b"rookery " + purpose.encode(), hashlib.sha256)
