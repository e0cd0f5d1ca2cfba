"""What posts said before they were edited."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from access import policy
from core import ids
from core.database import rows_of
from core.entities import EntityKind
from loaders.base import PageLoader
from loaders.facts import VIEWER_ID, is_there
from loaders.pages import AFTER, LIMIT, after_or_end, parents
from models.posts import post, post_edit


class EditRow(NamedTuple):
    """A version of a post that an edit replaced; `entities` are JSON as it is stored. The id is the time of the edit.

    `is_…_changed` tell what the edit changed: this version from the next one.
    """

    id: int
    post_id: int
    version: int
    body: str
    entities: str | None
    content_warning: str | None
    is_sensitive: bool
    language: str | None
    is_body_changed: bool
    is_content_warning_changed: bool
    is_sensitivity_changed: bool
    is_language_changed: bool

    @property
    def replaced_at(self) -> datetime:
        return ids.time_of(self.id)


def _mentions_viewer() -> sa.ColumnElement[bool]:
    """Whether a version mentions the viewer: one of its entities is [MENTION, …, their id]."""
    entity = sa.func.jsonb_array_elements(post_edit.c.entities).table_valued(sa.column("value", JSONB), name="entity")
    kind, target = entity.c.value[sa.literal_column("0")], entity.c.value[sa.literal_column("5")]
    return is_there(
        sa.cast(kind, sa.Integer) == sa.literal_column(str(int(EntityKind.MENTION))),
        target == sa.func.to_jsonb(VIEWER_ID),
    )


def _select_edits() -> sa.Select[Any]:
    is_by_mention = parents.c.id == sa.any_(sa.bindparam("by_mention", type_=sa.ARRAY(sa.BigInteger)))
    page = (
        sa.select(post_edit)
        .where(
            post_edit.c.post_id == parents.c.id,
            post_edit.c.id < AFTER,
            sa.or_(sa.not_(is_by_mention), _mentions_viewer()),
        )
        .order_by(post_edit.c.id.desc())
        .limit(LIMIT)
        .lateral("page")
    )
    following = post_edit.alias("following")

    def differs(name: str) -> sa.ColumnElement[bool]:
        after = sa.case((following.c.id.is_(None), post.c[name]), else_=following.c[name])
        return page.c[name].is_distinct_from(after)

    own = [page.c[name] for name in EditRow._fields[:8]]
    changed = [differs(name) for name in ("body", "content_warning", "is_sensitive", "language")]
    is_following = sa.and_(following.c.post_id == page.c.post_id, following.c.version == page.c.version + 1)
    joined = parents.join(page, sa.true()).join(post, post.c.id == parents.c.id).outerjoin(following, is_following)
    return sa.select(*own, *changed).select_from(joined).order_by(page.c.id.desc())


_EDITS = rows_of(_select_edits(), EditRow)


class EditsByPostLoader(PageLoader[EditRow]):
    """The earlier versions of each post that the viewer may see, the one replaced last first."""

    async def fetch_pages(self, parent_ids: Sequence[int]) -> Sequence[tuple[int, EditRow]]:
        request = self.request
        posts = await self.scope.posts.load_all(parent_ids)
        rows = await self.scope.db.rows(
            _EDITS,
            parent_ids=[row.id for row in posts if row is not None],
            by_mention=[row.id for row in posts if row is not None and policy.is_for_mentions_only(row.facts)],
            viewer_id=self.viewer_id,
            after=after_or_end(request),
            limit=request.fetch_count,
        )
        return [(row.post_id, row) for row in rows]
