"""Groups of people that an account makes: what acts on lists and on circles have in common."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access import policy
from access.viewer import Viewer
from actions import inputs
from actions.accounts import lock_account
from core.database import Transaction, command, rows_of, values_of
from core.errors import NotAllowedError, NotFoundError, Problem, ValidationError
from events import outbox
from events.relations import HomeChanged
from loaders.facts import user_facts
from models.accounts import account

MOST_GROUPS = 100
MOST_MEMBERS = 5_000
MOST_MEMBERS_AT_ONCE = 100

_OWNER_ID = sa.bindparam("owner", type_=sa.BigInteger)
_GROUP_ID = sa.bindparam("group_id", type_=sa.BigInteger)
_USER_IDS = sa.bindparam("user_ids", type_=sa.ARRAY(sa.BigInteger))
_AT = sa.bindparam("at", type_=sa.DateTime(timezone=True))


class _Person(NamedTuple):
    id: int
    facts: int


_Found = TypeVar("_Found", int, bool)

_PEOPLE = rows_of(sa.select(account.c.id, user_facts()).where(account.c.id == sa.any_(_USER_IDS)), _Person)


class Groups:
    """The acts on groups of one kind. `noun` is what people and columns call it.

    Each act gives the id of the group. All raise NotFoundError for a group that is not the viewer's. `leaves_out` is
    the column, if there is one, that says whether who is in the group is left out of its owner's home feed: then what
    changes that is told.
    """

    def __init__(
        self, table: sa.Table, member: sa.Table, *, noun: str, leaves_out: sa.ColumnElement[bool] | None = None
    ) -> None:
        self._noun = noun
        is_own = sa.and_(table.c.id == _GROUP_ID, table.c.account_id == _OWNER_ID)
        # A group that somebody is put into, or taken out of, is neither deleted nor changed meanwhile.
        self._leaves_out = values_of(
            sa.select(sa.false() if leaves_out is None else leaves_out).where(is_own).with_for_update(key_share=True),
            bool,
        )
        self._count = values_of(
            sa.select(sa.func.count()).select_from(table).where(table.c.account_id == _OWNER_ID), int
        )
        told = [column for column in table.c if column.name not in ("id", "account_id")]
        given = {column.name: sa.bindparam(f"new_{column.name}", type_=column.type) for column in told}
        self._insert = values_of(
            sa.insert(table).values(id=sa.func.mint_id(_AT), account_id=_OWNER_ID, **given).returning(table.c.id),
            int,
        )
        kept = {name: sa.func.coalesce(new, table.c[name]) for name, new in given.items()}
        update, delete = sa.update(table).values(**kept), sa.delete(table).where(is_own)
        if leaves_out is None:
            self._update = values_of(update.where(is_own).returning(table.c.id), int)
            self._delete = values_of(delete.returning(table.c.id), int)
        else:
            before = (
                sa.select(table.c.id, leaves_out.label("left_out"))
                .where(is_own)
                .with_for_update(key_share=True)
                .cte("before")
            )
            updated = update.where(table.c.id == before.c.id).returning(
                table.c.id, table.c.account_id, (leaves_out != before.c.left_out).label("changes_home")
            )
            deleted = delete.returning(table.c.id, table.c.account_id, leaves_out.label("changes_home"))
            self._update, self._delete = (values_of(_told(written), int) for written in (updated, deleted))
        group_id = member.c[f"{noun}_id"]
        members = sa.select(member.c.account_id).where(group_id == _GROUP_ID)
        self._count_with = values_of(
            sa.select(sa.func.count()).select_from(members.union(sa.select(sa.func.unnest(_USER_IDS))).subquery()), int
        )
        new = sa.func.unnest(_USER_IDS).table_valued(sa.column("id", sa.BigInteger), name="new").render_derived()
        self._add = command(
            insert(member)
            .from_select(["id", group_id.name, "account_id"], sa.select(sa.func.mint_id(_AT), _GROUP_ID, new.c.id))
            .on_conflict_do_nothing()
        )
        self._remove = command(
            sa.delete(member).where(group_id == _GROUP_ID, member.c.account_id == sa.any_(_USER_IDS))
        )

    async def create(self, tx: Transaction, viewer: Viewer, *, name: str, **settings: object) -> int:
        """Makes a group. Raises ValidationError, NotAllowedError."""
        name = _checked_name(name)
        await lock_account(tx, viewer.account_id)
        count = await tx.row(self._count, owner=viewer.account_id) or 0
        if count >= MOST_GROUPS:
            raise NotAllowedError(f"You can have at most {MOST_GROUPS} {self._noun}s. Delete one first.")

        given = {f"new_{setting}": value for setting, value in settings.items()}
        try:
            group_id = await tx.row(self._insert, at=tx.at, owner=viewer.account_id, new_name=name, **given)
        except asyncpg.UniqueViolationError as error:
            raise self._taken() from error
        assert group_id is not None
        return group_id

    async def update(
        self, tx: Transaction, viewer: Viewer, group_id: int, *, name: str | None, **settings: object
    ) -> int:
        """Changes what is not None. Raises ValidationError, NotFoundError.

        It is one statement, so it also runs in a OneWrite (core.database), as `delete` does.
        """
        name = None if name is None else _checked_name(name)

        given = {f"new_{setting}": value for setting, value in settings.items()}
        try:
            updated = await tx.row(self._update, group_id=group_id, owner=viewer.account_id, new_name=name, **given)
        except asyncpg.UniqueViolationError as error:
            raise self._taken() from error
        return self._found(updated)

    async def delete(self, tx: Transaction, viewer: Viewer, group_id: int) -> int:
        """Deletes a group and who is in it. Raises NotFoundError."""
        return self._found(await tx.row(self._delete, group_id=group_id, owner=viewer.account_id))

    async def add(self, tx: Transaction, viewer: Viewer, group_id: int, user_ids: Sequence[int]) -> int:
        """Puts people into a group: all of them, or nobody. Raises ValidationError, NotFoundError, NotAllowedError."""
        _require_few(user_ids)
        # Whoever adds the last member waits for whoever adds the one before, and for a block that comes in between.
        await lock_account(tx, viewer.account_id)
        leaves_out = await self._require_own(tx, viewer, group_id)
        await _require_people(tx, viewer, user_ids)
        count = await tx.row(self._count_with, group_id=group_id, user_ids=list(user_ids)) or 0
        if count > MOST_MEMBERS:
            message = f"A {self._noun} has at most {MOST_MEMBERS:,} people."
            raise NotAllowedError(message, path=("userIds",))

        added = await tx.run(self._add, at=tx.at, group_id=group_id, user_ids=list(user_ids))
        if added and leaves_out:
            await outbox.record(tx, HomeChanged(account_id=viewer.account_id))
        return group_id

    async def remove(self, tx: Transaction, viewer: Viewer, group_id: int, user_ids: Sequence[int]) -> int:
        """Takes people out of a group. Raises ValidationError, NotFoundError.

        Nothing is asked about them: one who has blocked the viewer is taken out like anybody else, and the answer does
        not tell whether there was such a person.
        """
        _require_few(user_ids)
        leaves_out = await self._require_own(tx, viewer, group_id)

        removed = await tx.run(self._remove, group_id=group_id, user_ids=list(user_ids))
        if removed and leaves_out:
            await outbox.record(tx, HomeChanged(account_id=viewer.account_id))
        return group_id

    async def _require_own(self, tx: Transaction, viewer: Viewer, group_id: int) -> bool:
        """Whether who is in the group is left out of its owner's home feed. Raises NotFoundError."""
        return self._found(await tx.row(self._leaves_out, group_id=group_id, owner=viewer.account_id))

    def _found(self, found: _Found | None) -> _Found:
        if found is None:
            raise NotFoundError(f"There is no such {self._noun}.", path=(f"{self._noun}Id",))
        return found

    def _taken(self) -> ValidationError:
        return ValidationError(Problem(("name",), "TAKEN", f"You have a {self._noun} with this name already."))


