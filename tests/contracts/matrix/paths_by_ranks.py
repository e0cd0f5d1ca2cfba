"""The paths to posts and users by rankings: what trends."""

from models.trends import TrendKind
from tests.contracts.matrix import oracle
from tests.contracts.matrix.cast import AUTHORS, Target
from tests.contracts.matrix.paths import PAGE, Path, PathToPosts
from tests.contracts.matrix.stage import Stage

_PAGED = "query ($first: Int!, $after: Cursor)"
_AFTER = "first: $first, after: $after"
_EDGES = f"{{ edges {{ node {{ ...PostTarget }} }} {PAGE} }}"


def is_trending(viewer: str, target: Target) -> bool:
    """Not even authors and moderators see here what not everybody may."""
    is_there = not target.kind.is_taken_down and not AUTHORS[target.author].is_suspended
    return is_there and oracle.is_in_public_feed(viewer, target)


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
)
