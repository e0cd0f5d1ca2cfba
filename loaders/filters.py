"""The viewer's keyword filters, and what they fit. Every statement here asks whose they are."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from access.filters import Context, Filter, Filters
from core.database import rows_of
from loaders.base import BatchLoader, Scope
from loaders.facts import VIEWER_ID, is_there
from loaders.pages import RowPageLoader, select_rows
from loaders.rows import PostRow
from models.filters import FilterAction, keyword_filter
from models.posts import post

_COLUMNS: Sequence[sa.ColumnElement[Any]] = [keyword_filter.c[name] for name in Filter._fields]
_HOLDS: sa.ColumnElement[bool] = sa.and_(
    keyword_filter.c.account_id == VIEWER_ID,
    sa.or_(keyword_filter.c.until.is_(None), keyword_filter.c.until > sa.func.now()),
)
_NONE = Filters(())
_NO_POSTS: frozenset[int] = frozenset()


def warning_to_filter() -> sa.ColumnElement[str | None]:
    """The content warning of a row of `post`, empty if it has none; NULL for a viewer without filters.

    So one column says whether there is anything to be compared, and brings what a document may not have asked for.
    """
    has_filters = is_there(keyword_filter.c.account_id == VIEWER_ID)
    return sa.case((has_filters, sa.func.coalesce(post.c.content_warning, sa.literal_column("''"))))


async def filtered_out(
    scope: Scope, context: Context, records: Sequence[Any], rows: Mapping[int, PostRow | None], *, column: int
) -> frozenset[int]:
    """The ids of posts that the viewer's filters leave out of lists in a context. One's own posts are never filtered.

    The records begin with the post's id and have `warning_to_filter` in a column; `rows` are the posts, guarded.
    Runs a statement if the viewer has filters, once for all lists of a request.
    """
    viewer = scope.viewer
    if viewer is None or not records:
        return _NO_POSTS
    if records[0][column] is None:
        scope.own_filters.prime(viewer.account_id, _NONE)
        return _NO_POSTS
    filters = await scope.own_filters.load(viewer.account_id) or _NONE
    fitting: dict[int, list[Filter]] = {}
    for record in records:
        row = rows[record[0]]
        if row is not None:
            is_own = row.author_id == viewer.account_id
            fitting[row.id] = [] if is_own else filters.fitting(context, record[column], row.body)
    scope.fitting_filters(context).prime_many(fitting)
    return frozenset(
        post_id for post_id, found in fitting.items() if any(rule.action == FilterAction.HIDE for rule in found)
    )


class _InsideLoader(BatchLoader[int, Any]):
    """One that other loaders ask in the middle of their work, so it takes no place at the gate beside theirs."""

    async def batch_load_fn(self, keys: list[int]) -> list[Any]:
        found = await self.fetch(keys)
        return [found.get(key) for key in keys]


_OWN = rows_of(sa.select(*_COLUMNS).where(_HOLDS).order_by(keyword_filter.c.id.desc()), Filter)


class FiltersByViewerLoader(_InsideLoader):
    """The viewer's Filters, by the viewer's account."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, Filters]:
        viewer_id = self.viewer_id
        if viewer_id not in keys:
            return {}
        return {viewer_id: Filters(await self.scope.db.rows(_OWN, viewer_id=viewer_id))}


class FittingFiltersByPostLoader(_InsideLoader):
    """The viewer's filters that fit each post in a context; none fit one's own posts and those that are not seen."""

    def __init__(self, scope: Scope, context: Context) -> None:
        super().__init__(scope)
        self._context = context

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, Sequence[Filter]]:
        scope = self.scope
        viewer_id = self.viewer_id
        filters = None if scope.viewer is None else await scope.own_filters.load(viewer_id)
        if filters is None or not filters.rules:
            return {}
        rows = await scope.posts.load_all(keys)
        others = [row for row in rows if row is not None and row.author_id != viewer_id]
        details = await scope.post_details.load_all([row.id for row in others])
        return {
            row.id: filters.fitting(self._context, detail and detail.content_warning, row.body)
            for row, detail in zip(others, details, strict=True)
        }


_BY_ID = rows_of(
    sa.select(*_COLUMNS).where(
        _HOLDS, keyword_filter.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))
    ),
    Filter,
)


class FilterPageByViewerLoader(RowPageLoader[Filter]):
    """The viewer's filters, by the viewer's account, the newest first."""

    row = Filter
    statement = select_rows(_COLUMNS, of_parent=keyword_filter.c.account_id, where=[_HOLDS])


class FilterByIdLoader(BatchLoader[int, Filter]):
    """The filter with an id, if it is the viewer's: None for an absent one and somebody else's alike."""

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, Filter]:
        rows = await self.scope.db.rows(_BY_ID, ids=list(keys), viewer_id=self.viewer_id)
        return {row.id: row for row in rows}
