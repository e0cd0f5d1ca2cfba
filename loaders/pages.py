"""What the statements of nested lists share: parents as a table, bounds of the page, a lateral page for each parent."""

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql.selectable import LateralFromClause

from core.database import Statement, rows_of
from core.paging import PageRequest
from loaders.base import Item, PageLoader
from loaders.facts import VIEWER_ID
from loaders.hydration import as_it_is

PARENT_IDS = sa.bindparam("parent_ids", type_=sa.ARRAY(sa.BigInteger))
AFTER = sa.bindparam("after", type_=sa.BigInteger)
LIMIT = sa.bindparam("limit", type_=sa.Integer)

# unnest($1) AS parent(id): a row for each parent that a lateral page is joined to.
parents = sa.func.unnest(PARENT_IDS).table_valued(sa.column("id", sa.BigInteger), name="parent").render_derived()

GREATEST_ID = 2**63 - 1


def after_or_end(request: PageRequest) -> int:
    """Where a list of the newest first goes on: below this id."""
    return GREATEST_ID if request.after is None else request.after


def after_or_start(request: PageRequest) -> int:
    """Where a list of the oldest first goes on: above this id."""
    return 0 if request.after is None else request.after


class Link(NamedTuple):
    """An item of a list: its sort key in that list, and what it leads to."""

    key: int
    target_id: int


class _ParentLink(NamedTuple):
    parent_id: int
    key: int
    target_id: int


def page_of_links(
    *,
    key: sa.ColumnElement[int],
    target: sa.ColumnElement[int],
    of_parent: sa.ColumnElement[bool],
    after: sa.ColumnElement[int] = AFTER,
) -> LateralFromClause:
    """(key, target_id) of the newest links of each parent below `after`; `of_parent` ties a link to its parent."""
    return (
        sa.select(key.label("key"), target.label("target_id"))
        .where(of_parent, key < after)
        .order_by(key.desc())
        .limit(LIMIT)
        .lateral("page")
    )


def select_links(
    *, key: sa.ColumnElement[int], target: sa.ColumnElement[int], of_parent: sa.ColumnElement[bool]
) -> Statement[_ParentLink]:
    """The newest links of each parent, by key; `of_parent` ties a link to `parents.c.id`."""
    page = page_of_links(key=key, target=target, of_parent=of_parent)
    return rows_of(
        sa.select(parents.c.id, page.c.key, page.c.target_id)
        .select_from(parents.join(page, sa.true()))
        .order_by(page.c.key.desc()),
        _ParentLink,
    )


# Whether a parent is the viewer's account: for rows that nobody else reads.
IS_VIEWER: sa.ColumnElement[bool] = parents.c.id == VIEWER_ID


def select_rows(
    columns: Sequence[sa.ColumnElement[Any]],
    *,
    of_parent: sa.ColumnElement[int],
    is_seen: sa.ColumnElement[bool] = IS_VIEWER,
    where: Sequence[sa.ColumnElement[bool]] = (),
) -> Statement[Any]:
    """The newest rows of each parent whose rows the viewer sees: the parent's id, then the columns, the row's id first.

    `of_parent` is the column that names the parent, `is_seen` a condition on it, `where` are conditions on rows.
    """
    key = columns[0]
    page = (
        sa.select(*columns)
        .where(of_parent == parents.c.id, key < AFTER, *where)
        .order_by(key.desc())
        .limit(LIMIT)
        .lateral("page")
    )
    seen = sa.select(parents.c.id, *page.c).select_from(parents.join(page, sa.true())).where(is_seen)
    return Statement(seen.order_by(next(iter(page.c)).desc()), as_it_is)


class RowPageLoader(PageLoader[Item], Generic[Item]):
    """A page of rows for each parent, newest first. A subclass brings the statement, made by `select_rows`."""

    statement: ClassVar[Statement[Any]]
    # The named tuple that the columns make.
    row: ClassVar[Any]

    async def fetch_pages(self, parent_ids: Sequence[int]) -> Sequence[tuple[int, Item]]:
        request = self.request
        records = await self.scope.db.rows(
            self.statement,
            parent_ids=list(parent_ids),
            viewer_id=self.viewer_id,
            after=after_or_end(request),
            limit=request.fetch_count,
        )
        make = self.row._make
        return [(parent_id, make(columns)) for parent_id, *columns in records]


class LinkPageLoader(PageLoader[Link]):
    """A page of links, newest first, for each parent. A subclass brings the statement, made by `select_links`."""

    statement: ClassVar[Statement[_ParentLink]]

    async def fetch_pages(self, parent_ids: Sequence[int]) -> Sequence[tuple[int, Link]]:
        request = self.request
        links = await self.scope.db.rows(
            self.statement, parent_ids=list(parent_ids), after=after_or_end(request), limit=request.fetch_count
        )
        return [(link.parent_id, Link(link.key, link.target_id)) for link in links]
