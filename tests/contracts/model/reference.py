"""Who sees what, as a small model: lists of plain values and no cleverness.

Lists grow at their end; people and posts that something leads to are told with the latest first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

PUBLIC, UNLISTED, FOLLOWERS, MUTUALS = "PUBLIC", "UNLISTED", "FOLLOWERS", "MUTUALS"
CIRCLE, MENTIONED = "CIRCLE", "MENTIONED"
NONE, BARE, LIMITED, FULL = range(4)  # How much of an account somebody sees.
Pair = tuple[str, str]  # Who does it, to whom or to which post; whose circle or list it is, and who is in it.
Shown = tuple[str, tuple[str, ...]]  # A post in a feed, and who reposted it.


class ModelPost(NamedTuple):
    """A post; `parent` is what it replies to. Every one has the hashtag."""

    author: str
    visibility: str
    parent: str | None = None
    quoted: str | None = None
    mentioned: str | None = None


class Entry(NamedTuple):
    """A post by who wrote it, or a repost by somebody."""

    by: str
    post: str
    is_repost: bool = False


@dataclass
class Model:
    """Everything that has happened. The fan follows the hashtag."""

    moderator: str
    fan: str
    follows: list[Pair] = field(default_factory=list)
    requests: list[Pair] = field(default_factory=list)
    blocks: list[Pair] = field(default_factory=list)
    mutes: list[Pair] = field(default_factory=list)
    circles: list[Pair] = field(default_factory=list)
    lists: list[Pair] = field(default_factory=list)
    likes: list[Pair] = field(default_factory=list)
    bookmarks: list[Pair] = field(default_factory=list)
    private: set[str] = field(default_factory=set)
    suspended: set[str] = field(default_factory=set)
    posts: dict[str, ModelPost] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    taken_down: set[str] = field(default_factory=set)
    detached: set[str] = field(default_factory=set)

    # Accounts and posts.

    def sight(self, viewer: str, user: str) -> int:
        if viewer == user:
            return FULL
        if (user, viewer) in self.blocks or (user in self.suspended and viewer != self.moderator):
            return NONE
        if (viewer, user) in self.blocks:
            return BARE
        return LIMITED if user in self.private and (viewer, user) not in self.follows else FULL

    def sees(self, viewer: str, post: str) -> bool:
        author = self.posts[post].author
        if post in self.deleted or viewer == author:
            return post not in self.deleted
        if (author in self.suspended or post in self.taken_down) and viewer != self.moderator:
            return False
        for each in (post, *reversed(self.above(post))):
            if self.posts[each].author == viewer:
                break
            if not self._is_for(viewer, self.posts[each]):
                return False
        return True

    def _is_for(self, viewer: str, post: ModelPost) -> bool:
        author = post.author
        if (viewer, author) in self.blocks or (author, viewer) in self.blocks:
            return False
        follows, is_followed = (viewer, author) in self.follows, (author, viewer) in self.follows
        admits = {
            PUBLIC: follows or author not in self.private,
            UNLISTED: follows or author not in self.private,
            FOLLOWERS: follows,
            MUTUALS: follows and is_followed,
            CIRCLE: (author, viewer) in self.circles,
            MENTIONED: False,
        }
        return post.mentioned == viewer or admits[post.visibility]

    def above(self, post: str) -> list[str]:
        """From the root of the thread down to the parent."""
        parent = self.posts[post].parent
        return [] if parent is None else [*self.above(parent), parent]

    # Feeds, newest first.

    def home(self, viewer: str) -> list[Shown]:
        brings = {viewer} | {followed for who, followed in self.follows if who == viewer}
        by_hashtag = viewer == self.fan
        found = (e for e in self._newest() if e.by in brings or (by_hashtag and self._is_in_public(e)))
        return folded(self._heard(viewer, found))

    def list_feed(self, viewer: str, owner: str) -> list[Shown]:
        """Of the owner's list, which shows replies to those who are on it."""
        on = {member for of, member in self.lists if of == owner}
        shown = (e for e in self._newest() if e.by in on and ((to := self._replied_to(e)) is None or to in on))
        return folded(self._heard(viewer, shown)) if self.sight(viewer, owner) == FULL else []

    def public(self, viewer: str) -> list[Shown]:
        return folded(self._heard(viewer, filter(self._is_in_public, self._newest())))

    def hashtag(self, viewer: str) -> list[Shown]:
        return folded(self._heard(viewer, filter(self._is_public, self._newest())))

    def profile(self, viewer: str, user: str) -> list[Shown]:
        own = (e for e in self._newest() if e.by == user and self._replied_to(e) is None)
        return [shown(e) for e in self._seen(viewer, own)] if self.sight(viewer, user) == FULL else []

    def _newest(self) -> Iterator[Entry]:
        return reversed(self.entries)

    def _heard(self, viewer: str, entries: Iterable[Entry]) -> Iterator[Entry]:
        for each in self._seen(viewer, entries):
            muted = {(viewer, each.by), (viewer, self.posts[each.post].author)} & {*self.mutes}
            if each.by == viewer or not muted:
                yield each

    def _seen(self, viewer: str, entries: Iterable[Entry]) -> Iterator[Entry]:
        for each in entries:
            if self.sees(viewer, each.post) and (not each.is_repost or self.sight(viewer, each.by) == FULL):
                yield each

    def _is_public(self, entry: Entry) -> bool:
        return not entry.is_repost and self.posts[entry.post].visibility == PUBLIC and entry.by not in self.private

    def _is_in_public(self, entry: Entry) -> bool:
        return self._is_public(entry) and self.posts[entry.post].parent is None

    def _replied_to(self, entry: Entry) -> str | None:
        parent = self.posts[entry.post].parent
        return None if entry.is_repost or parent is None else self.posts[parent].author

    # Lists of people, and of posts.

    def followers(self, viewer: str, user: str) -> list[str]:
        return self._people(viewer, (one for one, other in self.follows if other == user), of=user)

    def following(self, viewer: str, user: str) -> list[str]:
        return self._people(viewer, (other for one, other in self.follows if one == user), of=user)

    def members(self, viewer: str, owner: str) -> list[str]:
        return self._people(viewer, (member for of, member in self.lists if of == owner), of=owner)

    def asking(self, viewer: str) -> list[str]:
        return self._people(viewer, (one for one, other in self.requests if other == viewer), of=viewer)

    def likers(self, viewer: str, post: str) -> list[str]:
        return self._people(viewer, (who for who, liked in self.likes if liked == post), of=viewer)

    def reposters(self, viewer: str, post: str) -> list[str]:
        found = (e for e in self._newest() if e.is_repost and e.post == post)
        return [each.by for each in self._seen(viewer, found)]

    def _people(self, viewer: str, people: Iterable[str], *, of: str) -> list[str]:
        if self.sight(viewer, of) != FULL:
            return []
        return [each for each in reversed([*people]) if self.sight(viewer, each) != NONE]

    def kept(self, viewer: str, pairs: list[Pair]) -> list[str]:
        """Whatever the viewer has liked, or bookmarked."""
        return [post for who, post in reversed(pairs) if who == viewer and self.sees(viewer, post)]

    def replies(self, viewer: str, post: str) -> list[str]:
        return [each for each in self.posts if self.posts[each].parent == post and self.sees(viewer, each)]

    def quotes(self, viewer: str, post: str) -> list[str]:
        found = [each for each in self.posts if self.posts[each].quoted == post and each not in self.detached]
        return [each for each in reversed(found) if self.sees(viewer, each)]


def shown(entry: Entry) -> Shown:
    return entry.post, (entry.by,) if entry.is_repost else ()


def folded(entries: Iterable[Entry]) -> list[Shown]:
    """Each post once, where its newest entry is, with all who reposted it: few enough entries for that."""
    found: dict[str, tuple[str, ...]] = {}
    for post, by in map(shown, entries):
        found[post] = found.get(post, ()) + by
    return list(found.items())
