"""The loaders of one request, or of one event of a subscription: never older than that, so never stale."""

import asyncio
from collections.abc import Iterable
from functools import cached_property

from access.viewer import Viewer
from core.database import Reader
from loaders.base import BATCHES_AT_ONCE
from loaders.feeds import PostEntriesByUserLoader, ReplyEntriesByUserLoader
from loaders.follows import FollowersByUserLoader, FollowingByUserLoader
from loaders.hydration import HydratedPost, HydratedUser
from loaders.likes import LikesByUserLoader
from loaders.posts import (
    AncestorIdsByPostLoader,
    PostByIdLoader,
    PostCountsByIdLoader,
    RepliesByPostNewestFirstLoader,
    RepliesByPostOldestFirstLoader,
    ViewerPostStateByIdLoader,
)
from loaders.users import UserByHandleLoader, UserByIdLoader, UserCountsByIdLoader, ViewerUserStateByIdLoader


class Loaders:
    """Every loader by name, made when first asked for. `posts` and `users` are guarded; what they hide is None."""

    def __init__(self, db: Reader, *, viewer: Viewer | None) -> None:
        self.db = db
        self.viewer = viewer
        self.gate = asyncio.Semaphore(BATCHES_AT_ONCE)

    @cached_property
    def posts(self) -> PostByIdLoader:
        return PostByIdLoader(self)

    @cached_property
    def post_counts(self) -> PostCountsByIdLoader:
        return PostCountsByIdLoader(self)

    @cached_property
    def viewer_post_states(self) -> ViewerPostStateByIdLoader:
        return ViewerPostStateByIdLoader(self)

    @cached_property
    def replies_oldest_first(self) -> RepliesByPostOldestFirstLoader:
        return RepliesByPostOldestFirstLoader(self)

    @cached_property
    def replies_newest_first(self) -> RepliesByPostNewestFirstLoader:
        return RepliesByPostNewestFirstLoader(self)

    @cached_property
    def ancestor_ids(self) -> AncestorIdsByPostLoader:
        return AncestorIdsByPostLoader(self)

    @cached_property
    def users(self) -> UserByIdLoader:
        return UserByIdLoader(self)

    @cached_property
    def users_by_handle(self) -> UserByHandleLoader:
        return UserByHandleLoader(self)

    @cached_property
    def user_counts(self) -> UserCountsByIdLoader:
        return UserCountsByIdLoader(self)

    @cached_property
    def viewer_user_states(self) -> ViewerUserStateByIdLoader:
        return ViewerUserStateByIdLoader(self)

    @cached_property
    def post_entries(self) -> PostEntriesByUserLoader:
        return PostEntriesByUserLoader(self)

    @cached_property
    def reply_entries(self) -> ReplyEntriesByUserLoader:
        return ReplyEntriesByUserLoader(self)

    @cached_property
    def followers(self) -> FollowersByUserLoader:
        return FollowersByUserLoader(self)

    @cached_property
    def following(self) -> FollowingByUserLoader:
        return FollowingByUserLoader(self)

    @cached_property
    def likes(self) -> LikesByUserLoader:
        return LikesByUserLoader(self)

    def prime_posts(self, posts: Iterable[HydratedPost]) -> None:
        """Hands posts that the viewer may see, and their authors, to the loaders of their parts."""
        authors = {}
        for row, counts, viewer_state, author in posts:
            self.posts.prime(row.id, row)
            self.post_counts.prime(row.id, counts)
            self.viewer_post_states.prime(row.id, viewer_state)
            authors[author.row.id] = author
        self.prime_users(authors.values())

    def prime_users(self, users: Iterable[HydratedUser]) -> None:
        """Hands users that the viewer may see to the loaders of their parts."""
        for row, counts, viewer_state in users:
            self.users.prime(row.id, row)
            self.user_counts.prime(row.id, counts)
            self.viewer_user_states.prime(row.id, viewer_state)
