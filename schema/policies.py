"""Who may reply to, quote and repost a post."""

from typing import Annotated

import strawberry

from actions import policies as actions
from models.posts import Admission
from resolvers import payloads, policies
from resolvers.arguments import post_number
from resolvers.context import Info
from resolvers.policies import PostPolicy, stored_policy
from schema.errors import INPUT
from schema.posts import PostPayload


@strawberry.type(description="What updatePostPolicies gives.")
class UpdatePostPoliciesPayload(PostPayload):
    """View of payloads.PostPayload."""


@strawberry.input(description="What to change of who may do something to a post. What is left out stays as it is.")
class UpdatePostPoliciesInput:
    """Becomes actions.policies.NewPolicies."""

    post_id: strawberry.ID = strawberry.field(description="The id of a post of one's own.")
    reply_policy: PostPolicy | None = strawberry.field(default=None, description="Who may reply to it from now on.")
    quote_policy: PostPolicy | None = strawberry.field(default=None, description="Who may quote it from now on.")
    repost_policy: PostPolicy | None = strawberry.field(default=None, description="Who may repost it from now on.")


def _given(policy: PostPolicy | None) -> Admission | None:
    return None if policy is None else stored_policy(policy)


async def update_post_policies(
    info: Info,
    input: Annotated[UpdatePostPoliciesInput, INPUT],  # noqa: A002
) -> payloads.PostPayload:
    new = actions.NewPolicies(
        reply=_given(input.reply_policy),
        quote=_given(input.quote_policy),
        repost=_given(input.repost_policy),
    )
    return await policies.update_post_policies(info.context, post_number(input.post_id), new)
