"""Hashtags, the posts that have them, who follows them, and their counts."""

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.base import counter, id_field, reference, table_of


class Hashtag(SQLModel, table=True):
    """A hashtag by its normalised name (core.entities).

    `shown` is how it was first written where everybody may read it: followed, or in a post that counts at hashtags
    (loaders.counted). NULL until then, for the spelling of a hidden post would tell of it.
    """

    __table_args__ = (
        # hashtag(name), and posting.
        sa.UniqueConstraint("name"),
        # search(kind: HASHTAGS): names that begin with a text.
        sa.Index("hashtag_name_prefix_index", "name", postgresql_ops={"name": "text_pattern_ops"}),
    )

    id: int = id_field()
    name: str = Field(sa_type=sa.Text)
    shown: str | None = Field(default=None, sa_type=sa.Text)


class HashtagCount(SQLModel, table=True):
    """Folded totals of a hashtag; unfolded changes are in count_delta. No row means zeros."""

    __tablename__ = "hashtag_count"

    hashtag_id: int = reference("hashtag.id", primary_key=True)
    post_count: int = counter()
    follower_count: int = counter()


class PostHashtag(SQLModel, table=True):
    """A post has a hashtag. The key is the order of a hashtag's page."""

    __tablename__ = "post_hashtag"
    __table_args__ = (
        # Editing and erasing a post; which hashtags a post has.
        sa.Index("post_hashtag_post_id_index", "post_id"),
    )

    hashtag_id: int = reference("hashtag.id", primary_key=True)
    post_id: int = reference("post.id", primary_key=True)


class HashtagFollow(SQLModel, table=True):
    """An account follows a hashtag."""

    __tablename__ = "hashtag_follow"
    __table_args__ = (
        # Home feeds by SQL, and viewerFollows; a person follows a hashtag once.
        sa.UniqueConstraint("account_id", "hashtag_id"),
        # Viewer.followedHashtags, newest first.
        sa.Index("hashtag_follow_account_id_index", "account_id", sa.text("id DESC")),
        # Fan-out walks a hashtag's followers upwards.
        sa.Index("hashtag_follow_hashtag_id_index", "hashtag_id", "id", postgresql_include=["account_id"]),
    )

    id: int = id_field()
    hashtag_id: int = reference("hashtag.id")
    account_id: int = reference("account.id")


hashtag = table_of(Hashtag)
hashtag_count = table_of(HashtagCount)
post_hashtag = table_of(PostHashtag)
hashtag_follow = table_of(HashtagFollow)
