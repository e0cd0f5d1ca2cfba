"""The update stream of an LDBC SNB data set: dated events, each of which becomes the act of a client.

Format: no header; milliseconds since 1970, the same of what the event depends on, its kind, and the kind's own fields.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from actions import archives, follows, likes, posts
from app.imports import dates, tables
from app.imports.report import Place, Report, SourceError
from app.imports.runs import archived_viewer, handle_of
from app.imports.snb_files import body_of, comment, person, post
from app.imports.snb_tags import Tags
from core.database import Transaction
from core.errors import RefusalError

LocalIds = Mapping[str, int]
Act = Callable[[Transaction, LocalIds], Awaitable[int]]


class Kind(IntEnum):
    """The kinds of event, by their number in the file."""

    PERSON = 1
    LIKE_OF_POST = 2
    LIKE_OF_COMMENT = 3
    FORUM = 4
    MEMBERSHIP = 5
    POST = 6
    COMMENT = 7
    FRIENDSHIP = 8


class DataSet(NamedTuple):
    """What handles begin with, and what tags are called."""

    prefix: str
    tags: Tags


@dataclass(frozen=True, slots=True)
class Event:
    """One event: `act` needs the local ids of the records `needs` and gives that of the record `key`.

    `name` is what the report counts it as. A reply must come later than what it answers, `parent`. A post has its
    data set's tags, `hashtags`, besides those of its text.
    """

    place: Place
    at: datetime
    name: str
    key: str
    needs: tuple[str, ...]
    act: Act
    parent: str | None = None
    is_photo: bool = False
    hashtags: tuple[str, ...] = ()


# How many fields an event of each kind has, with the three that all have.
_WIDTHS = {
    Kind.PERSON: 17,
    Kind.LIKE_OF_POST: 6,
    Kind.LIKE_OF_COMMENT: 6,
    Kind.FORUM: 8,
    Kind.MEMBERSHIP: 6,
    Kind.POST: 15,
    Kind.COMMENT: 14,
    Kind.FRIENDSHIP: 6,
}
_UNMAPPED = {Kind.FORUM: "forums of the stream", Kind.MEMBERSHIP: "forum memberships of the stream"}
_NONE = "-1"


def stream_files(folder: Path) -> list[Path]:
    """The files of the stream, of persons before those of forums. Raises SourceError if there are none."""
    found = sorted((folder / "update_streams").glob("updateStream_*.csv"), key=lambda path: path.stem, reverse=True)
    if not found:
        raise SourceError(f"{folder / 'update_streams'} has no files updateStream_*.csv; --no-stream goes without.")
    for path in found:
        tables.opened(path).close()
    return found


def read_stream(files: list[Path], *, prefix: str, tags: Tags, report: Report) -> list[Event]:
    """The events of all files in the order of time that Rookery has an act for. Others are counted."""
    events: list[Event] = []
    data_set = DataSet(prefix, tags)
    for path in files:
        with tables.opened(path) as file:
            for place, line in tables.text_lines(file, path, report):
                try:
                    event = _event(place, line.split("|"), data_set, report)
                except (ValueError, RefusalError) as error:
                    report.skip(place, error)
                    continue
                if event is not None:
                    events.append(event)
    return sorted(events, key=lambda event: event.at)


def _event(place: Place, fields: list[str], data_set: DataSet, report: Report) -> Event | None:
    kind = _kind(fields)
    if kind in _UNMAPPED:
        report.unmapped[_UNMAPPED[kind]] += 1
        return None
    at = dates.from_milliseconds(fields[0])
    return _READERS[kind](place, at, fields[3:], data_set)


def _kind(fields: list[str]) -> Kind:
    if len(fields) < 3 or not fields[2].isdigit() or int(fields[2]) not in _WIDTHS:  # noqa: PLR2004 (what all have)
        raise ValueError("no event of a known kind")
    kind = Kind(int(fields[2]))
    if len(fields) != _WIDTHS[kind]:
        raise ValueError(f"{len(fields)} fields, not {_WIDTHS[kind]}")
    return kind


def _person(place: Place, at: datetime, own: list[str], data_set: DataSet) -> Event:
    number, first_name, last_name = own[:3]
    key = person(number)
    handle = handle_of(data_set.prefix, key.removeprefix("person:"))
    name = archives.checked_display_name(f"{first_name} {last_name}")

    async def join(tx: Transaction, _ids: LocalIds) -> int:
        return await archives.create_account(tx, handle=handle, display_name=name)

    return Event(place, at, "accounts", key, (), join)


def _like(place: Place, at: datetime, liker: str, liked: str) -> Event:
    async def like(tx: Transaction, ids: LocalIds) -> int:
        return await likes.like_post(tx, archived_viewer(ids[liker]), ids[liked])

    return Event(place, at, "likes", f"like:{liker}:{liked}", (liker, liked), like)


def _like_of_post(place: Place, at: datetime, own: list[str], _data_set: DataSet) -> Event:
    return _like(place, at, person(own[0]), post(own[1]))


def _like_of_comment(place: Place, at: datetime, own: list[str], _data_set: DataSet) -> Event:
    return _like(place, at, person(own[0]), comment(own[1]))


def _post(place: Place, at: datetime, own: list[str], data_set: DataSet) -> Event:
    number, image, _created, _address, _browser, _language, content, _length, creator = own[:9]
    author, body = person(creator), body_of(content, image)
    hashtags = _hashtags(own[11], data_set)

    async def write(tx: Transaction, ids: LocalIds) -> int:
        return await posts.create_post(tx, archived_viewer(ids[author]), posts.NewPost(body=body))

    return Event(place, at, "posts", post(number), (author,), write, is_photo=not content, hashtags=hashtags)


def _comment(place: Place, at: datetime, own: list[str], data_set: DataSet) -> Event:
    number, _created, _address, _browser, content, _length, creator, _country, of_post, of_comment = own[:10]
    author, body = person(creator), body_of(content, "")
    hashtags = _hashtags(own[10], data_set)
    parent = comment(of_comment) if of_post == _NONE else post(of_post)

    async def answer(tx: Transaction, ids: LocalIds) -> int:
        new_post = posts.NewPost(body=body, reply_to_id=ids[parent])
        return await posts.create_post(tx, archived_viewer(ids[author]), new_post)

    return Event(place, at, "posts", comment(number), (author, parent), answer, parent=parent, hashtags=hashtags)


def _hashtags(numbers: str, data_set: DataSet) -> tuple[str, ...]:
    """The hashtags of tags whose numbers stand in one field, each once. Raises ValueError."""
    found = (data_set.tags.hashtag_of(number) for number in dict.fromkeys(numbers.split(";")) if number)
    return tuple(hashtag for hashtag in found if hashtag is not None)


def _friendship(place: Place, at: datetime, own: list[str], _data_set: DataSet) -> Event:
    one, other = person(own[0]), person(own[1])

    async def follow(tx: Transaction, ids: LocalIds) -> int:
        await follows.follow_user(tx, archived_viewer(ids[one]), ids[other])
        return await follows.follow_user(tx, archived_viewer(ids[other]), ids[one])

    return Event(place, at, "follows", f"knows:{one}:{other}", (one, other), follow)


_READERS: dict[Kind, Callable[[Place, datetime, list[str], DataSet], Event]] = {
    Kind.PERSON: _person,
    Kind.LIKE_OF_POST: _like_of_post,
    Kind.LIKE_OF_COMMENT: _like_of_comment,
    Kind.POST: _post,
    Kind.COMMENT: _comment,
    Kind.FRIENDSHIP: _friendship,
}


def batches(events: list[Event], size: int) -> Iterator[list[Event]]:
    """The events, `size` at a time."""
    for start in range(0, len(events), size):
        yield events[start : start + size]
