"""What people do to each other and to posts: by which mutation, who may, and what comes of it in the model."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from tests.contracts.model.reference import BARE, LIMITED, NONE, PUBLIC, UNLISTED, Entry, Model, Pair


class Act(NamedTuple):
    """Of a pair: who does it, and to whom or to which post."""

    mutation: str
    may: Callable[[Model, Pair], bool]
    effect: Callable[[Model, Pair], None]


def put(items: list[Any], item: object) -> None:
    """Twice is once."""
    if item not in items:
        items.append(item)


def remove(items: list[Any], item: object) -> None:
    """What is not there is no mistake."""
    if item in items:
        items.remove(item)


def _puts(model: Model, pair: Pair, *, into: str) -> None:
    put(getattr(model, into), pair)


def _removes(model: Model, pair: Pair, *, of: str) -> None:
    remove(getattr(model, of), pair)


def _always(_model: Model, _pair: Pair) -> bool:
    return True


# People.


def _finds(model: Model, pair: Pair) -> bool:
    return model.sight(*pair) != NONE


def _meets(model: Model, pair: Pair) -> bool:
    """Who is found, and is not blocked."""
    return model.sight(*pair) > BARE


def _follow(model: Model, pair: Pair) -> None:
    put(model.requests if model.sight(*pair) == LIMITED else model.follows, pair)


def _unfollow(model: Model, pair: Pair) -> None:
    remove(model.requests, pair)
    remove(model.follows, pair)


def _is_asked(model: Model, pair: Pair) -> bool:
    return _meets(model, pair) and pair[::-1] in model.requests + model.follows


def _accept(model: Model, pair: Pair) -> None:
    remove(model.requests, pair[::-1])
    put(model.follows, pair[::-1])


def _remove_follower(model: Model, pair: Pair) -> None:
    remove(model.follows, pair[::-1])


def _block(model: Model, pair: Pair) -> None:
    put(model.blocks, pair)
    for ended in (model.follows, model.requests, model.lists, model.circles):
        remove(ended, pair)
        remove(ended, pair[::-1])


def _finds_blocked(model: Model, pair: Pair) -> bool:
    return _finds(model, pair) or pair in model.blocks


def _finds_muted(model: Model, pair: Pair) -> bool:
    return _finds(model, pair) or pair in model.mutes


ON_PEOPLE: Mapping[str, Act] = {
    "follow": Act("followUser", _meets, _follow),
    "unfollow": Act("unfollowUser", _meets, _unfollow),
    "accept": Act("acceptFollowRequest", _is_asked, _accept),
    "remove follower": Act("removeFollower", _meets, _remove_follower),
    "block": Act("blockUser", _finds, _block),
    "unblock": Act("unblockUser", _finds_blocked, partial(_removes, of="blocks")),
    "mute": Act("muteUser", _meets, partial(_puts, into="mutes")),
    "unmute": Act("unmuteUser", _finds_muted, partial(_removes, of="mutes")),
}
# Of one's own list and circle.
ON_MEMBERS: Mapping[str, Act] = {
    "list add": Act("addToList", _meets, partial(_puts, into="lists")),
    "list remove": Act("removeFromList", _always, partial(_removes, of="lists")),
    "circle add": Act("addToCircle", _meets, partial(_puts, into="circles")),
    "circle remove": Act("removeFromCircle", _always, partial(_removes, of="circles")),
}


# Posts.


def _sees(model: Model, pair: Pair) -> bool:
    return model.sees(*pair)


def _sees_past_own_blocks(model: Model, pair: Pair) -> bool:
    who, name = pair
    return replace(model, blocks=[each for each in model.blocks if each[0] != who]).sees(who, name)


def may_show_around(model: Model, pair: Pair) -> bool:
    """Whether somebody may quote and repost it: it is open to everyone, with everything above it, or their own."""
    who, name = pair
    author = model.posts[name].author
    thread = [model.posts[each] for each in (name, *model.above(name))]
    is_open = all(each.visibility in {PUBLIC, UNLISTED} and each.author not in model.private for each in thread)
    is_withheld = author in model.suspended or name in model.taken_down
    return model.sees(who, name) and (who == author or (is_open and not is_withheld))


def _repost(model: Model, pair: Pair) -> None:
    put(model.entries, Entry(*pair, is_repost=True))


def _undo_repost(model: Model, pair: Pair) -> None:
    remove(model.entries, Entry(*pair, is_repost=True))


def _delete(model: Model, pair: Pair) -> None:
    model.deleted.add(pair[1])


def _detach(model: Model, pair: Pair) -> None:
    model.detached.add(pair[1])


ON_POSTS: Mapping[str, Act] = {
    "repost": Act("repost", may_show_around, _repost),
    "undo repost": Act("undoRepost", _sees, _undo_repost),
    "like": Act("likePost", _sees, partial(_puts, into="likes")),
    "unlike": Act("unlikePost", _sees, partial(_removes, of="likes")),
    "bookmark": Act("bookmarkPost", _sees, partial(_puts, into="bookmarks")),
    "delete": Act("deletePost", _sees, _delete),
    "detach": Act("detachQuote", _sees_past_own_blocks, _detach),
}
