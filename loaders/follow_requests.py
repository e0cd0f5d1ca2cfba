"""Who asks to follow an account, and whom an account asks: ids only. Nobody but that account sees these lists."""

from loaders.pages import LinkPageLoader, parents, select_links
from models.follows import follow_request


class FollowRequestsByUserLoader(LinkPageLoader):
    """The accounts that ask to follow each account, hidden ones included, so guard them."""

    statement = select_links(
        key=follow_request.c.id,
        target=follow_request.c.follower_id,
        of_parent=follow_request.c.followee_id == parents.c.id,
    )


class SentFollowRequestsByUserLoader(LinkPageLoader):
    """The accounts that each account asks to follow, hidden ones included, so guard them."""

    statement = select_links(
        key=follow_request.c.id,
        target=follow_request.c.followee_id,
        of_parent=follow_request.c.follower_id == parents.c.id,
    )
