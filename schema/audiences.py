"""What of posts says whom they are for, and who may answer them."""

from typing import Any

import strawberry

from compiler import Attribute, derived
from resolvers.audiences import PostVisibility, visibility_of
from resolvers.policies import PostPolicy, policy_of
from schema.base import relation

_VISIBILITY = "Whom it is for."
_REPLY_POLICY = "Who may reply to it."
_QUOTE_POLICY = "Who may quote it."
_REPOST_POLICY = "Who may repost it."


def _visibility(*, description: str) -> Any:
    # Of a post that has gone meanwhile nothing wider is said than is so.
    then = Attribute("visibility", absent=PostVisibility.MENTIONED, then=visibility_of)
    return relation("post_audience", key="id", then=then, graphql_type=PostVisibility, description=description)


def _policy(attribute: str, *, description: str) -> Any:
    then = Attribute(attribute, absent=PostPolicy.NOBODY, then=policy_of)
    return relation("post_audience", key="id", then=then, graphql_type=PostPolicy, description=description)


@strawberry.type
class HasAudience:
    """What every post has."""

    visibility: PostVisibility = _visibility(description=_VISIBILITY)
    reply_policy: PostPolicy = _policy("reply_policy", description=_REPLY_POLICY)
    quote_policy: PostPolicy = _policy("quote_policy", description=_QUOTE_POLICY)
    repost_policy: PostPolicy = _policy("repost_policy", description=_REPOST_POLICY)


def _had_policy(attribute: str, *, description: str) -> Any:
    return derived(Attribute(attribute, then=policy_of), graphql_type=PostPolicy, description=description)


@strawberry.type
class HadAudience:
    """The same of a deleted post, whose row has it."""

    visibility: PostVisibility = derived(
        Attribute("visibility", then=visibility_of), graphql_type=PostVisibility, description="Whom it was for."
    )
    reply_policy: PostPolicy = _had_policy("reply_policy", description="Who could reply to it.")
    quote_policy: PostPolicy = _had_policy("quote_policy", description="Who could quote it.")
    repost_policy: PostPolicy = _had_policy("repost_policy", description="Who could repost it.")


@strawberry.input
class AudienceInput:
    """Becomes the audience of an actions.posts.NewPost."""

    visibility: PostVisibility = strawberry.field(default=PostVisibility.PUBLIC, description=_VISIBILITY)
    circle_id: strawberry.ID | None = strawberry.field(
        default=None, description="One of the viewer's circles, with the visibility CIRCLE and no other."
    )
    reply_policy: PostPolicy = strawberry.field(default=PostPolicy.EVERYONE, description=_REPLY_POLICY)
    quote_policy: PostPolicy = strawberry.field(default=PostPolicy.EVERYONE, description=_QUOTE_POLICY)
    repost_policy: PostPolicy = strawberry.field(default=PostPolicy.EVERYONE, description=_REPOST_POLICY)
