"""Looking ahead: what a document asks of the posts that a resolver is about to fetch (loaders.wanted)."""

from compiler import Ahead, Call, look_ahead
from core.errors import RequestError
from loaders.hydration import Parts
from loaders.wanted import WHOLE_POSTS, Wanted, WantedReplies
from resolvers.arguments import REPLY_LISTINGS, ReplySort, page
from resolvers.context import Info, LoaderNamed

_PARTS_OF_POSTS = frozenset({"post_counts", "viewer_post_states"})
_PARTS_OF_USERS = frozenset({"user_counts", "viewer_user_states"})
_TO_POSTS = ("edges", "node")


def wanted_of_entries(info: Info) -> Wanted:
    """What is asked of the posts in a feed's connection, and of the users that its entries name."""
    ahead = look_ahead(info)
    if ahead is None:
        return WHOLE_POSTS
    return _wanted(ahead, _TO_POSTS, ("edges", "reason", "user"), ("edges", "repostedBy"))


def wanted_of_posts(info: Info) -> Wanted:
    """What is asked of the posts that a field gives."""
    ahead = look_ahead(info)
    return WHOLE_POSTS if ahead is None else _wanted(ahead, ())


def _wanted(ahead: Ahead, to_posts: tuple[str, ...], *to_users: tuple[str, ...]) -> Wanted:
    return Wanted(_parts(ahead, to_posts, *to_users), _replies(ahead.calls(*to_posts, "replies")))


def _parts(ahead: Ahead, to_posts: tuple[str, ...], *to_users: tuple[str, ...]) -> Parts:
    return Parts(
        of_posts=_are_asked(ahead, to_posts, _PARTS_OF_POSTS),
        of_authors=any(_are_asked(ahead, path, _PARTS_OF_USERS) for path in ((*to_posts, "author"), *to_users)),
    )


def _are_asked(ahead: Ahead, path: tuple[str, ...], loaders: frozenset[str]) -> bool:
    """Whether a field at the path asks one of these loaders; True if that cannot be told."""
    relations = ahead.relations(*path)
    if relations is None:
        return True
    return any(isinstance(found.loader, LoaderNamed) and found.loader.name in loaders for found in relations)


def _replies(calls: list[Call]) -> WantedReplies | None:
    """The replies that may be fetched with the posts: the first page of them, if all ask for the same one."""
    if not calls or any(call.arguments != calls[0].arguments for call in calls):
        return None
    arguments = calls[0].arguments
    sort = arguments.get("sort", ReplySort.OLDEST)
    if arguments.get("after") is not None:
        return None
    try:
        request = page(REPLY_LISTINGS[sort], arguments["first"], None)
    except RequestError:  # the field itself says so
        return None
    parts = [_parts(call.ahead, _TO_POSTS) for call in calls]
    return WantedReplies(
        request,
        is_newest_first=sort is ReplySort.NEWEST,
        parts=Parts(any(part.of_posts for part in parts), any(part.of_authors for part in parts)),
    )
