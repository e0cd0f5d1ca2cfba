"""Who likes a post, and who has reposted it: users, the newest act first."""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import sqlalchemy as sa

from core.database import Statement
from loaders.base import PageLoader
from loaders.hydration import as_it_is, user_columns
from loaders.pages import after_or_end, page_of_links, parents
from loaders.rows import Hydrated, Parts, UserRow, layout_of_users
from models.accounts import account
from models.likes import like
from models.posts import post

# The same few people like every post of a page. Their parts, if anybody asks, are loaded once for each of them.
_NO_PARTS: Parts = frozenset()
_LAYOUT = layout_of_users(_NO_PARTS)


class Liker(NamedTuple):
    """A user, and the sort key of what they did to the post."""

    key: int
    user: UserRow


def _select_users(
    *, key: sa.ColumnElement[int], target: sa.ColumnElement[int], of_parent: sa.ColumnElement[bool]
) -> Statement[Any]:
    """The users that the newest links of each parent lead to; with each the key of its link, and the parent."""
    page = page_of_links(key=key, target=target, of_parent=of_parent)
    linked = parents.join(page, sa.true()).join(account, account.c.id == page.c.target_id)
    columns, joined = user_columns(linked, _NO_PARTS)
    statement = sa.select(*columns, page.c.key, parents.c.id).select_from(joined).order_by(page.c.key.desc())
    return Statement(statement, as_it_is)


class _UsersByPostLoader(PageLoader[Liker]):
    """The users who did something to each post: they come in the same statement as their ids."""

    statement: ClassVar[Statement[Any]]

    async def fetch_pages(self, parent_ids: Sequence[int]) -> Sequence[tuple[int, Liker]]:
        request = self.request
        records = await self.scope.db.rows(
            self.statement,
            parent_ids=list(parent_ids),
            viewer_id=self.viewer_id,
            after=after_or_end(request),
            limit=request.fetch_count,
        )
        found = Hydrated()
        found.add_users(records, _NO_PARTS, layout=_LAYOUT)
        self.scope.take(found)
        users, user_id = found.users, _LAYOUT.user
        key, parent_id = _LAYOUT.end, _LAYOUT.end + 1
        seen = ((record[parent_id], record[key], users[record[user_id]]) for record in records)
        return [(parent, Liker(number, user)) for parent, number, user in seen if user is not None]


class LikersByPostLoader(_UsersByPostLoader):
    """Who likes each post."""

    statement = _select_users(key=like.c.id, target=like.c.account_id, of_parent=like.c.post_id == parents.c.id)


class RepostersByPostLoader(_UsersByPostLoader):
    """Who has reposted each post."""

    statement = _select_users(
        key=post.c.id,
        target=post.c.author_id,
        of_parent=sa.and_(post.c.repost_of_id == parents.c.id, post.c.deleted_at.is_(None)),
    )