def _told(write: sa.UpdateBase) -> sa.Select[tuple[int]]:
    """The id of the group that is written; with an event, if that changes its owner's home feed."""
    written = write.cte("written")
    changed = sa.select(written.c.account_id).where(written.c.changes_home).subquery("changed")
    told = outbox.select_record(HomeChanged, changed, account_id=changed.c.account_id)
    return sa.select(written.c.id).add_cte(told.cte("told"))


def _checked_name(name: str) -> str:
    """The name as it is stored. Raises ValidationError."""
    name = inputs.profile_line(name)
    if problem := inputs.problem_of_text(name, inputs.GROUP_NAME, field="name"):
        raise ValidationError(problem)
    return name


def _require_few(user_ids: Sequence[int]) -> None:
    if len(user_ids) > MOST_MEMBERS_AT_ONCE:
        message = f"There are {len(user_ids)} people; {MOST_MEMBERS_AT_ONCE} are allowed at once."
        raise ValidationError(Problem(("userIds",), "TOO_MANY", message))


async def _require_people(tx: Transaction, viewer: Viewer, user_ids: Sequence[int]) -> None:
    """Raises NotFoundError or NotAllowedError for the first whom the viewer may not put into a group."""
    found = await tx.rows(_PEOPLE, user_ids=list(user_ids), viewer_id=viewer.account_id)
    facts = {person.id: person.facts for person in found}
    for place, user_id in enumerate(user_ids):
        policy.require_unblocked_user(facts.get(user_id), path=("userIds", str(place)))
