"""Editing posts. What a post said before is kept, version by version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from access import policy
from access.viewer import Viewer
from actions import counted, counts, entities
from actions.posts import CONTENT, REGARD_LOCKED, Content, checked, require_post
from core.database import Statement, Transaction, command
from core.errors import ConflictError
from events import outbox
from events.posts import PostEdited
from loaders.rows import PostDetails
from models.hashtags import post_hashtag
from models.posts import Visibility, post, post_edit, post_mention


@dataclass(frozen=True, slots=True)
class PostChange:
    """What to change of a post: fields of Content by name. With `expected_version`, only if that is the version now.

    A new body in `plain_language` brings that to a post that names no language.
    """

    changed: Mapping[str, Any] = field(default_factory=dict)
    expected_version: int | None = None
    plain_language: str | None = None


_ID = sa.bindparam("post_id", type_=sa.BigInteger)


class _Before(NamedTuple):
    details: PostDetails
    visibility: int


_BEFORE = Statement(
    sa.select(*(post.c[name] for name in PostDetails._fields), post.c.visibility).where(post.c.id == _ID),
    lambda record: _Before(PostDetails._make(record[:-1]), record[-1]),
)

_SAID = ("version", *Content._fields, "entities")
_KEEP = command(
    sa.insert(post_edit).from_select(
        ["post_id", *_SAID], sa.select(post.c.id, *(post.c[name] for name in _SAID)).where(post.c.id == _ID)
    )
)


def _edit() -> sa.Update:
    """Changes what a post says, and whom and what it names; counts of hashtags change with it."""
    edited = sa.select(*counted.COLUMNS).where(post.c.id == _ID).cte("edited")
    author = counted.held_author(sa.select(edited.c.author_id).scalar_subquery())
    hashtags = entities.hashtag_ids(counted.is_counted_at_hashtags(edited, author)).cte("hashtags")
    dropped = (
        sa.delete(post_hashtag)
        .where(post_hashtag.c.post_id == _ID, post_hashtag.c.hashtag_id.not_in(sa.select(hashtags.c.id)))
        .returning(post_hashtag.c.hashtag_id, post_hashtag.c.post_id)
        .cte("dropped")
    )
    added = (
        insert(post_hashtag)
        .from_select(["hashtag_id", "post_id"], sa.select(hashtags.c.id, _ID))
        .on_conflict_do_nothing()
        .returning(post_hashtag.c.hashtag_id, post_hashtag.c.post_id)
        .cte("added")
    )
    deltas = sa.union_all(
        counted.select_at_hashtags(dropped, edited, author, -1),
        counted.select_at_hashtags(added, edited, author, 1),
    )
    mentioned = sa.bindparam("mentioned", type_=sa.ARRAY(sa.BigInteger))
    forgotten = (
        sa.delete(post_mention)
        .where(post_mention.c.post_id == _ID, post_mention.c.account_id != sa.all_(mentioned))
        .cte("forgotten")
    )
    named = (
        insert(post_mention)
        .from_select(["post_id", "account_id"], sa.select(_ID, sa.func.unnest(mentioned)))
        .on_conflict_do_nothing()
        .cte("named")
    )
    return (
        sa.update(post)
        .where(post.c.id == _ID)
        .values(
            **CONTENT,
            entities=entities.STORED,
            version=post.c.version + sa.literal_column("1"),
            edited_at=sa.func.clock_timestamp(),
        )
        .add_cte(forgotten, named, counts.insert_deltas(deltas).cte("counted"))
    )


_EDIT = command(_edit())


async def edit_post(tx: Transaction, viewer: Viewer, post_id: int, change: PostChange) -> int:
    """Changes a post of one's own and gives its id; a change of nothing makes no new version.

    Raises NotFoundError, NotAllowedError, ConflictError, ValidationError.
    """
    facts = await require_post(tx, viewer, post_id, path=("postId",), statement=REGARD_LOCKED)
    policy.require_editable_post(viewer, facts, path=("postId",))
    found = await tx.row(_BEFORE, post_id=facts.id)
    assert found is not None
    assert facts.body is not None
    details = found.details
    if change.expected_version not in {None, details.version}:
        raise ConflictError(
            f"The post was edited meanwhile: it is at version {details.version} now.",
            current_version=details.version,
            path=("expectedVersion",),
        )
    before = Content(facts.body, details.content_warning, details.is_sensitive, details.language)
    after = checked(before._replace(**change.changed))
    if after.language is None and after.body != before.body:
        after = after._replace(language=change.plain_language)
    if after == before:
        return facts.id
    known = entities.mentions_of(before.body, details.entities)
    bound = await entities.bind(tx, after.body, author_id=viewer.account_id, known=known)
    if found.visibility != Visibility.PUBLIC:
        bound = bound.without_hashtags()

    await tx.run(_KEEP, post_id=facts.id)
    await tx.run(
        _EDIT,
        post_id=facts.id,
        **after.parameters,
        **bound.parameters,
    )

    await outbox.record(tx, PostEdited(post_id=facts.id, author_id=facts.author_id))
    return facts.id
