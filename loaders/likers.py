"""Who likes a post, and who has reposted it: users, the newest act first."""

import sqlalchemy as sa

from access import policy
from loaders.linked_users import LinkedUsersLoader, select_linked_users
from loaders.rows import Hydrated, UserRow
from loaders.thinned import places
from models.likes import like
from models.posts import post


class LikersByPostLoader(LinkedUsersLoader):
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
