"""Whom an account blocks: ids only. Nobody but that account sees this list."""

from loaders.pages import LinkPageLoader, parents, select_links
from models.blocks import block


class BlocksByUserLoader(LinkPageLoader):
    """The accounts that each account blocks, newest block first, hidden ones included, so guard them."""

    statement = select_links(key=block.c.id, target=block.c.blocked_id, of_parent=block.c.blocker_id == parents.c.id)
