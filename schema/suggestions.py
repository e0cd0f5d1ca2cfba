"""Suggestions of whom to follow."""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated

import strawberry

from compiler import Attribute, derived
from resolvers import payloads, suggestions
from resolvers.arguments import Cursor, user_number
from resolvers.context import Info
from schema.base import PageInfo
from schema.errors import INPUT, Refusable
from schema.users import User


@strawberry.enum(description="Why somebody is suggested. More may come.")
class SuggestionReason(Enum):
    """As suggestions.Reason."""

    FOLLOWED_BY_PEOPLE_YOU_FOLLOW = strawberry.enum_value(
        "FOLLOWED_BY_PEOPLE_YOU_FOLLOW", description="People whom the viewer follows follow them: see `via`."
    )
    POPULAR = strawberry.enum_value("POPULAR", description="Many have begun to follow them lately.")


def _shown(reasons: Sequence[suggestions.Reason]) -> list[SuggestionReason]:
    return [SuggestionReason[reason.name] for reason in reasons]


@strawberry.type(description="Somebody who is suggested.")
class SuggestionEdge:
    """View of suggestions.SuggestionEdge."""

    cursor: Cursor = strawberry.field(description="Its place in the list.")
    node: User = strawberry.field(description="Whom the viewer may want to follow.")
    reasons = derived(
        Attribute("reasons", then=_shown), graphql_type=list[SuggestionReason], description="Why; at least one reason."
    )
    via: list[User] = strawberry.field(
        description="Whom the viewer follows and who follow them: at most 3, the viewer's newest follows first."
    )
    via_count: int = strawberry.field(
        description="How many such people there are among the newest 500 whom the viewer follows."
    )


@strawberry.type(description="A page of suggestions.")
class SuggestionConnection:
    """View of suggestions.SuggestionConnection."""

    edges: list[SuggestionEdge] = strawberry.field(description="The suggestions, the best first.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")


@strawberry.type(description="What dismissSuggestion gives.")
class DismissSuggestionPayload(Refusable):
    """View of payloads.UserPayload."""

    user: User | None = strawberry.field(description="Who is not suggested again; null if refused.")


@strawberry.input(description="Whom not to suggest again.")
class DismissSuggestionInput:
    """Names a user."""

    user_id: strawberry.ID = strawberry.field(description="The user's id.")


async def dismiss_suggestion(
    info: Info,
    input: Annotated[DismissSuggestionInput, INPUT],  # noqa: A002
) -> payloads.UserPayload:
    return await suggestions.dismiss_suggestion(info.context, user_number(input.user_id))
