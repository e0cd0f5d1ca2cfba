"""What the viewer may do to a post, and why not."""

from typing import Any

import strawberry

from compiler import Attribute, derived
from resolvers.permissions import PermissionReason, permission_of


@strawberry.type(description="Whether the viewer may do something to a post. What is allowed now may be refused later.")
class Permission:
    """View of permissions.Permission."""

    is_allowed: bool = strawberry.field(description="Whether the viewer may.")
    reasons: list[PermissionReason] = strawberry.field(description="Why not; empty if the viewer may.")


def _to(act: str, *, description: str) -> Any:
    return derived(Attribute(act, then=permission_of), graphql_type=Permission, description=description)


@strawberry.type(description="What the viewer may do to a post.")
class PostPermissions:
    """View of access.permissions.Permissions."""

    reply = _to("reply", description="Reply to it.")
    quote = _to("quote", description="Quote it.")
    repost = _to("repost", description="Repost it.")
    edit = _to("edit", description="Edit it, and change who may reply to, quote and repost it.")
    delete = _to("delete", description="Delete it.")
    pin = _to("pin", description="Pin it to their profile, if there is room.")
    hide_reply = _to("hide_reply", description="Hide it from the replies to a post, and show it there again.")
    detach_quote = _to("detach_quote", description="Take what it quotes out of it, for good.")
