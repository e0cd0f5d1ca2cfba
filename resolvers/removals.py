"""Who is told that an entry has gone: whoever may have had it in their home feed, and nobody else.

Else the news of its end would tell that there was something.
"""

from collections.abc import Sequence

from access import policy
from access.viewer import Viewer
from events.bus import HomeMessage
from loaders.removals import fetch_removed_post
from loaders.rows import Following
from resolvers.context import Context


async def may_have_shown(context: Context, viewer: Viewer, message: HomeMessage) -> bool:
    """Whether the viewer's feed may have shown the entry that has gone, as far as today's follows and rules tell."""
    author_id, post_id = message.author_id, message.post_id
    assert author_id is not None
    assert post_id is not None
    if author_id == viewer.account_id:
        return True
    author = await context.loaders.users.load(author_id)
    if author is None:
        return False
    is_repost = post_id != message.removed_entry_id
    if is_repost and not policy.can_see_repost(author.facts):
        return False
    if not await _is_followed(context, author_id, message.hashtag_ids):
        return False
    removed = await fetch_removed_post(context.resources.db, post_id, viewer_id=viewer.account_id)
    return removed is not None and (removed.facts is None or policy.may_have_seen_post(removed.facts))


async def _is_followed(context: Context, author_id: int, hashtag_ids: Sequence[int]) -> bool:
    """Whether the viewer follows an author or one of the hashtags."""
    if await context.loaders.viewer_follows.load(author_id) == Following.FOLLOWING:
        return True
    hashtags = await context.loaders.hashtags.load_all(hashtag_ids)
    return any(hashtag is not None and hashtag.viewer_follows for hashtag in hashtags)
