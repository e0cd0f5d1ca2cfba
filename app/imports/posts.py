"""`rookery import posts`: a CSV file of dated texts becomes posts of one account, by the act that clients use."""

import csv
import hashlib
import html
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from access.viewer import Viewer
from actions import accounts, archives, posts
from app.imports import dates, tables
from app.imports.report import Place, Report, SourceError
from app.imports.runs import archived_viewer, import_database
from app.settings import Settings
from core.database import Database, Transaction
from core.entities import EntityKind
from core.errors import RefusalError

COLUMNS = ("created_at", "text")
# Records that are looked up together, to see which are here.
LOOKED_UP_AT_ONCE = 500
_NAMES = {
    EntityKind.HASHTAG: "hashtags in them",
    EntityKind.LINK: "links in them",
    EntityKind.MENTION: "mentions in them",
}


@dataclass(frozen=True, slots=True)
class DatedText:
    """A record of the file. `key` tells it from all others, wherever in the file it stands."""

    place: Place
    at: datetime
    body: str
    key: str


async def import_posts(settings: Settings, file: Path, *, author: str, report: Report) -> None:
    """Posts every record of the file, the oldest first, dated as it says. Raises SourceError."""
    async with import_database(settings) as db:
        found = await accounts.fetch_credentials(db, author)
        if found is None:
            raise SourceError(f"There is no account {author!r}.")
        texts = _read(file, report)
        if not texts and not report.skipped_lines:
            raise SourceError(f"{file} has no posts.")
        await _post_all(db, found.account_id, sorted(texts, key=lambda text: text.at), report)


async def _post_all(db: Database, author_id: int, texts: list[DatedText], report: Report) -> None:
    source, viewer = f"posts/{author_id}", archived_viewer(author_id)
    report.refused["TOO_LONG"] += 0
    report.added.update(dict.fromkeys(("posts", *_NAMES.values()), 0))
    with report.step("posts", len(texts)) as advance:
        for start in range(0, len(texts), LOOKED_UP_AT_ONCE):
            some = texts[start : start + LOOKED_UP_AT_ONCE]
            present = await archives.fetch_local_ids(db, source, [text.key for text in some])
            report.present["posts"] += len(present)
            posted: list[int] = []
            for text in some:
                advance(1)
                if text.key in present:
                    continue
                try:
                    posted.append(await db.transact_at(text.at, _post, viewer, source, text))
                except RefusalError as error:
                    report.skip(text.place, error)
            report.added["posts"] += len(posted)
            for kind, count in (await archives.fetch_entity_counts(db, posted)).items():
                report.added[_NAMES[kind]] += count


async def _post(tx: Transaction, viewer: Viewer, source: str, text: DatedText) -> int:
    async def create(tx: Transaction) -> int:
        return await posts.create_post(tx, viewer, posts.NewPost(body=text.body))

    return await archives.bring_in(tx, source, text.key, act=create)


def _read(file: Path, report: Report) -> list[DatedText]:
    """What can be read of the file, in its order. Raises SourceError if it is no such table."""
    found: list[DatedText] = []
    occurrences: Counter[tuple[datetime, str]] = Counter()
    with tables.opened(file) as raw:
        for place, (date, text) in _records(raw, file, report):
            if not _is_text(date + text):
                report.skip(place, "not valid UTF-8")
                continue
            try:
                at = dates.parsed(date)
            except ValueError as error:
                report.skip(place, error)
                continue
            body = html.unescape(text)
            # Somebody may well say the same twice in a minute. The second time is another record.
            occurrences[at, body] += 1
            key = hashlib.sha256(f"{at.isoformat()}\n{occurrences[at, body]}\n{body}".encode()).hexdigest()
            found.append(DatedText(place, at, body, key))
    return found


def _records(raw: BinaryIO, file: Path, report: Report) -> Iterator[tuple[Place, tuple[str, str]]]:
    """Date and text of every record that CSV can tell apart; a quoted field may span lines."""
    # Bytes that are no UTF-8 become lone surrogates, so that they spoil the record that they stand in and no other.
    reader = csv.reader((line.decode("utf-8", "surrogateescape") for line in raw), strict=True)
    try:
        header = next(reader, None)
    except csv.Error as error:
        raise SourceError(f"{file} is no CSV file: {error}.") from error
    if header is None:
        raise SourceError(f"{file} is empty.")
    header[:1] = [name.removeprefix("\ufeff") for name in header[:1]]
    at, text = tables.wanted_columns(file, header, COLUMNS)
    while True:
        place = Place(file, reader.line_num + 1)
        try:
            record = next(reader, None)
        except csv.Error as error:
            report.skip(place, f"{error} (read up to line {reader.line_num})")
            continue
        if record is None:
            return
        if not record:
            continue
        if len(record) != len(header):
            report.skip(place, f"{len(record)} fields, not {len(header)}")
            continue
        yield place, (record[at], record[text])


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
