"""What the viewer may do to a post, and why not."""

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

import strawberry

from access.permissions import Reasons


@strawberry.enum(description="Why the viewer may not do something to a post.")
class PermissionReason(Enum):
    """Those of access.permissions.Reason, by name."""

    NOT_SIGNED_IN = strawberry.enum_value("NOT_SIGNED_IN", description="It needs somebody who is signed in.")
    NOT_AUTHOR = strawberry.enum_value("NOT_AUTHOR", description="Only its author may.")
    NOT_OPEN = strawberry.enum_value(
        "NOT_OPEN", description="The post is not open to everyone, so nobody else is led to it."
    )
    ONLY_FOLLOWERS = strawberry.enum_value("ONLY_FOLLOWERS", description="Its author lets followers only.")
    ONLY_FOLLOWED = strawberry.enum_value("ONLY_FOLLOWED", description="Its author lets those whom they follow only.")
    ONLY_MENTIONED = strawberry.enum_value("ONLY_MENTIONED", description="Its author lets those whom it mentions only.")
    NOBODY = strawberry.enum_value("NOBODY", description="Its author lets nobody.")
    NOT_A_REPLY = strawberry.enum_value("NOT_A_REPLY", description="The post replies to nothing.")
    NOT_AUTHOR_ABOVE = strawberry.enum_value(
        "NOT_AUTHOR_ABOVE", description="Only who wrote what it replies to may, or the first post of the thread."
    )
    NOT_A_QUOTE = strawberry.enum_value("NOT_A_QUOTE", description="The post quotes nothing.")
    NOT_QUOTED_AUTHOR = strawberry.enum_value("NOT_QUOTED_AUTHOR", description="Only who wrote what it quotes may.")


class Permission(NamedTuple):
    """Whether the viewer may do one thing to a post; the reasons are those why not."""

    reasons: Sequence[PermissionReason]

    @property
    def is_allowed(self) -> bool:
        return not self.reasons


@lru_cache
def permission_of(reasons: Reasons) -> Permission:
    """What the rules say, as it is shown."""
    return Permission([PermissionReason[reason.name] for reason in reasons])
