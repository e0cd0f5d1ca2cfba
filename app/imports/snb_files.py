"""The snapshot of an LDBC SNB data set: its files, read into archived records whose references hold.

A record that names one which is not there (or was skipped) is skipped too: what comes out can be brought in whole.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from actions import archives
from actions.imports import ArchivedAccount, ArchivedFriendship, ArchivedLike, ArchivedPost, ArchivedTag
from app.imports import dates, tables
from app.imports.report import Place, Report, SourceError
from app.imports.runs import handle_of
from app.imports.snb_tags import Tags, open_tags
from app.imports.tables import Row, Table, parts_of
from core.errors import RefusalError

_TABLES = {
    "person": ("id", "firstName", "lastName", "creationDate"),
    "person_knows_person": ("Person.id", "Person.id", "creationDate"),
    "post": ("id", "imageFile", "creationDate", "content", "creator"),
    "comment": ("id", "creationDate", "content", "creator", "replyOfPost", "replyOfComment"),
    "person_likes_post": ("Person.id", "Post.id", "creationDate"),
    "person_likes_comment": ("Person.id", "Comment.id", "creationDate"),
}
# Read where a data set has the file.
_OPTIONAL_TABLES = {
    "post_hasTag_tag": ("Post.id", "Tag.id"),
    "comment_hasTag_tag": ("Comment.id", "Tag.id"),
}
# What Rookery has no place for; counted where a data set has the file.
_UNMAPPED = {
    "forum": "forums",
    "forum_hasMember_person": "forum memberships",
    "forum_hasTag_tag": "tags of forums",
    "person_hasInterest_tag": "interests of persons",
}
# Ids sort by time, and a reply must sort behind what it answers.
REPLY_LAG = timedelta(milliseconds=1)


def person(number: str) -> str:
    """The external id of a person. Raises ValueError if it is no number."""
    return f"person:{tables.number(number, 'id of a person')}"


def post(number: str) -> str:
    """The external id of a post. Raises ValueError if it is no number."""
    return f"post:{tables.number(number, 'id of a post')}"


def comment(number: str) -> str:
    """The external id of a comment. Raises ValueError if it is no number."""
    return f"comment:{tables.number(number, 'id of a comment')}"


def body_of(content: str, image: str) -> str:
    """What stands in a post: its text or, of a photo, the name of the file. Raises ValidationError."""
    return archives.checked_body(content or image)


@dataclass(slots=True)
class Snapshot:
    """Everything of the snapshot that can be brought in; parents stand before their replies."""

    accounts: dict[str, ArchivedAccount] = field(default_factory=dict)
    friendships: list[ArchivedFriendship] = field(default_factory=list)
    posts: dict[str, ArchivedPost] = field(default_factory=dict)
    likes: list[ArchivedLike] = field(default_factory=list)
    tags: list[ArchivedTag] = field(default_factory=list)
    photo_count: int = 0


Tables = dict[str, list[Table]]


def open_snapshot(folder: Path) -> Tables:
    """The tables of a data set's folder. Raises SourceError if one is missing, empty, or lacks a column."""
    dynamic = folder / "dynamic"
    if not dynamic.is_dir():
        raise SourceError(f"{folder} is no LDBC SNB data set: it has no folder 'dynamic'.")
    found: Tables = {}
    for name, columns in _TABLES.items():
        paths = parts_of(dynamic, name) or [dynamic / f"{name}_0_0.csv"]
        found[name] = [tables.open_table(path, columns, delimiter="|") for path in paths]
    for name, columns in _OPTIONAL_TABLES.items():
        found[name] = [tables.open_table(path, columns, delimiter="|") for path in parts_of(dynamic, name)]
    found["tag"] = open_tags(folder)
    return found


def read_tags(opened: Tables, report: Report) -> Tags:
    """Reads the tables of tags, and tells what it skips."""
    tags = Tags(report)
    _each(opened["tag"], tags.take, report)
    return tags


def read_snapshot(opened: Tables, *, prefix: str, tags: Tags, report: Report) -> Snapshot:
    """Reads all other tables, and tells what it skips."""
    reader = _Reader(prefix, tags)
    for name, take in (
        ("person", reader.take_person),
        ("person_knows_person", reader.take_friendship),
        ("post", reader.take_post),
        ("comment", reader.take_comment),
    ):
        _each(opened[name], take, report)
    reader.place_comments(report)
    for name in ("person_likes_post", "person_likes_comment"):
        _each(opened[name], reader.take_like_of(post if name == "person_likes_post" else comment), report)
    for name in _OPTIONAL_TABLES:
        _each(opened[name], reader.take_tag_of(post if name == "post_hasTag_tag" else comment), report)
    return reader.found


