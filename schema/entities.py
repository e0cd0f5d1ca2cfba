"""Entities of a text: mentions, hashtags and links, with their ranges."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import entities
from schema.base import relation, view_of
from schema.users import User

if TYPE_CHECKING:
    from schema.hashtags import Hashtag

LazyHashtag = Annotated["Hashtag", strawberry.lazy("schema.hashtags")]


@strawberry.type(description="A part of a text: from `start` to before `end`.")
class TextRange:
    """View of entities.TextRange."""

    start: int = strawberry.field(description="Where it begins.")
    end: int = strawberry.field(description="Where it ends; what stands here does not belong to it.")


@strawberry.interface(description="A part of a text that leads somewhere.")
class Entity:
    """View of entities.Entity."""

    range: TextRange = strawberry.field(description="Where it stands, in Unicode code points, its sign included.")
    utf16_range: TextRange = strawberry.field(
        description="The same in UTF-16 code units, as strings of JavaScript, Java and Swift's NSString count."
    )


@strawberry.type(description="A mention: bound to the account when it was written, whatever its handle is by now.")
@view_of(entities.MentionEntity)
class MentionEntity(Entity):
    """View of entities.MentionEntity."""

    user = relation(
        "users", key="user_id", graphql_type=User | None, description="Who is mentioned; null if they are not shown."
    )


@strawberry.type(description="A hashtag.")
@view_of(entities.HashtagEntity)
class HashtagEntity(Entity):
    """View of entities.HashtagEntity."""

    name: str = strawberry.field(description="The hashtag as it is written here, without its sign.")
    hashtag = relation(
        "hashtags_by_name",
        key="normalised_name",
        graphql_type=LazyHashtag | None,
        description="The hashtag that this is a spelling of; null if nobody else may know of it.",
    )


@strawberry.type(description="A link.")
@view_of(entities.LinkEntity)
class LinkEntity(Entity):
    """View of entities.LinkEntity."""

    url: str = strawberry.field(description="Where it leads; with https:// in front where the text has a bare name.")


ENTITIES = (MentionEntity, HashtagEntity, LinkEntity)
