"""The matrix's cast in the database: rows straight into the tables, so that nothing refuses what is to be hidden."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from access.viewer import Viewer
from app.services import ProcessServices
from core.clock import utc_now
from core.database import Transaction, command
from core.entities import EntityKind
from models.accounts import account
from models.hashtags import post_hashtag
from models.posts import Visibility, post, post_mention
from tests.contracts.matrix.cast import (
    ANONYMOUS,
    AUTHORS,
    BLOCKER,
    NARROW,
    NEUTRAL,
    TARGETS,
    VIEWERS,
    Above,
    Target,
)
from tests.rows import insert, mint
from tests.worlds import Person

HASHTAG = "matrix"
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_SET_BIO_ENTITIES = command(
    sa.update(account)
    .where(account.c.id == sa.bindparam("account_id", type_=sa.BigInteger))
    .values(bio_entities=sa.cast(sa.bindparam("stored", type_=sa.Text), JSONB))
)
_IDS = sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))
_HIDE_REPLIES = command(sa.update(post).where(post.c.id == _IDS).values(reply_hidden_at=_MOMENT))
_ERASE = (
    command(sa.delete(post_mention).where(post_mention.c.post_id == _IDS)),
    command(sa.delete(post_hashtag).where(post_hashtag.c.post_id == _IDS)),
    command(sa.delete(post).where(post.c.id == _IDS)),
)
# Any number: nobody signs in, so no session has it.
_SESSION_ID = 1


class Stage:
    """The world of one test. Ids are numbers; `names` has those of accounts by handle, `posts` those of targets."""

    def __init__(self, services: ProcessServices) -> None:
        self.services = services
        self.people: dict[str, Person] = {}
        self.posts: dict[Target, int] = {}
        self.root_id = 0  # the neutral post that answers reply to
        self.quoted_id = 0  # the neutral post that all targets quote
        self.hashtag_id = 0
        self.circle_ids: dict[str, int] = {}
        self.groups: dict[str, str] = {}  # lists or circles of a scene, by whose they are, as clients name them
        self.written: dict[str, list[int]] = {}  # posts of a scene, by who wrote them
        self.hashtags: dict[Target, str] = {}  # hashtags of a scene, by the post that has them, as clients name them
        self.reports: dict[Target, int] = {}  # reports of a scene, by the post that they name

    async def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows that have the same columns."""
        await insert(self.services.db, table, rows)

    async def mint(self, size: int) -> list[int]:
        return await mint(self.services.db, size)

    async def write(self, author: str, rows: Iterable[Mapping[str, Any]]) -> list[int]:
        """Posts by somebody, with these columns besides those that each has; gives their ids."""
        wanted = [*rows]
        ids = await self.mint(len(wanted))
        author_id = self.number(author)
        given = [
            {"body": f"by {author}", **row, "id": id_, "author_id": author_id}
            for row, id_ in zip(wanted, ids, strict=True)
        ]
        await self.insert("post", given)
        return ids

    async def set_bio_entities(self, name: str, stored: str) -> None:
        await self.services.db.transact(_set_bio_entities, self.number(name), stored)

    async def hide_replies(self, targets: Sequence[Target]) -> None:
        """As who wrote what they reply to would."""
        await self.services.db.transact(_hide_replies, [self.posts[target] for target in targets])

    async def erase(self, targets: Sequence[Target]) -> None:
        """Takes posts away as if they had never been."""
        await self.services.db.transact(_erase, [self.posts[target] for target in targets])

    def number(self, name: str) -> int:
        return self.people[name].account_id

    def person(self, viewer: str) -> Person | None:
        return None if viewer == ANONYMOUS else self.people[viewer]

    @property
    def signed_in(self) -> list[str]:
        """Every viewer that has an account, authors included."""
        return [name for name in (*VIEWERS, *AUTHORS) if name != ANONYMOUS]


async def _set_bio_entities(tx: Transaction, account_id: int, stored: str) -> None:
    await tx.run(_SET_BIO_ENTITIES, account_id=account_id, stored=stored)


async def _hide_replies(tx: Transaction, ids: Sequence[int]) -> None:
    await tx.run(_HIDE_REPLIES, ids=ids)


async def _erase(tx: Transaction, ids: Sequence[int]) -> None:
    for statement in _ERASE:
        await tx.run(statement, ids=ids)


def bio_of(author: str) -> str:
    return f"bio of {author}"


def website_of(author: str) -> str:
    return f"https://{author}.example/"


def mention_of(account_id: int) -> str:
    """Entities of a text that mentions an account with its first letters."""
    return orjson.dumps([[EntityKind.MENTION, 0, 5, 0, 5, account_id]]).decode()


# Entities of a text that begins with the hashtag.
WITH_HASHTAG = orjson.dumps([[EntityKind.HASHTAG, 0, 7, 0, 7, HASHTAG]]).decode()


async def set_stage(services: ProcessServices) -> Stage:
    """People, how they stand to each other, and the targets."""
    stage = Stage(services)
    await _people(stage)
    await _relations(stage)
    await _targets(stage)
    return stage


