"""Who follows a user, and whom a user follows: ids only."""

from loaders.pages import LinkPageLoader, parents, select_links
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
