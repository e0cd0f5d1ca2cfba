"""Entities of a text, bound at the time of writing to what they name: a mention stays with its account for ever."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Self

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.dml import ReturningInsert

from access import policy
from core.database import Reader, rows_of
from core.entities import EntityKind, Found, extract, normalised_hashtag, utf16_offsets
from core.ids import NOBODY
from loaders.facts import user_facts
from models.accounts import account, former_handle
from models.hashtags import post_hashtag
from models.posts import post_mention


class Bound(NamedTuple):
    """What of a text is a mention, a hashtag or a link.

    `stored` is JSON, as loaders.rows.PostDetails has it; None if nothing is. `hashtags` are (normalised, as written),
    each once, sorted, so that two posts that make the same new ones do not wait for each other in a circle.
    """

    stored: str | None = None
    account_ids: Sequence[int] = ()
    hashtags: Sequence[tuple[str, str]] = ()

    @property
    def parameters(self) -> dict[str, object]:
        """For the statements below, and for STORED."""
        return {
            "stored": self.stored,
            "mentioned": self.account_ids,
            "hashtags": [name for name, _ in self.hashtags],
            "shown": [shown for _, shown in self.hashtags],
        }

    def without_hashtags(self) -> Self:
        """The same of a post that is on no hashtag's page; they stay hashtags of its text."""
        return self._replace(hashtags=())


NOTHING = Bound()


class _Named(NamedTuple):
    """An account by a handle; `facts` are what the rules know of it and the author of the text."""

    handle: str
    account_id: int
    facts: int


_HANDLES = sa.bindparam("handles", type_=sa.ARRAY(sa.Text))
# By a former handle too, as long as it leads to its account. One that has an account now comes last, and wins.
_NAMED = rows_of(
    sa.select(former_handle.c.handle, account.c.id, user_facts())
    .join(account, account.c.id == former_handle.c.account_id)
    .where(former_handle.c.handle == sa.any_(_HANDLES), former_handle.c.until > sa.func.now())
    .union_all(
        sa.select(sa.func.lower(account.c.handle), account.c.id, user_facts()).where(
            sa.func.lower(account.c.handle) == sa.any_(_HANDLES)
        )
    ),
    _Named,
)


STORED = sa.cast(sa.bindparam("stored", type_=sa.Text), JSONB)


def hashtag_ids(is_told: sa.ColumnElement[bool] | None = None) -> sa.Select[tuple[int]]:
    """The ids of hashtags that are named, sorted, by the parameters `hashtags` and `shown`; new ones are made.

    `is_told`: whether everybody may read what names them, and so how it spells them; without it, everybody may.
    """
    shown: sa.ColumnElement[Any] = sa.bindparam("shown", type_=sa.ARRAY(sa.Text))
    if is_told is not None:
        shown = sa.case((is_told, shown))
    named = sa.func.hashtag_ids(sa.bindparam("hashtags", type_=sa.ARRAY(sa.Text)), shown).table_valued(
        sa.column("id", sa.BigInteger), sa.column("name", sa.Text), name="named"
    )
    return sa.select(named.c.id)


def insert_hashtags(
    post_id: sa.ColumnElement[int], is_told: sa.ColumnElement[bool]
) -> ReturningInsert[tuple[int, int]]:
    """The INSERT that gives a post the hashtags of `hashtag_ids`, and gives back its rows."""
    hashtags = hashtag_ids(is_told).cte("hashtags")
    rows = sa.select(hashtags.c.id, post_id)
    new = sa.insert(post_hashtag).from_select(["hashtag_id", "post_id"], rows)
    return new.returning(post_hashtag.c.hashtag_id, post_hashtag.c.post_id)


def insert_mentions(post_id: sa.ColumnElement[int]) -> sa.Insert:
    """The INSERT that notes whom a post mentions, by the parameter `mentioned`."""
    mentioned = sa.func.unnest(sa.bindparam("mentioned", type_=sa.ARRAY(sa.BigInteger)))
    return sa.insert(post_mention).from_select(["post_id", "account_id"], sa.select(post_id, mentioned))


async def bind(db: Reader, text: str, *, author_id: int, known: Mapping[str, int] = MappingProxyType({})) -> Bound:
    """The entities of a text. A mention of nobody is plain text, and so is one of somebody its author cannot mention.

    `known` are the accounts that an earlier version of the text mentions, by handle in lower case: they stay bound.
    Runs one statement if there are other mentions, else none.
    """
    found = extract(text)
    named = await _fetch_named(db, _mentioned(found) - known.keys(), author_id=author_id)
    mentionable = {each.handle: each.account_id for each in named if policy.can_mention(each.facts)}
    return _bound(text, found, {**known, **mentionable})


async def bind_all(db: Reader, texts: Sequence[str]) -> list[Bound]:
    """The entities of many texts that were written elsewhere, whoever mentions whom: one statement at most."""
    extracted = [extract(text) for text in texts]
    named = await _fetch_named(db, {handle for found in extracted for handle in _mentioned(found)}, author_id=NOBODY)
    account_ids = {each.handle: each.account_id for each in named}
    return [_bound(text, found, account_ids) for text, found in zip(texts, extracted, strict=True)]


def _mentioned(found: Sequence[Found]) -> set[str]:
    """The handles that are mentioned, in lower case."""
    return {entity.name.lower() for entity in found if entity.kind is EntityKind.MENTION}


async def _fetch_named(db: Reader, handles: Collection[str], *, author_id: int) -> Sequence[_Named]:
    """The accounts that have, or had, these handles (in lower case). Without handles no statement is run."""
    if not handles:
        return ()
    return await db.rows(_NAMED, handles=sorted(handles), viewer_id=author_id)


def _bound(text: str, found: Sequence[Found], account_ids: Mapping[str, int]) -> Bound:
    """The entities that were found in a text, with the accounts that `account_ids` has by handle in lower case."""
    if not found:
        return NOTHING
    stored: list[Sequence[object]] = []
    mentioned: set[int] = set()
    hashtags: dict[str, str] = {}
    ranges = utf16_offsets(text, [(entity.start, entity.end) for entity in found])
    for (kind, start, end, name), in_utf16 in zip(found, ranges, strict=True):
        target: str | int = name
        if kind is EntityKind.MENTION:
            if name.lower() not in account_ids:
                continue
            target = account_ids[name.lower()]
            mentioned.add(target)
        elif kind is EntityKind.HASHTAG:
            hashtags.setdefault(normalised_hashtag(name), name)
        stored.append((int(kind), start, end, *in_utf16, target))
    if not stored:
        return NOTHING
    return Bound(orjson.dumps(stored).decode(), sorted(mentioned), sorted(hashtags.items()))


def mentions_of(text: str, stored: str | None) -> dict[str, int]:
    """The accounts that a text with such entities mentions, by handle as it is written there, in lower case."""
    if stored is None:
        return {}
    return {
        text[start + 1 : end].lower(): target
        for kind, start, end, _, _, target in orjson.loads(stored)
        if kind == EntityKind.MENTION
    }