async def _people(stage: Stage) -> None:
    names = [*AUTHORS, *(name for name in VIEWERS if name != ANONYMOUS), NEUTRAL, NARROW, BLOCKER]
    tokens, now = stage.services.resources.tokens, utc_now()
    rows: list[dict[str, Any]] = []
    for name, account_id in zip(names, await stage.mint(len(names)), strict=True):
        token, expires_at = tokens.access_token(account_id=account_id, session_id=_SESSION_ID, now=now)
        stage.people[name] = Person(name, Viewer(account_id, _SESSION_ID, expires_at), token)
        author = AUTHORS.get(name)
        rows.append(
            {
                "id": account_id,
                "handle": name,
                "display_name": name.replace("_", " ").title(),
                "bio": bio_of(name),
                "website": website_of(name),
                "is_private": author is not None and author.is_private,
                "suspended_at": _MOMENT if author is not None and author.is_suspended else None,
                "role": int(name in VIEWERS and VIEWERS[name].moderates),
            }
        )
    await stage.insert("account", rows)


async def _relations(stage: Stage) -> None:
    number, pairs = (
        stage.number,
        [(stage.number(viewer), standing) for viewer, standing in VIEWERS.items() if viewer != ANONYMOUS],
    )
    follows: set[tuple[int, int]] = {(number(name), number(NEUTRAL)) for name in stage.signed_in}
    follows |= {(viewer, number(NARROW)) for viewer, standing in pairs if standing.follows}
    blocks = [(number(BLOCKER), number("stranger"))]
    mutes: list[tuple[int, int]] = []
    for author in map(number, AUTHORS):
        follows |= {(viewer, author) for viewer, standing in pairs if standing.follows}
        follows |= {(author, viewer) for viewer, standing in pairs if standing.is_followed}
        blocks += [(author, viewer) for viewer, standing in pairs if standing.is_blocked]
        blocks += [(viewer, author) for viewer, standing in pairs if standing.blocks]
        mutes += [(viewer, author) for viewer, standing in pairs if standing.mutes]
    await stage.insert("follow", [{"follower_id": one, "followee_id": other} for one, other in follows])
    await stage.insert("block", [{"blocker_id": one, "blocked_id": other} for one, other in blocks])
    await stage.insert("mute", [{"muter_id": one, "muted_id": other} for one, other in mutes])
    circles = dict(zip(AUTHORS, await stage.mint(len(AUTHORS)), strict=True))
    await stage.insert(
        "circle",
        [{"id": circle_id, "account_id": number(author), "name": "close"} for author, circle_id in circles.items()],
    )
    members = [viewer for viewer, standing in pairs if standing.is_in_circle]
    await stage.insert(
        "circle_member", [{"circle_id": id_, "account_id": member} for id_ in circles.values() for member in members]
    )
    stage.circle_ids = circles


async def _targets(stage: Stage) -> None:
    stage.root_id, stage.quoted_id, deleted = await stage.write(
        NEUTRAL, [{"deleted_at": None}, {"deleted_at": None}, {"deleted_at": _MOMENT}]
    )
    [narrow] = await stage.write(NARROW, [{"visibility": int(Visibility.FOLLOWERS)}])
    [blockers] = await stage.write(BLOCKER, [{}])
    [own] = await stage.write("stranger", [{"reply_to_id": narrow, "root_id": narrow}])
    parents = {
        Above.NOTHING: None,
        Above.NARROW: narrow,
        Above.BLOCKER: blockers,
        Above.DELETED: deleted,
        Above.OWN: own,
    }
    ids = dict(zip(TARGETS, await stage.mint(len(TARGETS)), strict=True))
    await stage.insert("post", [_row(stage, target, id_, parents, narrow) for target, id_ in ids.items()])
    stage.posts = ids
    mentioned = [stage.number(name) for name, standing in VIEWERS.items() if standing.is_mentioned]
    mentions = [
        {"post_id": id_, "account_id": account_id}
        for target, id_ in ids.items()
        for account_id in (mentioned if target.kind.mentions_viewers else [stage.number(NEUTRAL)])
    ]
    await stage.insert("post_mention", mentions)
    [stage.hashtag_id] = await stage.mint(1)
    await stage.insert("hashtag", [{"id": stage.hashtag_id, "name": HASHTAG, "shown": HASHTAG}])
    # Hashtags that have no posts are not found.
    await stage.insert("hashtag_count", [{"hashtag_id": stage.hashtag_id, "post_count": len(ids)}])
    await stage.insert("post_hashtag", [{"hashtag_id": stage.hashtag_id, "post_id": id_} for id_ in ids.values()])


def _row(stage: Stage, target: Target, id_: int, parents: Mapping[Above, int | None], narrow: int) -> dict[str, Any]:
    kind = target.kind
    parent = stage.root_id if target.is_answer else parents[kind.above]
    return {
        "id": id_,
        "author_id": stage.number(target.author),
        "body": target.word,
        "visibility": int(kind.visibility),
        "circle_id": stage.circle_ids[target.author] if kind.visibility is Visibility.CIRCLE else None,
        "reply_to_id": parent,
        "root_id": narrow if kind.above is Above.OWN else parent,
        "quote_id": stage.quoted_id,
        "deleted_at": _MOMENT if kind.is_deleted else None,
        "taken_down_at": _MOMENT if kind.is_taken_down else None,
    }
