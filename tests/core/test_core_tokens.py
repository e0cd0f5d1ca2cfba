"""Access and refresh tokens without a server."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tokens import InvalidTokenError, RefreshClaims, Tokens, refresh_claims

SECRET = "a secret of thirty-two characters"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
TTL_S = 900
SALT = b"0123456789abcdef"


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    return Tokens(SECRET, access_ttl_s=TTL_S)


@given(st.integers(1, 2**63 - 1), st.integers(1, 2**63 - 1))
def test_an_access_token_says_what_was_put_into_it(account_id: int, session_id: int) -> None:
    tokens = Tokens(SECRET, access_ttl_s=TTL_S)
    token, expires_at = tokens.access_token(account_id=account_id, session_id=session_id, now=NOW)
    claims = tokens.access_claims(token, now=NOW)
    assert (claims.account_id, claims.session_id, claims.expires_at) == (account_id, session_id, expires_at)
    assert expires_at == NOW + timedelta(seconds=TTL_S)


def test_an_access_token_ends_at_its_expiry_even_if_it_was_checked_before(tokens: Tokens) -> None:
    token, expires_at = tokens.access_token(account_id=1, session_id=2, now=NOW)
    tokens.access_claims(token, now=expires_at - timedelta(seconds=1))
    for late in (expires_at, expires_at + timedelta(days=1)):
        with pytest.raises(InvalidTokenError):
            tokens.access_claims(token, now=late)


def test_a_change_of_any_character_is_noticed(tokens: Tokens) -> None:
    token, _ = tokens.access_token(account_id=1, session_id=2, now=NOW)
    # The last character of base64 has spare bits that some decoders ignore: that one may change without effect.
    for place in range(len(token) - 1):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(InvalidTokenError):
            tokens.access_claims(changed, now=NOW)


def _unsigned(token: str) -> str:
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


def test_tokens_of_another_key_or_without_a_signature_are_refused(tokens: Tokens) -> None:
    token, _ = tokens.access_token(account_id=1, session_id=2, now=NOW)
    foreign, _ = Tokens(SECRET + "!", access_ttl_s=TTL_S).access_token(account_id=1, session_id=2, now=NOW)
    refresh = tokens.refresh_token(session_id=2, salt=SALT, generation=0)
    for wrong in (foreign, _unsigned(token), refresh, "", ".", "..", "a.b.c", "\x00", "é.é.é"):
        with pytest.raises(InvalidTokenError):
            tokens.access_claims(wrong, now=NOW)


@given(st.text(max_size=80))
def test_any_text_as_an_access_token_is_refused_and_nothing_else(text: str) -> None:
    with pytest.raises(InvalidTokenError):
        Tokens(SECRET, access_ttl_s=TTL_S).access_claims(text, now=NOW)


@given(st.integers(1, 2**63 - 1), st.integers(0, 2**32 - 1), st.binary(min_size=16, max_size=16))
def test_a_refresh_token_proves_its_session_generation_and_salt(session_id: int, generation: int, salt: bytes) -> None:
    tokens = Tokens(SECRET, access_ttl_s=TTL_S)
    token = tokens.refresh_token(session_id=session_id, salt=salt, generation=generation)
    assert token == tokens.refresh_token(session_id=session_id, salt=salt, generation=generation)
    claims = refresh_claims(token)
    assert (claims.session_id, claims.generation) == (session_id, generation)
    assert tokens.is_proven(claims, salt=salt)
    assert not tokens.is_proven(claims, salt=bytes(16) if salt != bytes(16) else b"x" * 16)
    other = RefreshClaims(session_id, (generation + 1) % 2**32, claims.proof)
    assert not tokens.is_proven(other, salt=salt)
    assert not Tokens(SECRET + "!", access_ttl_s=TTL_S).is_proven(claims, salt=salt)


@given(st.text(max_size=80) | st.text("ABCabc-_019", min_size=59, max_size=59))
def test_any_text_as_a_refresh_token_is_refused_or_unproven(text: str) -> None:
    try:
        claims = refresh_claims(text)
    except InvalidTokenError:
        return
    assert not Tokens(SECRET, access_ttl_s=TTL_S).is_proven(claims, salt=SALT)
