"""Keyword filters: each account has its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypedDict

import sqlalchemy as sa

from access import filters
from access.filters import Context
from access.viewer import Viewer
from actions import inputs
from actions.accounts import lock_account
from core import text
from core.clock import utc_now
from core.database import Transaction, command, rows_of, values_of
from core.errors import NotAllowedError, NotFoundError, Problem, ValidationError
from events import outbox
from events.relations import HomeChanged
from models.filters import FilterAction, keyword_filter

MOST_FILTERS = 100


@dataclass(frozen=True, slots=True)
class NewFilter:
    """A filter to be; it holds until a time, None for ever."""

    keyword: str
    is_whole_word: bool
    action: FilterAction
    contexts: Context
    until: datetime | None = None


class FilterChange(TypedDict, total=False):
    """What is to be different about a filter; what is missing stays as it is."""

    keyword: str
    is_whole_word: bool
    action: FilterAction
    contexts: Context
    until: datetime | None


class _FilterValues(NamedTuple):
    """The columns of a filter that its account chooses."""

    keyword: str
    is_whole_word: bool
    action: int
    contexts: int
    until: datetime | None


_ACCOUNT_ID = sa.bindparam("owner", type_=sa.BigInteger)
_FILTER_ID = sa.bindparam("filter_id", type_=sa.BigInteger)
_IS_OWN = sa.and_(keyword_filter.c.id == _FILTER_ID, keyword_filter.c.account_id == _ACCOUNT_ID)
_NOW = sa.func.now()
_COUNT = values_of(
    sa.select(sa.func.count())
    .select_from(keyword_filter)
    .where(
        keyword_filter.c.account_id == _ACCOUNT_ID,
        sa.or_(keyword_filter.c.until.is_(None), keyword_filter.c.until > _NOW),
    ),
    int,
)
_VALUES = {
    name: sa.bindparam(f"new_{name}", type_=keyword_filter.c[name].type)  # a column's own name stands for its value
    for name in _FilterValues._fields
}
_INSERT = values_of(
    sa.insert(keyword_filter)
    .values(id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))), account_id=_ACCOUNT_ID, **_VALUES)
    .returning(keyword_filter.c.id),
    int,
)
_OWN_LOCKED = rows_of(
    sa.select(*(keyword_filter.c[name] for name in _FilterValues._fields)).where(_IS_OWN).with_for_update(),
    _FilterValues,
)
_UPDATE = command(sa.update(keyword_filter).where(_IS_OWN).values(**_VALUES))
_DELETE = values_of(sa.delete(keyword_filter).where(_IS_OWN).returning(keyword_filter.c.contexts), int)
_SWEEP = command(sa.delete(keyword_filter).where(keyword_filter.c.until <= _NOW))


def _checked(change: FilterChange) -> FilterChange:
    """The parts of a filter as they are stored. Raises ValidationError with everything that is wrong with them."""
    checked = change.copy()
    problems: list[Problem | None] = []
    if "keyword" in checked:
        checked["keyword"] = " ".join(text.normalised(checked["keyword"]).split())
        problems.append(_problem_of_keyword(checked["keyword"]))
    if "contexts" in checked and not checked["contexts"]:
        problems.append(Problem(("contexts",), "BLANK", "A filter holds in at least one context."))
    if until := checked.get("until"):
        until = checked["until"] = inputs.as_utc(until)
        problems.append(inputs.problem_of_until(until, now=utc_now()))
    found = [problem for problem in problems if problem]
    if found:
        raise ValidationError(*found)
    return checked


def _problem_of_keyword(keyword: str) -> Problem | None:
    problem = inputs.problem_of_text(keyword, inputs.KEYWORD, field="keyword")
    if problem is None and not filters.folded(keyword):
        return Problem(("keyword",), "BLANK", "Nothing is seen of this keyword.")
    return problem


def _named(values: _FilterValues) -> dict[str, object]:
    return {f"new_{name}": value for name, value in values._asdict().items()}


async def _record(tx: Transaction, viewer: Viewer, contexts: int) -> None:
    """Whoever has the home feed open reads it anew if a filter of these contexts is other than before."""
    if contexts & Context.HOME:
        await outbox.record(tx, HomeChanged(account_id=viewer.account_id))


def _no_filter() -> NotFoundError:
    return NotFoundError("There is no such filter.", path=("filterId",))


async def create_filter(tx: Transaction, viewer: Viewer, new: NewFilter) -> int:
    """Makes a filter and gives its id. Raises ValidationError, NotAllowedError."""
    checked = _checked({"keyword": new.keyword, "contexts": new.contexts, "until": new.until})
    await lock_account(tx, viewer.account_id)
    count = await tx.row(_COUNT, owner=viewer.account_id) or 0
    if count >= MOST_FILTERS:
        raise NotAllowedError(f"You can have at most {MOST_FILTERS} filters. Delete one first.")

    values = _FilterValues(
        checked["keyword"], new.is_whole_word, new.action, contexts=checked["contexts"], until=checked["until"]
    )
    filter_id = await tx.row(_INSERT, at=tx.at, owner=viewer.account_id, **_named(values))
    assert filter_id is not None

    await _record(tx, viewer, checked["contexts"])
    return filter_id


async def update_filter(tx: Transaction, viewer: Viewer, filter_id: int, change: FilterChange) -> int:
    """Changes a filter and gives its id. Raises ValidationError, NotFoundError."""
    checked = _checked(change)
    values = await tx.row(_OWN_LOCKED, filter_id=filter_id, owner=viewer.account_id)
    if values is None:
        raise _no_filter()

    changed = values._replace(**checked)
    if changed == values:
        return filter_id
    await tx.run(_UPDATE, filter_id=filter_id, owner=viewer.account_id, **_named(changed))

    await _record(tx, viewer, values.contexts | changed.contexts)
    return filter_id


async def delete_filter(tx: Transaction, viewer: Viewer, filter_id: int) -> int:
    """Deletes a filter and gives its id. Raises NotFoundError."""
    contexts = await tx.row(_DELETE, filter_id=filter_id, owner=viewer.account_id)
    if contexts is None:
        raise _no_filter()

    await _record(tx, viewer, contexts)
    return filter_id


async def sweep(tx: Transaction) -> int:
    """Deletes the filters that have ended; gives their number."""
    return await tx.run(_SWEEP)
