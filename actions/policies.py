"""Who may reply to, quote and repost a post: its author says so when posting, and may change it afterwards."""

from typing import NamedTuple

import sqlalchemy as sa

from access import policy
from access.viewer import Viewer
from actions.posts import require_post
from core.database import Transaction, command
from models.posts import Admission, post


class NewPolicies(NamedTuple):
    """The policies of a post; None leaves one as it is."""

    reply: Admission | None = None
    quote: Admission | None = None
    repost: Admission | None = None


def _new(name: str, column: sa.Column[int]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.bindparam(name, type_=sa.SmallInteger), column)


_UPDATE = command(
    sa.update(post)
    .where(post.c.id == sa.bindparam("changed", type_=sa.BigInteger))
    .values(
        reply_policy=_new("reply", post.c.reply_policy),
        quote_policy=_new("quote", post.c.quote_policy),
        repost_policy=_new("repost", post.c.repost_policy),
    )
)


async def update_post_policies(tx: Transaction, viewer: Viewer, post_id: int, new: NewPolicies) -> int:
    """Changes the policies of a post of one's own and gives its id; what was done to it under the old ones stays.

    Raises NotFoundError, NotAllowedError.
    """
    facts = await require_post(tx, viewer, post_id, path=("postId",))
    policy.require_editable_post(viewer, facts, path=("postId",))

    await tx.run(_UPDATE, changed=facts.id, **new._asdict())
    return facts.id
