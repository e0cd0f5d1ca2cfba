"""Lists of users, without those whom the viewer may not see; and whose lists the viewer may see."""

from collections.abc import Callable, Sequence

from access import policy
from access.policy import Sight
from core.paging import Listing, Page, PageRequest
from loaders.pages import Link, LinkPageLoader
from loaders.rows import UserRow
from resolvers.connections import Connection, Scanned, connection, filled_page
from resolvers.context import Context

LoaderOf = Callable[[PageRequest], LinkPageLoader]


def shows_lists(user: UserRow) -> bool:
    """Whether the viewer sees the lists of a user: those of people of whom they see all."""
    return policy.sight_of_user(user.facts) is Sight.FULL


async def list_of_user(
    context: Context, user: UserRow, listing: Listing, request: PageRequest, loader_of: LoaderOf
) -> Connection[UserRow]:
    """A page of a list that belongs to a user; an empty one if the viewer does not see their lists."""
    if not shows_lists(user):
        return connection(listing, request, Page((), has_next=False, end=None))
    return await page_of_users(context, user.id, listing, request, loader_of)


async def page_of_users(
    context: Context, owner_id: int, listing: Listing, request: PageRequest, loader_of: LoaderOf
) -> Connection[UserRow]:
    """A page of the users that such a loader leads to from an owner, topped up where the rules leave some out."""

    async def scan(start: int | None, limit: int) -> Scanned[Link]:
        # A PageRequest brings one item more than it asks for.
        links = await loader_of(PageRequest(limit - 1, start)).load(owner_id) or ()
        keys = [link.key for link in links]
        return Scanned(links, keys, reached=keys[-1] if keys else 0, is_end=len(links) < limit)

    async def show(links: Sequence[Link]) -> Sequence[UserRow | None]:
        return await context.loaders.users.load_all([link.target_id for link in links])

    return connection(listing, request, await filled_page(request, scan, show))
