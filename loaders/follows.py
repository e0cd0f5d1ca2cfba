"""Who follows a user, and whom a user follows: ids only."""

import sqlalchemy as sa

from core.database import Reader, rows_of
from loaders.pages import AFTER, LIMIT, Link, LinkPageLoader, parents, select_links
from models.follows import follow


class FollowersByUserLoader(LinkPageLoader):
    """The accounts that follow each user."""

    statement = select_links(
        key=follow.c.id, target=follow.c.follower_id, of_parent=follow.c.followee_id == parents.c.id
    )


class FollowingByUserLoader(LinkPageLoader):
    """The accounts that each user follows."""

    statement = select_links(
        key=follow.c.id, target=follow.c.followee_id, of_parent=follow.c.follower_id == parents.c.id
    )


_FOLLOWERS_AFTER = rows_of(
    sa.select(follow.c.id, follow.c.follower_id)
    .where(follow.c.followee_id == sa.bindparam("followee_id", type_=sa.BigInteger), follow.c.id > AFTER)
    .order_by(follow.c.id)
    .limit(LIMIT),
    Link,
)


async def fetch_followers_after(db: Reader, followee_id: int, *, after: int, limit: int) -> list[Link]:
    """An account's followers, oldest follow first, behind the follow with the id `after`."""
    return await db.rows(_FOLLOWERS_AFTER, followee_id=followee_id, after=after, limit=limit)
