"""Who likes a post, and who has reposted it."""

from collections.abc import Callable, Sequence

import compiler
from core.paging import Listing, PageRequest
from loaders.base import PageLoader
from loaders.likers import Liker
from loaders.rows import UserRow
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import Connection, connection, full_page
from resolvers.context import Context


def liked_by(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    return _users(Listing.LIKED_BY, page(Listing.LIKED_BY, first, after), context.loaders.likers)


def reposted_by(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    return _users(Listing.REPOSTED_BY, page(Listing.REPOSTED_BY, first, after), context.loaders.reposters)


def _users(
    listing: Listing, request: PageRequest, loader_of: Callable[[PageRequest], PageLoader[Liker]]
) -> compiler.Relation:
    """A page of what such a loader gives for a post."""
    loader = loader_of(request)

    def connected(found: Sequence[Liker] | None) -> Connection[UserRow]:
        return connection(listing, request, full_page(request, found or ()))

    return compiler.Relation(loader=lambda _context: loader, key=compiler.Attribute("id"), then=connected)
