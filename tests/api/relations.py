"""Relations between people, put into the database as they are: what tests of other things take for granted."""

import sqlalchemy as sa

from core.clock import utc_now
from core.database import Statement, command
from models.accounts import account
from models.blocks import block
from models.follows import follow_request
from models.mutes import mute
from tests.worlds import Person, World

_ONE = sa.bindparam("one", type_=sa.BigInteger)
_OTHER = sa.bindparam("other", type_=sa.BigInteger)
_BLOCK = command(sa.insert(block).values(blocker_id=_ONE, blocked_id=_OTHER))
_MUTE = command(sa.insert(mute).values(muter_id=_ONE, muted_id=_OTHER))
_REQUEST = command(sa.insert(follow_request).values(follower_id=_ONE, followee_id=_OTHER))
_HIDE = command(sa.update(account).where(account.c.id == _ONE).values(is_private=True))
_SUSPEND = command(
    sa.update(account)
    .where(account.c.id == _ONE)
    .values(suspended_at=sa.bindparam("at", type_=sa.DateTime(timezone=True)))
)


async def block_(world: World, blocker: Person, blocked: Person) -> None:
    """One person blocks another."""
    await _run(world, _BLOCK, one=blocker.account_id, other=blocked.account_id)


async def mute_(world: World, muter: Person, muted: Person) -> None:
    """One person mutes another."""
    await _run(world, _MUTE, one=muter.account_id, other=muted.account_id)


async def request(world: World, follower: Person, followee: Person) -> None:
    """One person has asked to follow another."""
    await _run(world, _REQUEST, one=follower.account_id, other=followee.account_id)


async def make_private(world: World, person: Person) -> None:
    """A person's account becomes private."""
    await _run(world, _HIDE, one=person.account_id)


async def suspend(world: World, person: Person) -> None:
    """A person's account is suspended."""
    await _run(world, _SUSPEND, one=person.account_id, at=utc_now())


async def _run(world: World, statement: Statement[None], **parameters: object) -> None:
    await world.services.db.transact(lambda tx: tx.run(statement, **parameters))
