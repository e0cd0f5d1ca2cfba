"""Posting, replying and quoting."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import asyncpg
import sqlalchemy as sa

from access import permissions, policy
from access.viewer import Viewer
from actions import counted, counts, entities, inputs
from core import text
from core.database import Reader, Statement, Transaction, rows_of, values_of
from core.errors import NotFoundError, Problem, ValidationError
from events import outbox
from events.posts import EntryAdded
from loaders.facts import act_facts, post_facts
from loaders.hydration import FACTS
from loaders.rows import PostRow
from models.accounts import account
from models.circles import circle
from models.counts import Counter
from models.posts import Admission, Visibility, post


class Content(NamedTuple):
    """What a post says. `content_warning` is shown before the body; `language` is a tag as in BCP 47."""

    body: str
    content_warning: str | None = None
    is_sensitive: bool = False
    language: str | None = None

    @property
    def parameters(self) -> dict[str, object]:
        """For the statements that write it."""
        return {name: getattr(self, column) for column, name in _PARAMETERS.items()}


# The columns of a Content, and the parameters that fill them: SQLAlchemy wants other names than those of the columns.
_PARAMETERS = {name: f"new_{name}" for name in Content._fields}
CONTENT = {column: sa.bindparam(name, type_=post.c[column].type) for column, name in _PARAMETERS.items()}


@dataclass(frozen=True, slots=True)
class NewPost:
    """What a person wants to post: as a reply to a post, as a quote of one, both, or neither; and for whom.

    `circle_id` is a circle of theirs, with the visibility CIRCLE and no other.
    """

    body: str
    reply_to_id: int | None = None
    quote_id: int | None = None
    content_warning: str | None = None
    is_sensitive: bool = False
    language: str | None = None
    visibility: Visibility = Visibility.PUBLIC
    circle_id: int | None = None
    reply_policy: Admission = Admission.EVERYONE
    quote_policy: Admission = Admission.EVERYONE
    repost_policy: Admission = Admission.EVERYONE

    @property
    def content(self) -> Content:
        return Content(self.body, self.content_warning, self.is_sensitive, self.language)

    @property
    def audience(self) -> dict[str, object]:
        """Whom it is for and who may answer it, as parameters of the statement that writes it."""
        return {name: getattr(self, column) for column, name in _AUDIENCE_PARAMETERS.items()}


_AUDIENCE_PARAMETERS = {
    name: f"new_{name}" for name in ("visibility", "circle_id", "reply_policy", "quote_policy", "repost_policy")
}
_AUDIENCE = {column: sa.bindparam(name, type_=post.c[column].type) for column, name in _AUDIENCE_PARAMETERS.items()}


class _Form(NamedTuple):
    """What of a new post makes another statement."""

    is_reply: bool
    is_quote: bool
    has_mentions: bool
    has_hashtags: bool


_SELECT = (
    sa.select(*(post.c[name] for name in PostRow._fields if name != FACTS), post_facts())
    .join(account, account.c.id == post.c.author_id)
    .where(post.c.id == sa.bindparam("post_id", type_=sa.BigInteger))
)
REGARD = rows_of(_SELECT, PostRow)
# Two acts that change one post wait for each other here. Whoever refers to it (a like, a reply) does not.
REGARD_LOCKED = rows_of(_SELECT.with_for_update(of=post, key_share=True), PostRow)


class _Regarded(NamedTuple):
    """A post, and what restricts who answers it or shows it around (access.facts.ActFact)."""

    row: PostRow
    act_facts: int


_REGARD_TO_ANSWER = Statement(
    _SELECT.add_columns(act_facts()), lambda record: _Regarded(PostRow._make(record[:-1]), record[-1])
)

_AUTHOR = sa.bindparam("author", type_=sa.BigInteger)
_CIRCLE_OWNER = values_of(
    sa.select(circle.c.account_id).where(circle.c.id == sa.bindparam("circle_id", type_=sa.BigInteger)), int
)
_REPLY_TO = sa.bindparam("reply_to", type_=sa.BigInteger)
_QUOTE = sa.bindparam("quote", type_=sa.BigInteger)


@lru_cache
def _create(form: _Form) -> Statement[int]:
    """Writes a post with all that belongs to it, changes counts by one and records the event: one round trip."""
    created = (
        sa.insert(post)
        .values(
            id=sa.func.mint_id(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
            author_id=_AUTHOR,
            **CONTENT,
            **_AUDIENCE,
            entities=entities.STORED,
            reply_to_id=_REPLY_TO,
            root_id=sa.bindparam("root", type_=sa.BigInteger),
            quote_id=_QUOTE,
        )
        .returning(*counted.COLUMNS)
        .cte("created")
    )
    parts = [outbox.select_record(EntryAdded, created, entry_id=created.c.id, author_id=_AUTHOR).cte("recorded")]
    author = counted.held_author(_AUTHOR)
    deltas = [counted.select_at_author(created, 1)]
    if form.is_reply:
        deltas.append(counted.select_at_post(Counter.POST_REPLIES, created, author, 1))
    if form.is_quote:
        deltas.append(counted.select_at_post(Counter.POST_QUOTES, created, author, 1))
    if form.has_mentions:
        parts.append(entities.insert_mentions(sa.select(created.c.id).scalar_subquery()).cte("mentioned"))
    if form.has_hashtags:
        is_told = counted.is_counted_at_hashtags(created, author)
        tagged = entities.insert_hashtags(sa.select(created.c.id).scalar_subquery(), is_told).cte("tagged")
        deltas.append(counted.select_at_hashtags(tagged, created, author, 1))
    parts.append(counts.insert_deltas(sa.union_all(*deltas)).cte("counted"))
    return values_of(sa.select(created.c.id).add_cte(*parts), int)


async def require_post(
    db: Reader,
    viewer: Viewer,
    post_id: int,
    *,
    path: tuple[str, ...],
    statement: Statement[PostRow] = REGARD,
) -> PostRow:
    """A post that the viewer can see. Raises NotFoundError at `path`."""
    row = await db.row(statement, post_id=post_id, viewer_id=viewer.account_id)
    policy.require_visible_post(row, None if row is None else row.facts, path=path)
    assert row is not None
    return row


async def require_answerable(
    db: Reader, viewer: Viewer, post_id: int, *, path: tuple[str, ...], require: Callable[..., None]
) -> PostRow:
    """A post that the viewer can see and, as a rule of access.permissions says, may answer or show around.

    Raises NotFoundError and NotAllowedError at `path`.
    """
    regarded = await db.row(_REGARD_TO_ANSWER, post_id=post_id, viewer_id=viewer.account_id)
    row, facts = regarded or (None, 0)
    policy.require_visible_post(row, None if row is None else row.facts, path=path)
    assert row is not None
    require(facts, path=path)
    return row


def checked(content: Content, *others: Problem) -> Content:
    """The content as it is stored: the body as it was written, byte for byte.

    Raises ValidationError that names all that is wrong, and with it the `others`, which are wrong with its post.
    """
    warning = None if content.content_warning is None else text.normalised(content.content_warning) or None
    language = content.language and inputs.language_tag(content.language)
    if found := [*_problems(content.body, warning, content.language), *others]:
        raise ValidationError(*found)
    return Content(content.body, warning, content.is_sensitive, language or None)


def _problems(body: str, warning: str | None, language: str | None) -> Iterator[Problem]:
    problems = [
        inputs.problem_of_text(body, inputs.BODY, field="body"),
        warning and inputs.problem_of_text(warning, inputs.CONTENT_WARNING, field="contentWarning"),
        language and inputs.problem_of_language(language),
    ]
    yield from (problem for problem in problems if problem)


def _problems_of_audience(new_post: NewPost) -> Iterator[Problem]:
    path, is_for_circle = ("circleId",), new_post.visibility is Visibility.CIRCLE
    if is_for_circle and new_post.circle_id is None:
        yield Problem(path, "CIRCLE_NEEDED", "A post for a circle needs to name it.")
    if not is_for_circle and new_post.circle_id is not None:
        yield Problem(path, "CIRCLE_UNEXPECTED", "Only a post with the visibility CIRCLE can name a circle.")


def _no_circle() -> NotFoundError:
    return NotFoundError("There is no such circle.", path=("circleId",))


async def create_post(tx: Transaction, viewer: Viewer, new_post: NewPost) -> int:
    """Posts, replies or quotes; gives the post's id. Raises ValidationError, NotFoundError, NotAllowedError.

    Its one write is its last statement, so it also runs in a OneWrite (core.database).
    """
    content = checked(new_post.content, *_problems_of_audience(new_post))
    parent = quoted = None
    if new_post.reply_to_id is not None:
        parent = await require_answerable(
            tx, viewer, new_post.reply_to_id, path=("replyToId",), require=permissions.require_repliable_post
        )
    if new_post.quote_id is not None:
        quoted = await require_answerable(
            tx, viewer, new_post.quote_id, path=("quoteId",), require=permissions.require_quotable_post
        )
    if new_post.circle_id is not None:
        owner_id = await tx.row(_CIRCLE_OWNER, circle_id=new_post.circle_id)
        if owner_id != viewer.account_id:
            raise _no_circle()
    bound = await entities.bind(tx, content.body, author_id=viewer.account_id)
    if new_post.visibility is not Visibility.PUBLIC:
        bound = bound.without_hashtags()

    form = _Form(parent is not None, quoted is not None, bool(bound.account_ids), bool(bound.hashtags))
    try:
        post_id = await tx.row(
            _create(form),
            at=tx.at,
            author=viewer.account_id,
            reply_to=parent and parent.id,
            root=parent and (parent.root_id or parent.id),
            quote=quoted and quoted.id,
            **content.parameters,
            **new_post.audience,
            **bound.parameters,
        )
    except asyncpg.ForeignKeyViolationError as error:
        if error.constraint_name != "post_circle_id_fkey":
            raise
        # It has gone since it was looked at.
        raise _no_circle() from error
    assert post_id is not None
    return post_id
