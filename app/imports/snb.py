"""`rookery import snb`: an LDBC SNB data set. Its snapshot goes in by bulks, its stream by the acts of clients."""

from datetime import datetime
from pathlib import Path

from actions import archives, imports
from app.imports.report import Report
from app.imports.runs import add_in_bulks, import_database, prefix_of
from app.imports.snb_files import REPLY_LAG, Snapshot, count_unmapped, open_snapshot, read_snapshot, read_tags
from app.imports.snb_stream import Event, batches, read_stream, stream_files
from app.settings import Settings
from core import ids
from core.database import Database, Transaction
from core.errors import RefusalError

# Events whose records are looked up together.
LOOKED_UP_AT_ONCE = 500
# What an event of each name makes, where that is not one.
_ROWS_EACH = {"follows": 2}


async def import_snb(
    settings: Settings, folder: Path, *, prefix: str | None, report: Report, has_stream: bool = True
) -> None:
    """Brings the data set in the folder in. Raises SourceError before anything is, if a file cannot be used."""
    prefix = prefix_of(prefix, folder)
    opened = open_snapshot(folder)
    files = stream_files(folder) if has_stream else []
    count_unmapped(folder, report)
    tags = read_tags(opened, report)
    snapshot = read_snapshot(opened, prefix=prefix, tags=tags, report=report)
    events = read_stream(files, prefix=prefix, tags=tags, report=report)

    source = f"snb/{prefix}"
    async with import_database(settings) as db:
        await _add_snapshot(db, snapshot, source, report)
        with report.step("stream", len(events)) as advance:
            for some in batches(events, LOOKED_UP_AT_ONCE):
                await _replay(db, some, source, report)
                advance(len(some))
    photo_count = snapshot.photo_count + sum(event.is_photo for event in events)
    report.remarks.append(f"photos: {photo_count:,} posts without a text; the name of the file stands in them")
    report.remarks.append(tags.remark())


async def _add_snapshot(db: Database, snapshot: Snapshot, source: str, report: Report) -> None:
    accounts, posts = list(snapshot.accounts.values()), list(snapshot.posts.values())
    await add_in_bulks(db, imports.add_accounts, accounts, source=source, name="accounts", report=report)
    await add_in_bulks(
        db, imports.add_friendships, snapshot.friendships, source=source, name="follows", report=report, rows_each=2
    )
    await add_in_bulks(db, imports.add_posts, posts, source=source, name="posts", report=report)
    await add_in_bulks(db, imports.add_tags, snapshot.tags, source=source, name="tags", report=report)
    await add_in_bulks(db, imports.add_likes, snapshot.likes, source=source, name="likes", report=report)


async def _replay(db: Database, events: list[Event], source: str, report: Report) -> None:
    """Each event in a transaction of its own, unless it was replayed before."""
    wanted = {record for event in events for record in (event.key, *event.needs)}
    local_ids = await archives.fetch_local_ids(db, source, wanted)
    for event in events:
        rows = _ROWS_EACH.get(event.name, 1)
        if event.key in local_ids:
            report.present[event.name] += rows
            report.present["tags"] += len(event.hashtags)
            continue
        missing = [record for record in event.needs if record not in local_ids]
        if missing:
            report.skip(event.place, f"names {missing[0]}, which is not here")
            continue
        try:
            at = _date_of(event, local_ids)
            local_ids[event.key] = await db.transact_at(at, _act, event, source, local_ids)
        except RefusalError as error:
            report.skip(event.place, error)
        else:
            report.added[event.name] += rows
            report.added["tags"] += len(event.hashtags)


def _date_of(event: Event, local_ids: dict[str, int]) -> datetime:
    if event.parent is None:
        return event.at
    return max(event.at, ids.time_of(local_ids[event.parent]) + REPLY_LAG)


async def _act(tx: Transaction, event: Event, source: str, local_ids: dict[str, int]) -> int:
    async def act(tx: Transaction) -> int:
        local_id = await event.act(tx, local_ids)
        if event.hashtags:
            await archives.tag_post(tx, local_id, event.hashtags)
        return local_id

    return await archives.bring_in(tx, source, event.key, act=act)
