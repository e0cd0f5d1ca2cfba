"""Who likes a post, and who has reposted it."""

from collections.abc import Sequence

import compiler
from core.paging import Listing, PageRequest
from loaders.likers import Liker
from loaders.rows import UserRow
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import Connection, connection, full_page, page_of
from resolvers.context import Context


def liked_by(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    return page_of(context.loaders.likers(page(Listing.LIKED_BY, first, after)), Listing.LIKED_BY, _connected)


def reposted_by(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    return page_of(context.loaders.reposters(page(Listing.REPOSTED_BY, first, after)), Listing.REPOSTED_BY, _connected)


def _connected(listing: Listing, request: PageRequest, found: Sequence[Liker]) -> Connection[UserRow]:
    return connection(listing, request, full_page(request, found))
