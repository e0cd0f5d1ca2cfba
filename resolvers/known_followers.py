"""Whom the viewer follows among those who follow a user."""

import compiler
from core.paging import Listing
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import page_of
from resolvers.context import Context


def followers_you_know(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    loader = context.loaders.known_followers(page(Listing.FOLLOWERS_YOU_KNOW, first, after))
    return page_of(loader, Listing.FOLLOWERS_YOU_KNOW)
