"""The tabs of a profile: parts of what somebody has posted."""

from collections.abc import Mapping
from enum import Enum

import sqlalchemy as sa

from models.posts import post


class Tab(Enum):
    """A reply that quotes is on two of them."""

    POSTS = "posts"  # and reposts
    REPLIES = "replies"
    QUOTES = "quotes"


IS_ON: Mapping[Tab, sa.ColumnElement[bool]] = {
    Tab.POSTS: post.c.reply_to_id.is_(None),
    Tab.REPLIES: post.c.reply_to_id.is_not(None),
    Tab.QUOTES: post.c.quote_id.is_not(None),
}
