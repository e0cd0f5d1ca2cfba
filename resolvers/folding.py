"""One entry for each original: what is reposted again and again is shown once, with everybody who reposted it.

An entry is folded if one of the same post is among the 40 above it that the viewer sees. Only reposts repeat: an
original is older than all reposts of it, so it is the last of them. What a page has shown the next one knows by its
cursor's trail, so nothing is asked for and nothing is kept.
"""

from bisect import bisect_right
from collections.abc import Sequence
from operator import neg

from core.paging import TRAIL_LENGTH, Mark, Trail
from loaders.wanted import FeedEntry


class Folding:
    """A walk over a feed, from the newest entry to the oldest, for a page of `first` entries behind `trail`.

    What is behind the page and its next entry adds to nobody, so a page is the same however far was looked.
    """

    __slots__ = ("_above", "_groups", "_ids", "_left", "_marks", "_open")

    def __init__(self, first: int, trail: Trail = ()) -> None:
        self._left = first
        # Places are those of entries that the viewer sees, from the beginning of the walk; those above it are negative.
        self._ids: list[int] = []
        self._marks = sorted((-1 - mark.back, mark.post_id) for mark in trail)
        # Where the last repost of each post is.
        self._above = {post_id: place for place, post_id in self._marks}
        # Who reposted it, newest first: of each entry that is shown, and of each post in the last entry of it.
        self._groups: dict[int, list[int]] = {}
        self._open: dict[int, list[int]] = {}

    def is_folded(self, entry: FeedEntry) -> bool:
        """Takes the next entry that the viewer sees. Whether it is folded into one above it."""
        place = len(self._ids)
        self._ids.append(entry.id)
        post_id = entry.post_id
        above = self._above.get(post_id)
        is_folded = above is not None and place - above <= TRAIL_LENGTH
        if not is_folded:
            self._left -= 1
        if entry.is_repost:
            self._above[post_id] = place
            self._marks.append((place, post_id))
            if not is_folded:
                self._groups[entry.id] = self._open[post_id] = [entry.author_id]
            elif self._left >= 0 and post_id in self._open:  # else it is folded into an entry of a page before
                self._open[post_id].append(entry.author_id)
        return is_folded

    def reposter_ids(self, entry_id: int) -> Sequence[int]:
        """Who reposted the post of an entry that is shown, newest first."""
        return self._groups.get(entry_id, ())

    def trail(self, entry_id: int) -> Trail:
        """What the places down to that of an entry had."""
        if not self._marks:
            return ()
        place = bisect_right(self._ids, -entry_id, key=neg) - 1
        backs = {post_id: place - marked for marked, post_id in self._marks if marked <= place}
        return tuple(sorted(Mark(back, post_id) for post_id, back in backs.items() if back < TRAIL_LENGTH))
