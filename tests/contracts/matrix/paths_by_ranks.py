"""The paths to posts and users by rankings: what trends, and what somebody may want to see."""

from models.trends import TrendKind
from tests.contracts.matrix import oracle
from tests.contracts.matrix.cast import AUTHORS, NEUTRAL, Target
from tests.contracts.matrix.paths import PAGE, Path, PathToPosts, PathToUsers, Shown
from tests.contracts.matrix.paths_to_posts import hashtag_follows, newest_with_hashtag
from tests.contracts.matrix.stage import Stage

_PAGED = "query ($first: Int!, $after: Cursor)"
_AFTER = "first: $first, after: $after"
_EDGES = f"{{ edges {{ node {{ ...PostTarget }} }} {PAGE} }}"


def is_trending(viewer: str, target: Target) -> bool:
    """Not even authors and moderators see here what not everybody may."""
    is_there = not target.kind.is_taken_down and not AUTHORS[target.author].is_suspended
    return is_there and oracle.is_in_public_feed(viewer, target)


def is_for(viewer: str, target: Target) -> bool:
    """The same, and one's own is not there."""
    return viewer != target.author and is_trending(viewer, target)


def as_leading_on(viewer: str, author: str) -> Shown:
    """Whom the viewer follows, and neither mutes nor blocks, leads on; nobody does who is suspended."""
    is_other = viewer != author and not AUTHORS[author].is_suspended
    is_there = is_other and oracle.is_in_home(viewer, Target(author, "public", is_answer=False))
    return is_there, is_there, is_there


async def tagged(stage: Stage) -> None:
    """Everybody follows the hashtag, which the newest post has, by somebody whom all see."""
    await hashtag_follows(stage)
    await newest_with_hashtag(stage)


async def reposted_by_each(stage: Stage) -> None:
    """Each author has reposted another post that all see."""
    numbers = await stage.write(NEUTRAL, [{} for _ in AUTHORS])
    for author, number in zip(AUTHORS, numbers, strict=True):
        await stage.write(author, [{"body": None, "repost_of_id": number}])


async def rankings(stage: Stage) -> None:
    """All targets trend, and so does their hashtag."""
    subjects = {TrendKind.POSTS: [*stage.posts.values()], TrendKind.HASHTAGS: [stage.hashtag_id]}
    await stage.insert("trend_round", [{"kind": int(kind), "number": 1} for kind in subjects])
    places = [
        {
            "kind": int(kind),
            "round": 1,
            "place": place,
            "subject_id": subject_id,
            "score": 1 / place,
            "act_count": 3,
            "account_count": 3,
        }
        for kind, ids in subjects.items()
        for place, subject_id in enumerate(ids, start=1)
    ]
    await stage.insert("trend", places)


PATHS_BY_RANKS: tuple[Path, ...] = (
    PathToPosts(
        "trending posts",
        f"{_PAGED} {{ trends {{ posts({_AFTER}) {_EDGES} }} }}",
        rankings,
        is_paged=True,
        expects=is_trending,
    ),
    PathToPosts(
        "trending hashtag",
        f"{_PAGED} {{ trends {{ hashtags {{ edges {{ node {{ posts({_AFTER}) {_EDGES} }} }} }} }} }}",
        rankings,
        is_paged=True,
        expects=oracle.is_in_hashtag_feed,
    ),
    PathToPosts(
        "for you",
        f"{_PAGED} {{ forYouFeed({_AFTER}) {_EDGES} }}",
        hashtag_follows,
        is_paged=True,
        needs_viewer=True,
        expects=is_for,
    ),
    PathToPosts(
        "hashtag of a signal",
        f"{_PAGED} {{ forYouFeed(first: 1) {{ edges {{ reason {{ signals {{ hashtag {{"
        f" posts({_AFTER}) {_EDGES} }} }} }} }} }} }}",
        tagged,
        is_paged=True,
        needs_viewer=True,
        expects=oracle.is_in_hashtag_feed,
    ),
    PathToUsers(
        "user of a signal",
        f"{_PAGED} {{ forYouFeed({_AFTER}) {{ edges {{ reason {{ signals {{ user {{ ...UserTarget }} }} }} }}"
        f" {PAGE} }} }}",
        reposted_by_each,
        is_paged=True,
        needs_viewer=True,
        expects=as_leading_on,
    ),
)
