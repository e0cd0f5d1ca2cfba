"""Who likes a post, and who has reposted it."""

import compiler
from core.paging import Listing
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import page_of
from resolvers.context import Context


def liked_by(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    return page_of(context.loaders.likers(page(Listing.LIKED_BY, first, after)), Listing.LIKED_BY)


def reposted_by(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    return page_of(context.loaders.reposters(page(Listing.REPOSTED_BY, first, after)), Listing.REPOSTED_BY)
