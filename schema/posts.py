"""Posts, their threads, and what one does to them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from actions import posts as actions
from compiler import Attribute, lookup
from core import ids
from loaders.rows import PostRow
from resolvers import answers, filters, likers, payloads, posts
from resolvers.arguments import Cursor, circle_number, post_number
from resolvers.audiences import stored_visibility
from resolvers.context import Info
from resolvers.edits import post_edits
from resolvers.entities import entities_of
from resolvers.policies import stored_policy
from schema.audiences import AudienceInput, HadAudience, HasAudience
from schema.base import Node, PageInfo, encoded, node_id, part, relation, view_of
from schema.entities import Entity
from schema.errors import INPUT, Refusable
from schema.permissions import PostPermissions
from schema.users import User, UserConnection

if TYPE_CHECKING:
    from schema.circles import Circle
    from schema.edits import PostEditConnection
    from schema.filters import FilterMatch


@strawberry.type(description="The place of a post that cannot be shown; it does not tell why.")
@view_of(posts.UnavailablePost)
class Unavailable:
    """View of posts.UnavailablePost."""

    id = encoded(ids.Kind.POST, "id", graphql_type=strawberry.ID, description="The id of the post that is not shown.")


LazyPostEditConnection = Annotated["PostEditConnection", strawberry.lazy("schema.edits")]
PostRef = Annotated[
    Annotated["Post", strawberry.lazy("schema.posts")] | Unavailable,
    strawberry.union("PostRef", description="A post that something refers to, or its empty place."),
]


@strawberry.type(description="A post or a reply.")
@view_of(PostRow)
class Post(HasAudience, Node):
    """View of PostRow."""

    id = node_id(ids.Kind.POST)
    body: str = strawberry.field(description="The text; at most 500 characters.")
    created_at: datetime = strawberry.field(description="When it was posted.")
    author: User = relation("users", key="author_id", graphql_type=User, description="Who posted it.")
    reply_to = strawberry.field(
        resolver=posts.reply_to, graphql_type=PostRef | None, description="The post that this one replies to."
    )
    root = strawberry.field(
        resolver=posts.thread_root, graphql_type=PostRef | None, description="The first post of the thread; null there."
    )
    quote = strawberry.field(
        resolver=posts.quote, graphql_type=PostRef | None, description="The post that this one quotes."
    )
    entities = relation(
        "post_details",
        key="id",
        then=Attribute("entities", absent=None, then=entities_of),
        graphql_type=list[Entity],
        description="Mentions, hashtags and links of the text, in order.",
    )
    content_warning: str | None = part(
        "post_details",
        "content_warning",
        absent=None,
        graphql_type=str | None,
        description="What to show before the text, which a reader then asks for.",
    )
    is_sensitive: bool = part(
        "post_details",
        "is_sensitive",
        absent=False,
        graphql_type=bool,
        description="Whether its author marked it as sensitive.",
    )
    language: str | None = part(
        "post_details",
        "language",
        absent=None,
        graphql_type=str | None,
        description="The language of the text as its author tagged it, as in BCP 47: en, pt-BR, zh-Hant.",
    )
    version: int = part(
        "post_details", "version", absent=1, graphql_type=int, description="1 at first, one more with each edit."
    )
    edited_at: datetime | None = part(
        "post_details",
        "edited_at",
        absent=None,
        graphql_type=datetime | None,
        description="When it was edited last; null if never.",
    )
    edits = lookup(
        post_edits,
        graphql_type=LazyPostEditConnection,
        description="What it said before its edits, the last one first; to who sees it only because it mentions them,"
        " what mentioned them.",
    )
    like_count: int = part(
        "post_counts", "like_count", absent=0, graphql_type=int, description="How many like it; exact."
    )
    reply_count: int = part(
        "post_counts", "reply_count", absent=0, graphql_type=int, description="How many replied to it directly; exact."
    )
    repost_count: int = part(
        "post_counts", "repost_count", absent=0, graphql_type=int, description="How many reposted it; exact."
    )
    quote_count: int = part(
        "post_counts", "quote_count", absent=0, graphql_type=int, description="How many quoted it; exact."
    )
    viewer_has_liked: bool = relation(
        "viewer_likes", key="id", then=bool, graphql_type=bool, description="Whether the viewer likes it."
    )
    viewer_has_reposted: bool = relation(
        "viewer_reposts", key="id", then=bool, graphql_type=bool, description="Whether the viewer reposted it."
    )
    viewer_has_muted_thread: bool = relation(
        "viewer_threads",
        key="thread_id",
        then=Attribute("is_muted", absent=False),
        graphql_type=bool,
        description="Whether the viewer has muted its thread.",
    )
    viewer_follows_thread: bool = relation(
        "viewer_threads",
        key="thread_id",
        then=Attribute("is_followed", absent=False),
        graphql_type=bool,
        description="Whether the viewer follows its thread.",
    )
    circle = relation(
        "circles_of_posts",
        key="id",
        graphql_type=Annotated["Circle", strawberry.lazy("schema.circles")] | None,
        description="The circle that it is for; only its author is told.",
    )
    viewer_has_bookmarked: bool = relation(
        "viewer_bookmarks",
        key="id",
        then=bool,
        graphql_type=bool,
        description="Whether the viewer keeps it among their bookmarks; nobody else is told.",
    )
    viewer_can: PostPermissions = relation(
        "permissions", key="id", graphql_type=PostPermissions, description="What the viewer may do to it, and why not."
    )
    is_hidden_reply: bool = relation(
        "reply_hidings",
        key="id",
        then=bool,
        graphql_type=bool,
        description="Whether it is set aside among the hidden replies to the post above it.",
    )
    viewer_filters = lookup(
        filters.fitting_filters,
        graphql_type=list[Annotated["FilterMatch", strawberry.lazy("schema.filters")]],
        description="The viewer's filters that fit it in a context; none fit one's own posts.",
    )
    replies = lookup(
        posts.replies,
        graphql_type=Annotated["PostConnection", strawberry.lazy("schema.posts")],
        description="Direct replies, without hidden ones.",
    )
    hidden_replies = lookup(
        answers.hidden_replies,
        graphql_type=Annotated["PostConnection", strawberry.lazy("schema.posts")],
        description="Direct replies that its author, or that of the thread, has hidden, newest first.",
    )
    quotes = lookup(
        posts.quotes,
        graphql_type=Annotated["PostConnection", strawberry.lazy("schema.posts")],
        description="Posts that quote it, newest first.",
    )
    liked_by = lookup(likers.liked_by, graphql_type=UserConnection, description="Who likes it, newest like first.")
    reposted_by = lookup(
        likers.reposted_by, graphql_type=UserConnection, description="Who reposted it, newest repost first."
    )
    ancestors = strawberry.field(
        resolver=posts.ancestors,
        graphql_type=Annotated["PostRefConnection", strawberry.lazy("schema.posts")],
        description="The posts above this one, from the root of the thread down to its parent.",
    )


@strawberry.type(description="A post in a list.")
class PostEdge:
    """View of connections.Edge."""

    cursor: Cursor = strawberry.field(description="Its place in the list.")
    node: Post = strawberry.field(description="The post.")


@strawberry.type(description="A page of posts.")
class PostConnection:
    """View of connections.Connection."""

    edges: list[PostEdge] = strawberry.field(description="The posts, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="A post in a list, or its empty place.")
class PostRefEdge:
    """View of connections.Edge."""

    cursor: Cursor = strawberry.field(description="Its place in the list.")
    node: PostRef = strawberry.field(description="The post, or its empty place.")


@strawberry.type(description="A page of posts and empty places.")
class PostRefConnection:
    """View of connections.Connection."""

    edges: list[PostRefEdge] = strawberry.field(description="The posts, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type
class PostPayload(Refusable):
    """View of payloads.PostPayload."""

    post: Post | None = strawberry.field(description="The post with its new counts; null if refused.")


@strawberry.type(description="What createPost gives.")
class CreatePostPayload(PostPayload):
    """View of payloads.PostPayload."""


@strawberry.type(description="What likePost gives.")
class LikePostPayload(PostPayload):
    """View of payloads.PostPayload."""


@strawberry.type(description="What unlikePost gives.")
class UnlikePostPayload(PostPayload):
    """View of payloads.PostPayload."""


@strawberry.type(description="What repost gives.")
class RepostPayload(PostPayload):
    """View of payloads.PostPayload."""


@strawberry.type(description="What undoRepost gives.")
class UndoRepostPayload(PostPayload):
    """View of payloads.PostPayload."""


@strawberry.type(description="What restorePost gives.")
class RestorePostPayload(PostPayload):
    """View of payloads.PostPayload."""


@strawberry.type(description="What a deleted post said, for whoever wants to write it anew.")
class PostSource(HadAudience):
    """View of deletions.Deleted."""

    body: str = strawberry.field(description="The text.")
    content_warning: str | None = strawberry.field(description="The content warning.")
    is_sensitive: bool = strawberry.field(description="Whether it was marked as sensitive.")
    language: str | None = strawberry.field(description="The language tag.")
    reply_to = strawberry.field(
        resolver=posts.source_reply_to, graphql_type=PostRef | None, description="The post that it replied to."
    )
    quote = strawberry.field(
        resolver=posts.source_quote, graphql_type=PostRef | None, description="The post that it quoted."
    )


@strawberry.type(description="What deletePost gives.")
class DeletePostPayload(Refusable):
    """View of payloads.DeletedPostPayload."""

    deleted_post_id = encoded(
        ids.Kind.POST,
        "deleted_post_id",
        graphql_type=strawberry.ID | None,
        description="The id of the post that is gone; null if refused.",
    )
    source: PostSource | None = strawberry.field(
        description="What it said, to be written anew; null if refused. `restorePost` brings the post itself back."
    )


@strawberry.input(description="A post, or a reply.")
class CreatePostInput(AudienceInput):
    """Becomes actions.posts.NewPost."""

    body: str = strawberry.field(description="The text: 1 to 500 characters, at most 8,000 bytes of UTF-8.")
    reply_to_id: strawberry.ID | None = strawberry.field(default=None, description="The post to reply to.")
    quote_id: strawberry.ID | None = strawberry.field(default=None, description="The post to quote.")
    content_warning: str | None = strawberry.field(
        default=None, description="What to show before the text; at most 200 characters."
    )
    is_sensitive: bool = strawberry.field(default=False, description="Whether to mark it as sensitive.")
    language: str | None = strawberry.field(
        default=None,
        description=(
            "The language of the text, a tag as in BCP 47: en, pt-BR, zh-Hant. "
            "Without one the server may tell it from the text, where it is plain."
        ),
    )


@strawberry.input(description="Which post to delete.")
class DeletePostInput:
    """Names a post."""

    post_id: strawberry.ID = strawberry.field(description="The post's id.")


@strawberry.input(description="Which post to restore.")
class RestorePostInput:
    """Names a post."""

    post_id: strawberry.ID = strawberry.field(description="The post's id.")


@strawberry.input(description="Which post to like.")
class LikePostInput:
    """Names a post."""

    post_id: strawberry.ID = strawberry.field(description="The post's id.")


@strawberry.input(description="Which post's like to take back.")
class UnlikePostInput:
    """Names a post."""

    post_id: strawberry.ID = strawberry.field(description="The post's id.")


@strawberry.input(description="Which post to repost.")
class RepostInput:
    """Names a post."""

    post_id: strawberry.ID = strawberry.field(description="The post's id.")


@strawberry.input(description="Which post's repost to take back.")
class UndoRepostInput:
    """Names a post."""

    post_id: strawberry.ID = strawberry.field(description="The post's id.")


async def create_post(info: Info, input: Annotated[CreatePostInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    new_post = actions.NewPost(
        body=input.body,
        reply_to_id=None if input.reply_to_id is None else post_number(input.reply_to_id),
        quote_id=None if input.quote_id is None else post_number(input.quote_id),
        content_warning=input.content_warning,
        is_sensitive=input.is_sensitive,
        language=input.language,
        visibility=stored_visibility(input.visibility),
        circle_id=None if input.circle_id is None else circle_number(input.circle_id),
        reply_policy=stored_policy(input.reply_policy),
        quote_policy=stored_policy(input.quote_policy),
        repost_policy=stored_policy(input.repost_policy),
    )
    return await posts.create_post(info.context, new_post)


async def delete_post(info: Info, input: Annotated[DeletePostInput, INPUT]) -> payloads.DeletedPostPayload:  # noqa: A002
    return await posts.delete_post(info.context, post_number(input.post_id))


async def restore_post(info: Info, input: Annotated[RestorePostInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    return await posts.restore_post(info.context, post_number(input.post_id))


async def like_post(info: Info, input: Annotated[LikePostInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    return await posts.like_post(info.context, post_number(input.post_id))


async def unlike_post(info: Info, input: Annotated[UnlikePostInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    return await posts.unlike_post(info.context, post_number(input.post_id))


async def repost(info: Info, input: Annotated[RepostInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    return await posts.repost(info.context, post_number(input.post_id))


async def undo_repost(info: Info, input: Annotated[UndoRepostInput, INPUT]) -> payloads.PostPayload:  # noqa: A002
    return await posts.undo_repost(info.context, post_number(input.post_id))
