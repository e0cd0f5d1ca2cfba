"""Editing posts, and what they said before."""

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

import strawberry

import compiler
from actions import edits
from core.paging import Listing
from loaders.edits import EditRow
from resolvers.arguments import DEFAULT_PAGE, After, First, page
from resolvers.connections import page_of
from resolvers.context import Context
from resolvers.payloads import PostPayload, refusals_as
from resolvers.posts import changed_post


@strawberry.enum(description="A part of what a post says.")
class PostField(Enum):
    """What an edit can change."""

    BODY = strawberry.enum_value("BODY", description="The text.")
    CONTENT_WARNING = strawberry.enum_value("CONTENT_WARNING", description="The content warning.")
    SENSITIVE = strawberry.enum_value("SENSITIVE", description="Whether it is marked as sensitive.")
    LANGUAGE = strawberry.enum_value("LANGUAGE", description="The language it is tagged with.")


def changed_fields(row: EditRow) -> Sequence[PostField]:
    """What the edit that replaced this version changed."""
    changed = {
        PostField.BODY: row.is_body_changed,
        PostField.CONTENT_WARNING: row.is_content_warning_changed,
        PostField.SENSITIVE: row.is_sensitivity_changed,
        PostField.LANGUAGE: row.is_language_changed,
    }
    return [field for field, has_changed in changed.items() if has_changed]


def post_edits(context: Context, first: First = DEFAULT_PAGE, after: After = None) -> compiler.Relation:
    return page_of(context.loaders.edits(page(Listing.EDITS, first, after)), Listing.EDITS)


@refusals_as(PostPayload)
async def edit_post(context: Context, post_id: int, change: edits.PostChange) -> PostPayload:
    viewer = context.require_viewer()
    if "body" in change.changed and "language" not in change.changed:
        change = replace(change, plain_language=context.language_of(change.changed["body"]))
    return await changed_post(context, await context.transact(edits.edit_post, viewer, post_id, change))
