"""Pages of lists that the rules thin out: they are topped up until they are full or the list ends."""

from collections.abc import Mapping, Sequence
from typing import Generic

import sqlalchemy as sa

from core.paging import MOST_IN_A_ROUND, Page, PageRequest, SortKey, page_of_shown
from loaders.base import BatchLoader, Item, Scope
from loaders.pages import PARENT_IDS

# unnest($1, $2) AS place(id, after): a row for each parent that a lateral page is joined to, with the place in its list
# behind which the page begins.
places = (
    sa.func.unnest(PARENT_IDS, sa.bindparam("afters", type_=sa.ARRAY(sa.BigInteger)))
    .table_valued(sa.column("id", sa.BigInteger), sa.column("after", sa.BigInteger), name="place")
    .render_derived()
)


class ThinnedPageLoader(BatchLoader[int, Page[tuple[SortKey, Item]]], Generic[Item]):
    """Loads a page of something for each parent, by the parent's id; one part of the list for all of them.

    The items of a page are pairs of sort key and item. Where rules have left too little of it, the page goes on behind
    what was looked at: for those parents that need it, by one statement for all of them, a few times
    (PageRequest.rounds).
    """

    def __init__(self, scope: Scope, request: PageRequest) -> None:
        super().__init__(scope)
        self.request = request

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, Page[tuple[SortKey, Item]]]:
        shown: dict[int, list[tuple[SortKey, Item]]] = {key: [] for key in keys}
        pages: dict[int, Page[tuple[SortKey, Item]]] = {}
        reached: dict[int, SortKey] = dict.fromkeys(keys, self.start)
        for most in self.request.rounds:
            limit = max(self.request.fetch_count, min(most, MOST_IN_A_ROUND // len(reached)))
            looked_at = dict.fromkeys(reached, 0)
            for parent_id, key, item in await self.fetch_items(reached, limit):
                looked_at[parent_id] += 1
                reached[parent_id] = key
                if item is not None:
                    shown[parent_id].append((key, item))
            for parent_id, count in looked_at.items():
                is_end = count < limit
                if is_end or len(shown[parent_id]) > self.request.first:
                    del reached[parent_id]
                    pages[parent_id] = page_of_shown(self.request, shown[parent_id], is_end=is_end)
            if not reached:
                break
        for parent_id, key in reached.items():
            pages[parent_id] = page_of_shown(self.request, shown[parent_id], reached=key)
        return pages

    @property
    def start(self) -> SortKey:
        """The key behind which the page begins."""
        raise NotImplementedError

    async def fetch_items(
        self, reached: Mapping[int, SortKey], limit: int
    ) -> Sequence[tuple[int, SortKey, Item | None]]:
        """(parent id, sort key, item) in the list's order, at most `limit` of each parent, behind the key that
        `reached` has for it. The item is None where the viewer may not see it.
        """
        raise NotImplementedError
