"""Who sees what, as a small model: sets of plain values and no cleverness. Feeds are newest first."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

PUBLIC, UNLISTED, FOLLOWERS, MUTUALS, MENTIONED = "PUBLIC", "UNLISTED", "FOLLOWERS", "MUTUALS", "MENTIONED"
Pair = tuple[str, str]  # who does it, to whom
Entry = tuple[int, tuple[str, ...]]  # a post, and who reposted it
FOLDED_WITHIN = 40


class ModelPost(NamedTuple):
    """A post; `parent` is what it replies to."""

    author: str
    visibility: str
    parent: int | None
    mentioned: str


@dataclass
class Model:
    """Everything that has happened. Numbers of posts and reposts rise with time."""

    follows: set[Pair] = field(default_factory=set)
    blocks: set[Pair] = field(default_factory=set)
    mutes: set[Pair] = field(default_factory=set)
    private: set[str] = field(default_factory=set)
    posts: dict[int, ModelPost] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    reposts: dict[int, tuple[str, int]] = field(default_factory=dict)

    def sees(self, viewer: str, number: int) -> bool:
        if number in self.deleted:
            return False
        for at in self._upwards(number):
            if self.posts[at].author == viewer:
                return True
            if not self._is_for(viewer, self.posts[at]):
                return False
        return True

    def _upwards(self, number: int | None) -> Iterator[int]:
        while number is not None:
            yield number
            number = self.posts[number].parent

    def _is_for(self, viewer: str, post: ModelPost) -> bool:
        if self.are_apart(viewer, post.author):
            return False
        follows, is_followed = (viewer, post.author) in self.follows, (post.author, viewer) in self.follows
        is_narrowed = post.author in self.private and post.visibility in {PUBLIC, UNLISTED}
        narrowed = FOLLOWERS if is_narrowed else post.visibility
        is_let_in = {FOLLOWERS: follows, MUTUALS: follows and is_followed, MENTIONED: False}
        return is_let_in.get(narrowed, True) or (post.mentioned == viewer)

    def are_apart(self, one: str, other: str) -> bool:
        return (one, other) in self.blocks or (other, one) in self.blocks

    def sees_all_of(self, viewer: str, user: str) -> bool:
        is_let_in = user not in self.private or (viewer, user) in self.follows
        return viewer == user or (is_let_in and not self.are_apart(viewer, user))

    def entries(self) -> list[tuple[int, str, int]]:
        """(number, who brought it, post) of all posts and reposts."""
        own = [(number, post.author, number) for number, post in self.posts.items()]
        return sorted([*own, *((number, *repost) for number, repost in self.reposts.items())], reverse=True)

    def home(self, viewer: str) -> list[Entry]:
        found = [entry for entry in self.entries() if entry[1] == viewer or (viewer, entry[1]) in self.follows]
        seen = [self._shown(entry) for entry in found if self._is_heard(viewer, entry) and self._is_seen(viewer, entry)]
        return folded(seen)

    def profile(self, viewer: str, user: str) -> list[Entry]:
        if not self.sees_all_of(viewer, user):
            return []
        found = [entry for entry in self.entries() if entry[1] == user and not self._is_reply(entry)]
        return [self._shown(entry) for entry in found if self._is_seen(viewer, entry)]

    def public(self, viewer: str) -> list[Entry]:
        return [entry for entry in self.hashtag(viewer) if self.posts[entry[0]].parent is None]

    def hashtag(self, viewer: str) -> list[Entry]:
        """Of the hashtag that every post has."""
        found = [entry for entry in self.entries() if entry[0] == entry[2] and self._is_public(entry[2])]
        return [self._shown(entry) for entry in found if self._is_heard(viewer, entry) and self._is_seen(viewer, entry)]

    def replies(self, viewer: str, number: int) -> list[int]:
        return [at for at, post in sorted(self.posts.items()) if post.parent == number and self.sees(viewer, at)]

    def _is_public(self, number: int) -> bool:
        return self.posts[number].visibility == PUBLIC and self.posts[number].author not in self.private

    def _is_reply(self, entry: tuple[int, str, int]) -> bool:
        return entry[0] == entry[2] and self.posts[entry[2]].parent is not None

    def _is_heard(self, viewer: str, entry: tuple[int, str, int]) -> bool:
        _, by, number = entry
        return by == viewer or not {(viewer, by), (viewer, self.posts[number].author)} & self.mutes

    def _is_seen(self, viewer: str, entry: tuple[int, str, int]) -> bool:
        number, by, post = entry
        return self.sees(viewer, post) and (number == post or self.sees_all_of(viewer, by))

    def _shown(self, entry: tuple[int, str, int]) -> Entry:
        number, by, post = entry
        return post, () if number == post else (by,)


def folded(entries: list[Entry]) -> list[Entry]:
    """Each post once within so many entries, with all who reposted it."""
    shown: dict[int, Entry] = {}
    for place, (post, by) in enumerate(entries):
        if any(above == post for above, _ in entries[max(0, place - FOLDED_WITHIN) : place]):
            at = max(at for at, (above, _) in shown.items() if above == post)
            shown[at] = (post, shown[at][1] + by)
        else:
            shown[place] = (post, by)
    return list(shown.values())
