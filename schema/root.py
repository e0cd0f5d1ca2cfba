"""Query, Mutation and Subscription, assembled; and the Schema object."""

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from compiler import CompiledExecutor
from resolvers import feeds as feed_resolvers
from resolvers import nodes
from resolvers import posts as post_resolvers
from resolvers import users as user_resolvers
from schema import feeds, posts, sessions, users
from schema.base import SCALARS, Node
from schema.documents import DocumentCache, Documents
from schema.errors import ERRORS


@strawberry.type(description="Everything that can be read.")
class Query:
    """A field per door."""

    viewer = strawberry.field(
        resolver=user_resolvers.viewer,
        graphql_type=users.Viewer | None,
        description="The account that is signed in; null when nobody is.",
    )
    node = strawberry.field(
        resolver=nodes.node, graphql_type=Node | None, description="Anything by its id; null if it is not there."
    )
    nodes = strawberry.field(
        resolver=nodes.nodes, graphql_type=list[Node | None], description="Many by their ids, in the same order."
    )
    user = strawberry.field(
        resolver=user_resolvers.user, graphql_type=users.User | None, description="A user by handle."
    )
    post = strawberry.field(
        resolver=post_resolvers.post, graphql_type=posts.Post | None, description="A post by its id."
    )
    home_feed = strawberry.field(
        resolver=feed_resolvers.home_feed,
        graphql_type=feeds.FeedConnection,
        description="Own and followed accounts' posts, replies and reposts, newest first. Needs a viewer.",
    )
    public_feed = strawberry.field(
        resolver=feed_resolvers.public_feed,
        graphql_type=feeds.FeedConnection,
        description="Everybody's public posts, newest first, without replies and reposts.",
    )


@strawberry.type(description="Everything that can be done. Each act is a transaction of its own.")
class Mutation:
    """A field per act."""

    register = strawberry.mutation(
        resolver=sessions.register, graphql_type=sessions.RegisterPayload, description="Makes an account and signs in."
    )
    login = strawberry.mutation(
        resolver=sessions.login, graphql_type=sessions.LoginPayload, description="Signs in to an account."
    )
    refresh_session = strawberry.mutation(
        resolver=sessions.refresh_session,
        graphql_type=sessions.RefreshSessionPayload,
        description="Continues a session; the refresh token is replaced. An old one ends the session.",
    )
    logout = strawberry.mutation(
        resolver=sessions.logout, graphql_type=sessions.LogoutPayload, description="Ends the session of this token."
    )
    update_profile = strawberry.mutation(
        resolver=users.update_profile, graphql_type=users.UpdateProfilePayload, description="Changes one's profile."
    )
    create_post = strawberry.mutation(
        resolver=posts.create_post, graphql_type=posts.CreatePostPayload, description="Posts, or replies to a post."
    )
    delete_post = strawberry.mutation(
        resolver=posts.delete_post,
        graphql_type=posts.DeletePostPayload,
        description="Deletes one's own post; replies to it stay.",
    )
    like_post = strawberry.mutation(
        resolver=posts.like_post, graphql_type=posts.LikePostPayload, description="Likes a post; twice is once."
    )
    unlike_post = strawberry.mutation(
        resolver=posts.unlike_post, graphql_type=posts.UnlikePostPayload, description="Takes a like back."
    )
    repost = strawberry.mutation(
        resolver=posts.repost,
        graphql_type=posts.RepostPayload,
        description="Shows a post to one's followers; twice is once.",
    )
    undo_repost = strawberry.mutation(
        resolver=posts.undo_repost, graphql_type=posts.UndoRepostPayload, description="Takes a repost back."
    )
    follow_user = strawberry.mutation(
        resolver=users.follow_user, graphql_type=users.FollowUserPayload, description="Follows a user; twice is once."
    )
    unfollow_user = strawberry.mutation(
        resolver=users.unfollow_user, graphql_type=users.UnfollowUserPayload, description="Stops following a user."
    )


@strawberry.type(description="Everything that can be listened to. The first event is always `Started`.")
class Subscription:
    """A field per stream."""

    home_feed = strawberry.subscription(
        resolver=feed_resolvers.home_feed_events,
        graphql_type=feeds.HomeFeedEvent,
        description="What happens in the viewer's home feed. Needs a viewer.",
    )


class Schema(strawberry.Schema):
    """Strawberry's schema, but for one thing: the transports log errors, and only the unexpected ones."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Logs nothing."""


def build_schema(*, suggests_fields: bool, is_compiled: bool = True) -> Schema:
    """The schema.

    `suggests_fields`: whether errors say what field may have been meant, which tells of the schema.
    `is_compiled`: whether operations run from plans (compiler/) or on graphql-core's own executor.
    """
    documents = DocumentCache()
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*ERRORS],
        extensions=[lambda: Documents(documents)],
        execution_context_class=CompiledExecutor if is_compiled else None,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not suggests_fields),
    )
