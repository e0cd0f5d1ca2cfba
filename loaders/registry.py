"""The loaders of one request, or of one event of a subscription: never older than that, so never stale."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from access.filters import Context
from access.viewer import Viewer
from core.database import Reader
from core.lazy import lazy
from core.paging import PageRequest
from loaders.answers import HiddenRepliesByPostLoader
from loaders.base import BATCHES_AT_ONCE, BatchLoader
from loaders.blocks import BlocksByUserLoader
from loaders.bookmarks import (
    BookmarkFolderByIdLoader,
    BookmarkFoldersByAccountLoader,
    BookmarksByAccountLoader,
    BookmarksByFolderLoader,
)
from loaders.circles import CircleByIdLoader, CircleByPostLoader, CirclesByAccountLoader, MembersByCircleLoader
from loaders.edits import EditsByPostLoader
from loaders.feed_preferences import FEED_PREFERENCES, FeedPreferenceRow
from loaders.filters import (
    FilterByIdLoader,
    FilterPageByViewerLoader,
    FiltersByViewerLoader,
    FittingFiltersByPostLoader,
)
from loaders.follow_requests import FollowRequestsByUserLoader, SentFollowRequestsByUserLoader
from loaders.follows import FollowersByUserLoader, FollowingByUserLoader
from loaders.guard import guard
from loaders.hashtag_feeds import EntriesByHashtagLoader
from loaders.hashtags import (
    FollowedHashtagsByUserLoader,
    HashtagByIdLoader,
    HashtagByNameLoader,
    HistoryByHashtagLoader,
)
from loaders.home import HomeEntries
from loaders.kept_feeds import KeptByFeedLoader
from loaders.known_followers import KnownFollowersByUserLoader
from loaders.likers import LikersByPostLoader, RepostersByPostLoader
from loaders.likes import LikesByUserLoader
from loaders.list_feeds import EntriesByListLoader
from loaders.lists import ListByIdLoader, ListsByAccountLoader, MembersByListLoader
from loaders.moderation import (
    ModerationActionByIdLoader,
    ModerationActionsByAccountLoader,
    StandingLoader,
    WarningsByAccountLoader,
)
from loaders.mutes import MutesByViewerLoader, ViewerMuteByUserLoader
from loaders.notes import ViewerNoteByUserLoader
from loaders.parts import MissedPartsOfPostsLoader, MissedPartsOfUsersLoader, PostPartLoader, UserPartLoader
from loaders.permissions import PermissionsByPostLoader
from loaders.pins import PinnedPostsByUserLoader
from loaders.posts import (
    AncestorIdsByPostLoader,
    PostByIdLoader,
    RepliesByPostNewestFirstLoader,
    RepliesByPostOldestFirstLoader,
)
from loaders.profile_feeds import EntriesByUserLoader, UserWithPostsLoader, WantedPage
from loaders.quotes import QuotesByPostLoader
from loaders.ranked_replies import RankedRepliesLoader, RepliesByPostAuthorFirstLoader, TopRepliesByPostLoader
from loaders.read_positions import READ_POSITIONS, ReadPositionRow
from loaders.reports import ReportByIdLoader, ReportsByReporterLoader
from loaders.rows import Hydrated, Part, PostAudience, PostCounts, PostDetails, PostRow, UserCounts, UserDetails
from loaders.tabs import Tab
from loaders.thinned import ThinnedPageLoader
from loaders.threads import FollowedThreadsByUserLoader, MutedThreadsByUserLoader, ViewerThreadsLoader
from loaders.users import (
    UserByFormerHandleLoader,
    UserByHandleLoader,
    UserByIdLoader,
    UsersTogetherLoader,
)
from loaders.wanted import PostWithRepliesLoader, Wanted
from models.lists import ListReplies

L = TypeVar("L")


class Loaders:
    """Every loader by name, made when first asked for. `posts` and `users` are guarded; what they hide is None.

    Lists have a loader for each part of them that is asked for.
    """

    def __init__(self, db: Reader, *, viewer: Viewer | None) -> None:
        self.db = db
        self.viewer = viewer
        self._lists: dict[tuple[Any, ...], Any] = {}

    @lazy
    def gate(self) -> asyncio.Semaphore:
        return asyncio.Semaphore(BATCHES_AT_ONCE)

    @lazy
    def posts(self) -> PostByIdLoader:
        return PostByIdLoader(self)

    @lazy
    def post_counts(self) -> PostPartLoader[PostCounts]:
        return PostPartLoader(self, Part.POST_COUNTS)

    @lazy
    def post_details(self) -> PostPartLoader[PostDetails]:
        return PostPartLoader(self, Part.POST_DETAILS)

    @lazy
    def post_audience(self) -> PostPartLoader[PostAudience]:
        return PostPartLoader(self, Part.POST_AUDIENCE)

    @lazy
    def reply_hidings(self) -> PostPartLoader[bool]:
        return PostPartLoader(self, Part.REPLY_HIDINGS)

    @lazy
    def permissions(self) -> PermissionsByPostLoader:
        return PermissionsByPostLoader(self)

    @lazy
    def viewer_likes(self) -> PostPartLoader[bool]:
        return PostPartLoader(self, Part.VIEWER_LIKES)

    @lazy
    def viewer_reposts(self) -> PostPartLoader[bool]:
        return PostPartLoader(self, Part.VIEWER_REPOSTS)

    @lazy
    def viewer_bookmarks(self) -> PostPartLoader[bool]:
        return PostPartLoader(self, Part.VIEWER_BOOKMARKS)

    @lazy
    def viewer_threads(self) -> ViewerThreadsLoader:
        return ViewerThreadsLoader(self)

    @lazy
    def viewer_mutes(self) -> ViewerMuteByUserLoader:
        return ViewerMuteByUserLoader(self)

    @lazy
    def filters(self) -> FilterByIdLoader:
        return FilterByIdLoader(self)

    @lazy
    def own_filters(self) -> FiltersByViewerLoader:
        return FiltersByViewerLoader(self)

    @lazy
    def bookmark_folders(self) -> BookmarkFolderByIdLoader:
        return BookmarkFolderByIdLoader(self)

    @lazy
    def lists(self) -> ListByIdLoader:
        return ListByIdLoader(self)

    @lazy
    def circles(self) -> CircleByIdLoader:
        return CircleByIdLoader(self)

    @lazy
    def circles_of_posts(self) -> CircleByPostLoader:
        return CircleByPostLoader(self)

    @lazy
    def reports(self) -> ReportByIdLoader:
        return ReportByIdLoader(self)

    @lazy
    def moderation_actions(self) -> ModerationActionByIdLoader:
        return ModerationActionByIdLoader(self)

    @lazy
    def viewer_standing(self) -> StandingLoader:
        return StandingLoader(self)

    @lazy
    def missed_parts_of_posts(self) -> MissedPartsOfPostsLoader:
        return MissedPartsOfPostsLoader(self)

    @lazy
    def users(self) -> UserByIdLoader:
        return UserByIdLoader(self)

    @lazy
    def users_together(self) -> UsersTogetherLoader:
        return UsersTogetherLoader(self)

    @lazy
    def users_by_handle(self) -> UserByHandleLoader:
        return UserByHandleLoader(self)

    @lazy
    def users_by_former_handle(self) -> UserByFormerHandleLoader:
        return UserByFormerHandleLoader(self)

    @lazy
    def user_counts(self) -> UserPartLoader[UserCounts]:
        return UserPartLoader(self, Part.USER_COUNTS)

    @lazy
    def user_details(self) -> UserPartLoader[UserDetails]:
        return UserPartLoader(self, Part.USER_DETAILS)

    @lazy
    def viewer_follows(self) -> UserPartLoader[int]:
        return UserPartLoader(self, Part.VIEWER_FOLLOWS)

    @lazy
    def viewer_followers(self) -> UserPartLoader[bool]:
        return UserPartLoader(self, Part.VIEWER_FOLLOWERS)

    @lazy
    def viewer_notes(self) -> ViewerNoteByUserLoader:
        return ViewerNoteByUserLoader(self)

    @lazy
    def pinned_posts(self) -> PinnedPostsByUserLoader:
        return PinnedPostsByUserLoader(self)

    @lazy
    def missed_parts_of_users(self) -> MissedPartsOfUsersLoader:
        return MissedPartsOfUsersLoader(self)

    @lazy
    def hashtags(self) -> HashtagByIdLoader:
        return HashtagByIdLoader(self)

    @lazy
    def hashtags_by_name(self) -> HashtagByNameLoader:
        return HashtagByNameLoader(self)

    @lazy
    def hashtag_histories(self) -> HistoryByHashtagLoader:
        return HistoryByHashtagLoader(self)

    @lazy
    def feed_preferences(self) -> KeptByFeedLoader[FeedPreferenceRow]:
        return KeptByFeedLoader(self, FEED_PREFERENCES)

    @lazy
    def read_positions(self) -> KeptByFeedLoader[ReadPositionRow]:
        return KeptByFeedLoader(self, READ_POSITIONS)

    def hashtag_entries(self, request: PageRequest, wanted: Wanted) -> EntriesByHashtagLoader:
        return self._list(EntriesByHashtagLoader, request, wanted)

    def followed_hashtags(self, request: PageRequest) -> FollowedHashtagsByUserLoader:
        return self._list(FollowedHashtagsByUserLoader, request)

    def replies(self, request: PageRequest, *, is_newest_first: bool) -> ThinnedPageLoader[PostRow]:
        kind = RepliesByPostNewestFirstLoader if is_newest_first else RepliesByPostOldestFirstLoader
        return self._list(kind, request)

    def quotes(self, request: PageRequest) -> QuotesByPostLoader:
        return self._list(QuotesByPostLoader, request)

    def hidden_replies(self, request: PageRequest) -> HiddenRepliesByPostLoader:
        return self._list(HiddenRepliesByPostLoader, request)

    def edits(self, request: PageRequest) -> EditsByPostLoader:
        return self._list(EditsByPostLoader, request)

    def ranked_replies(self, request: PageRequest, *, is_author_first: bool) -> RankedRepliesLoader:
        kind = RepliesByPostAuthorFirstLoader if is_author_first else TopRepliesByPostLoader
        return self._list(kind, request)

    def ancestor_ids(self, request: PageRequest) -> AncestorIdsByPostLoader:
        return self._list(AncestorIdsByPostLoader, request)

    def posts_with_replies(self, wanted: Wanted) -> PostWithRepliesLoader:
        return self._list(PostWithRepliesLoader, wanted)

    def entries(self, request: PageRequest, wanted: Wanted, *, tab: Tab) -> EntriesByUserLoader:
        return self._list(EntriesByUserLoader, request, wanted, tab)

    def users_with_posts(self, page: WantedPage) -> UserWithPostsLoader:
        return self._list(UserWithPostsLoader, page)

    def home_entries(self, viewer: Viewer, wanted: Wanted) -> HomeEntries:
        return HomeEntries(self, viewer.account_id, wanted)

    def followers(self, request: PageRequest) -> FollowersByUserLoader:
        return self._list(FollowersByUserLoader, request)

    def following(self, request: PageRequest) -> FollowingByUserLoader:
        return self._list(FollowingByUserLoader, request)

    def follow_requests(self, request: PageRequest) -> FollowRequestsByUserLoader:
        return self._list(FollowRequestsByUserLoader, request)

    def sent_follow_requests(self, request: PageRequest) -> SentFollowRequestsByUserLoader:
        return self._list(SentFollowRequestsByUserLoader, request)

    def known_followers(self, request: PageRequest) -> KnownFollowersByUserLoader:
        return self._list(KnownFollowersByUserLoader, request)

    def blocks(self, request: PageRequest) -> BlocksByUserLoader:
        return self._list(BlocksByUserLoader, request)

    def likes(self, request: PageRequest) -> LikesByUserLoader:
        return self._list(LikesByUserLoader, request)

    def muted_threads(self, request: PageRequest) -> MutedThreadsByUserLoader:
        return self._list(MutedThreadsByUserLoader, request)

    def mutes(self, request: PageRequest) -> MutesByViewerLoader:
        return self._list(MutesByViewerLoader, request)

    def filter_page(self, request: PageRequest) -> FilterPageByViewerLoader:
        return self._list(FilterPageByViewerLoader, request)

    def fitting_filters(self, context: Context) -> FittingFiltersByPostLoader:
        return self._list(FittingFiltersByPostLoader, context)

    def followed_threads(self, request: PageRequest) -> FollowedThreadsByUserLoader:
        return self._list(FollowedThreadsByUserLoader, request)

    def bookmarks(self, request: PageRequest) -> BookmarksByAccountLoader:
        return self._list(BookmarksByAccountLoader, request)

    def bookmarks_in_folders(self, request: PageRequest) -> BookmarksByFolderLoader:
        return self._list(BookmarksByFolderLoader, request)

    def folders_of_bookmarks(self, request: PageRequest) -> BookmarkFoldersByAccountLoader:
        return self._list(BookmarkFoldersByAccountLoader, request)

    def lists_of_accounts(self, request: PageRequest) -> ListsByAccountLoader:
        return self._list(ListsByAccountLoader, request)

    def list_members(self, request: PageRequest) -> MembersByListLoader:
        return self._list(MembersByListLoader, request)

    def list_entries(self, request: PageRequest, wanted: Wanted, replies: ListReplies) -> EntriesByListLoader:
        return self._list(EntriesByListLoader, request, wanted, replies)

    def circles_of_accounts(self, request: PageRequest) -> CirclesByAccountLoader:
        return self._list(CirclesByAccountLoader, request)

    def circle_members(self, request: PageRequest) -> MembersByCircleLoader:
        return self._list(MembersByCircleLoader, request)

    def own_reports(self, request: PageRequest) -> ReportsByReporterLoader:
        return self._list(ReportsByReporterLoader, request)

    def moderation_actions_of_users(self, request: PageRequest) -> ModerationActionsByAccountLoader:
        return self._list(ModerationActionsByAccountLoader, request)

    def warnings(self, request: PageRequest) -> WarningsByAccountLoader:
        return self._list(WarningsByAccountLoader, request)

    def likers(self, request: PageRequest) -> LikersByPostLoader:
        return self._list(LikersByPostLoader, request)

    def reposters(self, request: PageRequest) -> RepostersByPostLoader:
        return self._list(RepostersByPostLoader, request)

    def take(self, found: Hydrated) -> Mapping[int, PostRow | None]:
        """Guards what a statement brought and hands it to the loaders, so that nothing is fetched twice.

        Gives the posts by id, None for those that the viewer may not see.
        """
        guard(found)
        self.posts.prime_many(found.posts)
        self.users.prime_many(found.users)
        for part, values in found.parts.items():
            loader: BatchLoader[int, Any] = getattr(self, part)
            loader.prime_many(values)
        return found.posts

    def part(self) -> None:
        """Lets go of the loaders, which know this registry: without the circle nothing waits for the collector.

        Whoever still holds the registry gets new ones.
        """
        self.__dict__ = {"db": self.db, "viewer": self.viewer, "_lists": {}}

    def _list(self, kind: Callable[..., L], *asked: Any) -> L:
        """The loader of one part of a list."""
        loader: L | None = self._lists.get((kind, *asked))
        if loader is None:
            loader = self._lists[(kind, *asked)] = kind(self, *asked)
        return loader
