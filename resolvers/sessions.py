"""Signing up, in, on and out."""

from access.viewer import Viewer
from actions import accounts, sessions
from core.clock import utc_now
from core.errors import NotAllowedError
from core.tokens import InvalidTokenError, refresh_claims
from resolvers.context import Context
from resolvers.payloads import BarePayload, SessionPayload, refusals_as


@refusals_as(SessionPayload)
async def register(context: Context, new: accounts.NewAccount, password: str) -> SessionPayload:
    accounts.check_new_account(new, password=password)
    password_hash = await context.resources.passwords.hash(password)
    account_id = await context.transact_as_anyone(accounts.register, new, password_hash=password_hash)
    return await _open(context, account_id)


@refusals_as(SessionPayload)
async def login(context: Context, handle: str, password: str) -> SessionPayload:
    """Answers alike, by the same steps, whether the account is missing or the password is wrong."""
    found = await accounts.fetch_credentials(context.resources.db, handle)
    passwords = context.resources.passwords
    is_right = await passwords.matches(password, stored=found and found.password_hash)
    if found is None or found.password_hash is None or not is_right:
        raise NotAllowedError("The handle or the password is wrong.")
    if passwords.is_outdated(found.password_hash):
        renewed = await passwords.hash(password)
        await context.transact_as_anyone(accounts.replace_password_hash, found.account_id, password_hash=renewed)
    return await _open(context, found.account_id)


@refusals_as(SessionPayload)
async def refresh_session(context: Context, refresh_token: str) -> SessionPayload:
    ended = NotAllowedError("This session has ended. Sign in again.", path=("refreshToken",))
    resources = context.resources
    try:
        claims = refresh_claims(refresh_token)
    except InvalidTokenError as error:
        raise ended from error
    opened = await context.transact_as_anyone(
        sessions.refresh_session, claims, tokens=resources.tokens, ttl=resources.session_ttl
    )
    if opened is None:
        raise ended
    return _payload(context, opened)


@refusals_as(BarePayload)
async def logout(context: Context) -> BarePayload:
    await context.transact_as_anyone(sessions.close_session, context.require_viewer())
    return BarePayload()


async def _open(context: Context, account_id: int) -> SessionPayload:
    opened = await context.transact_as_anyone(sessions.open_session, account_id, ttl=context.resources.session_ttl)
    return _payload(context, opened)


def _payload(context: Context, opened: sessions.OpenSession) -> SessionPayload:
    """The session's tokens. What else the document asks for is answered to whom they belong."""
    tokens = context.resources.tokens
    access_token, expires_at = tokens.access_token(
        account_id=opened.account_id, session_id=opened.id, now=utc_now(), was_suspended=opened.is_suspended
    )
    context.viewer = Viewer(opened.account_id, opened.id, expires_at, opened.is_suspended)
    context.forget_loaded()
    return SessionPayload(
        access_token=access_token,
        refresh_token=tokens.refresh_token(session_id=opened.id, salt=opened.salt, generation=opened.generation),
        expires_at=expires_at,
        viewer=context.viewer,
    )
