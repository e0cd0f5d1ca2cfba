"""What an account has liked: ids only, newest like first."""

from loaders.pages import LinkPageLoader, parents, select_links
from models.likes import like


class LikesByUserLoader(LinkPageLoader):
    """The posts that each account has liked; hidden ones included, so guard them."""

    statement = select_links(key=like.c.id, target=like.c.post_id, of_parent=like.c.account_id == parents.c.id)