def count_unmapped(folder: Path, report: Report) -> None:
    """Counts the records that Rookery has no place for."""
    for name, what in _UNMAPPED.items():
        for path in parts_of(folder / "dynamic", name):
            with tables.opened(path) as file:
                report.unmapped[what] += max(0, sum(1 for _ in file) - 1)


def _each(parts: list[Table], take: Callable[[Row], None], report: Report) -> None:
    for table in parts:
        for row in table.rows(report):
            try:
                take(row)
            except (ValueError, RefusalError) as error:
                report.skip(row.place, error)


@dataclass(frozen=True, slots=True)
class _Comment:
    place: Place
    post: ArchivedPost
    parent: str


class _Reader:
    """What was read so far. `take_…` adds a row to it; raises ValueError or RefusalError if that cannot be."""

    def __init__(self, prefix: str, tags: Tags) -> None:
        self.found = Snapshot()
        self._prefix = prefix
        self._tags = tags
        self._friends: set[frozenset[str]] = set()
        self._likes: set[tuple[str, str]] = set()
        self._tagged: set[tuple[str, str]] = set()
        self._comments: dict[str, _Comment] = {}

    def take_person(self, row: Row) -> None:
        number, first_name, last_name, created = row.fields
        key = self._new(person(number))
        handle = handle_of(self._prefix, key.removeprefix("person:"))
        name = archives.checked_display_name(f"{first_name} {last_name}")
        self.found.accounts[key] = ArchivedAccount(key, handle, name, dates.parsed(created))

    def take_friendship(self, row: Row) -> None:
        one, other, since = row.fields
        ends = self._known(person(one)), self._known(person(other))
        if ends[0] == ends[1]:
            raise ValueError(f"{ends[0]} cannot know itself.")
        if frozenset(ends) in self._friends:
            raise ValueError(f"That {ends[0]} and {ends[1]} know each other was there before.")
        friendship = ArchivedFriendship(*ends, dates.parsed(since))
        self._friends.add(frozenset(ends))
        self.found.friendships.append(friendship)

    def take_post(self, row: Row) -> None:
        number, image, created, content, creator = row.fields
        key, author = self._new(post(number)), self._known(person(creator))
        self.found.posts[key] = ArchivedPost(key, author, body_of(content, image), dates.parsed(created))
        self.found.photo_count += not content

    def take_comment(self, row: Row) -> None:
        number, created, content, creator, of_post, of_comment = row.fields
        key, author = self._new(comment(number)), self._known(person(creator))
        parent = post(of_post) if of_post else comment(of_comment)
        reply = ArchivedPost(key, author, body_of(content, ""), dates.parsed(created))
        self._comments[key] = _Comment(row.place, reply, parent)

    def place_comments(self, report: Report) -> None:
        """Moves comments to the posts, parents first, wherever they stood in the file."""
        posts, waiting = self.found.posts, self._comments
        while waiting:
            ready = [key for key, waits in waiting.items() if waits.parent in posts]
            if not ready:
                break
            for key in ready:
                reply = waiting.pop(key)
                parent = posts[reply.parent]
                posts[key] = reply.post._replace(
                    at=max(reply.post.at, parent.at + REPLY_LAG),
                    reply_to=parent.external_id,
                    root=parent.root or parent.external_id,
                )
        for orphan in waiting.values():
            report.skip(orphan.place, f"answers {orphan.parent}, which is not here")

    def take_like_of(self, kind: Callable[[str], str]) -> Callable[[Row], None]:
        """`take_like` for a table whose second column is of this kind."""

        def take_like(row: Row) -> None:
            liker, liked, at = row.fields
            like = ArchivedLike(self._known(person(liker)), self._known(kind(liked)), dates.parsed(at))
            if like[:2] in self._likes:
                raise ValueError(f"That {like.account} likes {like.post} was there before.")
            self._likes.add(like[:2])
            self.found.likes.append(like)

        return take_like

    def take_tag_of(self, kind: Callable[[str], str]) -> Callable[[Row], None]:
        """Takes a row of a table whose first column is of this kind."""

        def take_tag(row: Row) -> None:
            key, number = self._known(kind(row.fields[0])), row.fields[1]
            if (key, number) in self._tagged:
                raise ValueError(f"That {key} has tag {number} was there before.")
            hashtag = self._tags.hashtag_of(number)
            self._tagged.add((key, number))
            if hashtag is not None:
                self.found.tags.append(ArchivedTag(key, hashtag))

        return take_tag

    def _known(self, key: str) -> str:
        if key not in self.found.accounts and key not in self.found.posts:
            raise ValueError(f"names {key}, which is not here")
        return key

    def _new(self, key: str) -> str:
        if key in self.found.accounts or key in self.found.posts or key in self._comments:
            raise ValueError(f"{key} was there before")
        return key
