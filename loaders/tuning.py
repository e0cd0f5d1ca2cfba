"""How the viewer wants a feed: what a document asks for, and where it says nothing what is kept (feed_preference).

    replies     what replies to something; not a repost of a reply
    reposts     reposts
    quotes      what quotes something; not a repost of a quote
    seen        what is not above the place that the viewer has read to, whoever it is by
    languages   what is known to be in none of these; `en` stands for en-GB, too (RFC 4647, basic filtering)

Nothing by the viewer is left out but what they have seen.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from core import ids
from loaders.facts import VIEWER_ID, is_there
from loaders.rows import PostRow
from models.feeds import FeedKind, feed_preference, read_position
from models.posts import post as post_table


class FeedOptions(NamedTuple):
    """What a document wants to be left out; None of what it says nothing of. `languages` are tags, () for all."""

    hides_replies: bool | None = None
    hides_reposts: bool | None = None
    hides_quotes: bool | None = None
    hides_seen: bool | None = None
    languages: tuple[str, ...] | None = None


AS_KEPT = FeedOptions()
_ASKS_SEEN = FeedOptions(hides_seen=True)


class Tuned(NamedTuple):
    """A feed that is read, and the options that it is read with."""

    feed: FeedKind
    options: FeedOptions = AS_KEPT

    @property
    def asks_seen(self) -> bool:
        return self.options.hides_seen is True

    @property
    def form(self) -> "Tuned":
        """The same for all that makes no other statement."""
        return Tuned(self.feed, _ASKS_SEEN if self.asks_seen else AS_KEPT)


class _Tuning(NamedTuple):
    """What is left out, after all. Nothing is above the id `seen_to` that was seen; 0 if that is not left out."""

    hides_replies: bool = False
    hides_reposts: bool = False
    hides_quotes: bool = False
    seen_to: int = 0
    languages: tuple[str, ...] = ()

    def leaves_out(self, entry: "Asked", language: str | None) -> bool:
        """Whether an entry is, that somebody else brings and that was not seen."""
        post = entry.post
        if post is None:
            return False
        if entry.id != post.id:
            is_unwanted = self.hides_reposts
        else:
            is_unwanted = (self.hides_replies and post.reply_to_id is not None) or (
                self.hides_quotes and post.quote_id is not None
            )
        return is_unwanted or (language is not None and bool(self.languages) and not self._speaks(language.lower()))

    def _speaks(self, language: str) -> bool:
        return any(language == each or language.startswith(f"{each}-") for each in self.languages)


class Asked(NamedTuple):
    """An entry: who brings it, the post that it shows, and what `tuned_columns` have of it."""

    id: int
    author_id: int
    post: PostRow | None
    columns: Sequence[Any]


class Fate(NamedTuple):
    """What becomes of an entry."""

    is_left_out: bool
    is_seen: bool = False


# Which of `tuned_columns` is null where nothing is kept.
KEPT_COLUMN = 1


def tuned_columns(tuned: Tuned, target_id: sa.ColumnElement[int] | None) -> list[sa.ColumnElement[Any]]:
    """The columns that `fates` looks at: the post's language, what is kept, and, if asked for, how far was read.

    `target_id` is the list or hashtag that each entry is read in, None of a feed that there is one of: then what is
    kept is looked up once.
    """
    feed: sa.ColumnElement[int] = sa.literal_column(str(int(tuned.feed)))
    target: sa.ColumnElement[int] = sa.literal_column(str(ids.NOBODY)) if target_id is None else target_id
    table = feed_preference.c

    def reached(target_id: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
        return (
            sa.select(read_position.c.entry_id)
            .where(
                read_position.c.account_id == VIEWER_ID,
                read_position.c.feed == feed,
                read_position.c.target_id == target_id,
            )
            .scalar_subquery()
        )

    kept = (
        sa.select(
            sa.func.concat_ws(
                sa.literal_column("' '"),
                *(
                    sa.cast(hides, sa.Integer)
                    for hides in (table.hides_replies, table.hides_reposts, table.hides_quotes)
                ),
                sa.case(
                    (table.hides_seen, sa.func.coalesce(reached(table.target_id), sa.literal_column("0"))),
                    else_=sa.literal_column("0"),
                ),
                sa.func.nullif(
                    sa.func.array_to_string(table.languages, sa.literal_column("' '")), sa.literal_column("''")
                ),
                type_=sa.Text,
            )
        )
        .where(table.account_id == VIEWER_ID, table.feed == feed, table.target_id == target)
        .scalar_subquery()
    )
    is_kept = is_there(table.account_id == VIEWER_ID, table.feed == feed)
    columns: list[sa.ColumnElement[Any]] = [
        post_table.c.language,
        kept if target_id is None else sa.case((is_kept, kept)),
    ]
    return [*columns, reached(target)] if tuned.asks_seen else columns


def fates(tuned: Tuned, entries: Iterable[Asked], *, viewer_id: int) -> Iterator[Fate]:
    """What becomes of each entry. Nothing, if a document asks for nothing and no entry has something kept."""
    for entry in entries:
        language, kept, *reached = entry.columns
        tuning = _tuning_of(tuned.options, kept, reached[0] if reached else None)
        is_seen = entry.id <= tuning.seen_to
        yield Fate(is_seen or (entry.author_id != viewer_id and tuning.leaves_out(entry, language)), is_seen)


@lru_cache(maxsize=1024)
def _tuning_of(options: FeedOptions, kept: str | None, reached: int | None) -> _Tuning:
    replies, reposts, quotes, seen_to, *languages = (kept or "0 0 0 0").split(" ")
    if options.hides_seen is not None:
        seen_to = str(reached or 0) if options.hides_seen else "0"
    wanted = languages if options.languages is None else options.languages
    return _Tuning(
        replies == "1" if options.hides_replies is None else options.hides_replies,
        reposts == "1" if options.hides_reposts is None else options.hides_reposts,
        quotes == "1" if options.hides_quotes is None else options.hides_quotes,
        int(seen_to),
        tuple(each.lower() for each in wanted),
    )
