"""Posting, replying and deleting."""

from dataclasses import dataclass

import sqlalchemy as sa

from access import policy
from access.viewer import Viewer
from actions import counts, inputs
from core import text
from core.database import Reader, Statement, Transaction, command, rows_of, values_of
from core.errors import ValidationError
from events import outbox
from events.posts import EntryAdded, EntryRemoved
from loaders.rows import PostRow
from models.counts import Counter
from models.posts import post


@dataclass(frozen=True, slots=True)
class NewPost:
    """What a person wants to post; with `reply_to_id`, as a reply to that post."""

    body: str
    reply_to_id: int | None = None


_ID = sa.bindparam("post_id", type_=sa.BigInteger)
_SELECT_FACTS = sa.select(
    post.c.id,
    post.c.author_id,
    post.c.body,
    post.c.reply_to_id,
    post.c.root_id,
    post.c.repost_of_id,
    post.c.quote_id,
    post.c.deleted_at,
).where(post.c.id == _ID)
_FACTS = rows_of(_SELECT_FACTS, PostRow)
_FACTS_LOCKED = rows_of(_SELECT_FACTS.with_for_update(), PostRow)
_AUTHOR = sa.bindparam("author", type_=sa.BigInteger)
_REPLY_TO = sa.bindparam("reply_to", type_=sa.BigInteger)


def _create(*changed: tuple[sa.ColumnElement[int], Counter]) -> Statement[int]:
    """Writes a post, changes counts by one and records the event: one statement, so one round trip."""
    created = (
        sa.insert(post)
        .values(
            id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
            author_id=_AUTHOR,
            body=sa.bindparam("text", type_=sa.Text),
            reply_to_id=_REPLY_TO,
            root_id=sa.bindparam("root", type_=sa.BigInteger),
        )
        .returning(post.c.id)
        .cte("created")
    )
    counted = counts.insert_deltas(1, *changed).cte("counted")
    recorded = outbox.select_record(EntryAdded, created, entry_id=created.c.id, author_id=_AUTHOR).cte("recorded")
    return values_of(sa.select(created.c.id).add_cte(counted, recorded), int)


_CREATE = _create((_AUTHOR, Counter.ACCOUNT_POSTS))
_CREATE_REPLY = _create((_AUTHOR, Counter.ACCOUNT_POSTS), (_REPLY_TO, Counter.POST_REPLIES))
_DELETE = command(sa.update(post).where(post.c.id == _ID).values(deleted_at=sa.func.clock_timestamp(), body=sa.null()))


async def require_post(
    db: Reader,
    viewer: Viewer,
    post_id: int,
    *,
    path: tuple[str, ...],
    statement: Statement[PostRow] = _FACTS,
) -> PostRow:
    """The facts about a post that the viewer can see. Raises NotFoundError at `path`."""
    facts = await db.row(statement, post_id=post_id)
    policy.require_visible_post(viewer, facts, path=path)
    assert facts is not None
    return facts


async def create_post(tx: Transaction, viewer: Viewer, new_post: NewPost) -> int:
    """Posts or replies; gives the post's id. Raises ValidationError, NotFoundError.

    Its one write is its last statement, so it also runs in a OneWrite (core.database).
    """
    body = text.normalised(new_post.body)
    if problem := inputs.problem_of_text(body, inputs.BODY, field="body"):
        raise ValidationError(problem)
    parent = None
    if new_post.reply_to_id is not None:
        parent = await require_post(tx, viewer, new_post.reply_to_id, path=("replyToId",))

    post_id = await tx.row(
        _CREATE if parent is None else _CREATE_REPLY,
        at=tx.at,
        author=viewer.account_id,
        text=body,
        reply_to=parent and parent.id,
        root=parent and (parent.root_id or parent.id),
    )
    assert post_id is not None
    return post_id


async def delete_post(tx: Transaction, viewer: Viewer, post_id: int) -> int:
    """Deletes a post and gives its id. Its row stays, empty, so that the thread around it can be read.

    Raises NotFoundError, NotAllowedError.
    """
    facts = await require_post(tx, viewer, post_id, path=("postId",), statement=_FACTS_LOCKED)
    policy.require_deletable_post(viewer, facts, path=("postId",))

    await tx.run(_DELETE, post_id=facts.id)
    changed = [(facts.author_id, Counter.ACCOUNT_POSTS)]
    if facts.reply_to_id is not None:
        changed.append((facts.reply_to_id, Counter.POST_REPLIES))
    await counts.add(tx, -1, *changed)

    await outbox.record(tx, EntryRemoved(entry_id=facts.id, author_id=facts.author_id, post_id=facts.id))
    return facts.id
