"""What moderators did: for them, and what accounts are told of it."""

from typing import Annotated

import strawberry

import compiler
from actions import moderation
from core.paging import Listing
from loaders.moderation import ModerationActionRow, fetch_moderation_actions
from resolvers.arguments import DEFAULT_PAGE, After, First, page, user_number
from resolvers.connections import RowConnection, page_of
from resolvers.context import Context, Info
from resolvers.payloads import ModerationActionPayload, refusals_as

AboutUser = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only what was done about this user; everything by default.")
]


async def moderation_actions(
    info: Info, user_id: AboutUser = None, first: First = DEFAULT_PAGE, after: After = None
) -> RowConnection[ModerationActionRow]:
    request = page(Listing.MODERATION_ACTIONS, first, after)
    context = info.context
    if user_id is None:
        rows = await fetch_moderation_actions(context.resources.db, context.viewer, request)
    else:
        rows = await context.loaders.moderation_actions_of_users(request).load(user_number(user_id)) or []
    return RowConnection(Listing.MODERATION_ACTIONS, request, rows)


def actions_of_user(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    loader = context.loaders.moderation_actions_of_users(page(Listing.MODERATION_ACTIONS, first, after))
    return page_of(loader, Listing.MODERATION_ACTIONS)


def warnings(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    loader = context.loaders.warnings(page(Listing.MODERATION_ACTIONS, first, after))
    return page_of(loader, Listing.MODERATION_ACTIONS, key="account_id")


@refusals_as(ModerationActionPayload)
async def take_action(context: Context, new: moderation.NewAction) -> ModerationActionPayload:
    viewer = context.require_viewer()
    action_id = await context.transact(moderation.take_action, viewer, new)
    return ModerationActionPayload(await context.loaders.moderation_actions.load_alone(action_id))
