"""Who likes a post, and who has reposted it: users, the newest act first."""

import sqlalchemy as sa

from loaders.linked_users import LinkedUsersLoader, select_linked_users
from loaders.thinned import places
from access import policy
from core.database import Statement
from core.paging import SortKey
from loaders.hydration import as_it_is, user_columns
from loaders.pages import after_or_end, page_of_links
from loaders.rows import Hydrated, Parts, UserRow, layout_of_users
from loaders.thinned import ThinnedPageLoader, places
from models.accounts import account
from models.likes import like
from models.posts import post


class LikersByPostLoader(LinkedUsersLoader):

def _select_users(
    *, key: sa.ColumnElement[int], target: sa.ColumnElement[int], of_parent: sa.ColumnElement[bool]
) -> Statement[Any]:
    """The users that the newest links of each parent lead to; with each the key of its link, and the parent."""
    page = page_of_links(key=key, target=target, of_parent=of_parent, after=places.c.after)
    linked = places.join(page, sa.true()).join(account, account.c.id == page.c.target_id)
    columns, joined = user_columns(linked, _NO_PARTS)
    statement = sa.select(*columns, page.c.key, places.c.id).select_from(joined).order_by(page.c.key.desc())
    return Statement(statement, as_it_is)


class _UsersByPostLoader(ThinnedPageLoader[UserRow]):
    """The users who did something to each post: they come in the same statement as their ids."""

    statement: ClassVar[Statement[Any]]

    @property
    def start(self) -> int:
        return after_or_end(self.request)

    async def fetch_items(self, reached: Mapping[int, SortKey]) -> Sequence[tuple[int, SortKey, UserRow | None]]:
        records = await self.scope.db.rows(
            self.statement,
            parent_ids=list(reached),
            afters=list(reached.values()),
            viewer_id=self.viewer_id,
            limit=self.request.fetch_count,
        )
        found = Hydrated()
        found.add_users(records, _NO_PARTS, layout=_LAYOUT)
        self.scope.take(found)
        key, parent_id, user_id = _LAYOUT.end, _LAYOUT.end + 1, _LAYOUT.user
        return [(record[parent_id], record[key], self.shown(found, record[user_id])) for record in records]

    def shown(self, found: Hydrated, user_id: int) -> UserRow | None:
        """What the list shows of a user; None if nothing."""
        return found.users[user_id]


class LikersByPostLoader(_UsersByPostLoader):
    """Who likes each post."""

    statement = select_linked_users(key=like.c.id, target=like.c.account_id, of_parent=like.c.post_id == places.c.id)


class RepostersByPostLoader(LinkedUsersLoader):
    """Who has reposted each post."""

    statement = select_linked_users(
        key=post.c.id,
        target=post.c.author_id,
        of_parent=sa.and_(post.c.repost_of_id == places.c.id, post.c.deleted_at.is_(None)),
    )

    def shown(self, found: Hydrated, user_id: int) -> UserRow | None:
        user = found.users[user_id]
        return user if user is not None and policy.can_see_repost(user.facts) else None
