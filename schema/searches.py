"""What a search finds."""

from typing import Annotated

import strawberry

from resolvers.arguments import Cursor
from schema.base import PageInfo
from schema.hashtags import Hashtag
from schema.users import User

SearchResult = Annotated[User | Hashtag, strawberry.union("SearchResult", description="What a search can find.")]


@strawberry.type(description="Something that was found.")
class SearchEdge:
    """View of connections.Edge."""

    cursor: Cursor = strawberry.field(description="Its place in what was found.")
    node: SearchResult = strawberry.field(description="What was found.")


@strawberry.type(description="A page of what was found, the best first.")
class SearchConnection:
    """View of connections.Connection."""

    edges: list[SearchEdge] = strawberry.field(description="What was found, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")
