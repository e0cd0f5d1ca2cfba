"""Looking ahead: what a document asks of the posts that a resolver is about to fetch (loaders.wanted)."""

from collections.abc import Awaitable, Hashable, Mapping
from typing import Any, TypeVar

from compiler import Ahead, Call, Relation, look_ahead
from core.errors import RequestError
from core.paging import RANKED, Listing, PageRequest
from loaders.base import BatchLoader
from loaders.profile_feeds import WantedPage
from loaders.rows import EVERYTHING, PARTS_OF_POSTS, PARTS_OF_USERS, Part, Parts
from loaders.wanted import WHOLE_POSTS, Wanted, WantedReplies
from resolvers.arguments import PROFILE_TABS, REPLY_LISTINGS, ReplySort, UserPostsKind, page
from resolvers.context import Info, LoaderNamed

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_TO_POSTS = ("edges", "node")


def wanted_of_entries(info: Info) -> Wanted:
    """What is asked of the posts in a feed's connection, and of the users that its entries name."""
    ahead = look_ahead(info)
    return WHOLE_POSTS if ahead is None else _wanted_of_entries(ahead)


def load_for(info: Info, loader: BatchLoader[K, V], key: K) -> Awaitable[V | None]:
    """Loads for a field at the root: at once, if the document asks for nothing else that could share the statement."""
    ahead = look_ahead(info)
    return loader.load_alone(key) if ahead is not None and ahead.is_alone else loader.load(key)


def wanted_page_of_user(info: Info) -> WantedPage | None:
    """The first page of what the user that a field gives has posted; None if no single one is asked for."""
    ahead = look_ahead(info)
    call = None if ahead is None else _only(ahead.calls("posts"))
    if ahead is None or call is None:
        return None
    arguments = call.arguments
    tab, listing = PROFILE_TABS[arguments.get("kind", UserPostsKind.POSTS)]
    request = _first_page(listing, arguments)
    if request is None:
        return None
    return WantedPage(request, tab, _wanted_of_entries(call.ahead), _asked(ahead, ()) & PARTS_OF_USERS)


def wanted_of_posts(info: Info) -> Wanted:
    """What is asked of the posts that a field gives."""
    ahead = look_ahead(info)
    return WHOLE_POSTS if ahead is None else Wanted(ahead.once(_parts_of_posts), _replies(ahead.calls("replies")))


def _wanted_of_entries(ahead: Ahead) -> Wanted:
    return Wanted(ahead.once(_parts_of_entries), _replies(ahead.calls(*_TO_POSTS, "replies")))


def _parts_of_entries(ahead: Ahead) -> Parts:
    return _parts(ahead, _TO_POSTS, ("edges", "reason", "user"), ("edges", "repostedBy"))


def _parts_of_posts(ahead: Ahead) -> Parts:
    return _parts(ahead, ())


def _parts_of_connection(ahead: Ahead) -> Parts:
    return _parts(ahead, _TO_POSTS)


def _parts(ahead: Ahead, to_posts: tuple[str, ...], *to_users: tuple[str, ...]) -> Parts:
    asked = _asked(ahead, to_posts) & PARTS_OF_POSTS
    for path in ((*to_posts, "author"), *to_users):
        asked |= _asked(ahead, path) & PARTS_OF_USERS
    return asked


def _asked(ahead: Ahead, path: tuple[str, ...]) -> Parts:
    """The parts that fields at the path ask for; all of them if that cannot be told."""
    return ahead.noted(_asked_by, path)


def _asked_by(relations: frozenset[Relation] | None) -> Parts:
    if relations is None:
        return EVERYTHING
    names = {found.loader.name for found in relations if isinstance(found.loader, LoaderNamed)}
    return frozenset(part for part in Part if part in names)


def _replies(calls: list[Call]) -> WantedReplies | None:
    """The replies that may be fetched with the posts: the first page of them, if all ask for the same one."""
    if not calls or any(call.arguments != calls[0].arguments for call in calls):
        return None
    arguments = calls[0].arguments
    sort = arguments.get("sort", ReplySort.OLDEST)
    listing = REPLY_LISTINGS[sort]
    request = None if listing in RANKED else _first_page(listing, arguments)
    if request is None:
        return None
    parts: Parts = frozenset().union(*(call.ahead.once(_parts_of_connection) for call in calls))
    return WantedReplies(request, is_newest_first=sort is ReplySort.NEWEST, parts=parts)


def _only(calls: list[Call]) -> Call | None:
    return calls[0] if len(calls) == 1 else None


def _first_page(listing: Listing, arguments: Mapping[str, Any]) -> PageRequest | None:
    """The page that is asked for; None if it is a later one, or none that there may be (the field itself says so)."""
    if arguments.get("after") is not None:
        return None
    try:
        return page(listing, arguments["first"], None)
    except RequestError:
        return None
