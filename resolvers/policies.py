"""Who may reply to, quote and repost a post."""

from enum import Enum

import strawberry

from actions import policies
from models.posts import Admission
from resolvers.context import Context
from resolvers.payloads import PostPayload, refusals_as
from resolvers.posts import changed_post


@strawberry.enum(description="Who of those that see a post may do something to it. Its author always may.")
class PostPolicy(Enum):
    """Those of models.posts.Admission, by name."""

    EVERYONE = strawberry.enum_value("EVERYONE", description="All who see it.")
    FOLLOWERS = strawberry.enum_value("FOLLOWERS", description="People who follow its author.")
    FOLLOWING = strawberry.enum_value("FOLLOWING", description="People whom its author follows.")
    MENTIONED = strawberry.enum_value("MENTIONED", description="People whom it mentions.")
    NOBODY = strawberry.enum_value("NOBODY", description="Nobody else.")


_POLICIES = {admission: PostPolicy[admission.name] for admission in Admission}


def policy_of(number: int) -> PostPolicy:
    """A stored policy."""
    return _POLICIES[Admission(number)]


def stored_policy(policy: PostPolicy) -> Admission:
    """A policy as it is stored."""
    return Admission[policy.name]


@refusals_as(PostPayload)
async def update_post_policies(context: Context, post_id: int, new: policies.NewPolicies) -> PostPayload:
    viewer = context.require_viewer()
    return await changed_post(context, await context.transact(policies.update_post_policies, viewer, post_id, new))
