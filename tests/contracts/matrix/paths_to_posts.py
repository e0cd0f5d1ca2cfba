"""The paths to posts."""

from collections.abc import Iterable, Mapping
from typing import Any

from models.feeds import FeedKind
from tests.contracts.matrix import oracle
from tests.contracts.matrix.cast import AUTHORS, NEUTRAL, TARGETS
from tests.contracts.matrix.paths import PAGE, PathToPosts, nothing
from tests.contracts.matrix.stage import HASHTAG, WITH_HASHTAG, Stage
from tests.worlds import post_id

ANSWERS = tuple(target for target in TARGETS if target.is_answer)
OTHERS = tuple(target for target in TARGETS if not target.is_answer)
_PAGED = "$first: Int!, $after: Cursor"
_AFTER = "first: $first, after: $after"
_EDGES = f"{{ edges {{ node {{ ...PostTarget }} }} {PAGE} }}"
_REFS = f"{{ edges {{ node {{ __typename ...PostTarget }} }} {PAGE} }}"


# Scenes.


async def containers(stage: Stage) -> None:
    """Every viewer replies to every target, which nobody can keep from whoever wrote it; so does somebody else."""
    for writer in (*stage.signed_in, NEUTRAL):
        rows = [{"reply_to_id": id_, "root_id": id_} for id_ in stage.posts.values()]
        stage.written[writer] = await stage.write(writer, rows)


async def quotes(stage: Stage) -> None:
    stage.written[NEUTRAL] = await stage.write(NEUTRAL, [{"quote_id": id_} for id_ in stage.posts.values()])


async def reposts(stage: Stage) -> None:
    await stage.write(NEUTRAL, [{"body": None, "repost_of_id": id_} for id_ in stage.posts.values()])


async def pins(stage: Stage) -> None:
    await stage.insert(
        "pin", [{"account_id": stage.number(target.author), "post_id": id_} for target, id_ in stage.posts.items()]
    )


async def _kept(stage: Stage, table: str, column: str) -> None:
    """Every viewer keeps every target."""
    await stage.insert(
        table,
        [{"account_id": stage.number(name), column: id_} for name in stage.signed_in for id_ in stage.posts.values()],
    )


async def likes(stage: Stage) -> None:
    await _kept(stage, "post_like", "post_id")


async def muted_threads(stage: Stage) -> None:
    await _kept(stage, "thread_mute", "root_id")


async def followed_threads(stage: Stage) -> None:
    await _kept(stage, "thread_follow", "root_id")


async def bookmarks(stage: Stage) -> None:
    """Every viewer keeps every target in a folder."""
    folders = dict(zip(stage.signed_in, await stage.mint(len(stage.signed_in)), strict=True))
    await stage.insert(
        "bookmark_folder",
        [{"id": id_, "account_id": stage.number(name), "name": "kept"} for name, id_ in folders.items()],
    )
    await stage.insert(
        "bookmark",
        [
            {"account_id": stage.number(name), "folder_id": folder_id, "post_id": id_}
            for name, folder_id in folders.items()
            for id_ in (*stage.posts.values(), stage.quoted_id)  # the newest bookmark is of what all see
        ],
    )


async def hashtag_follows(stage: Stage) -> None:
    await stage.insert(
        "hashtag_follow",
        [{"hashtag_id": stage.hashtag_id, "account_id": stage.number(name)} for name in stage.signed_in],
    )


async def hashtag_reads(stage: Stage) -> None:
    """Everybody has read the hashtag's posts up to some place, and has a preference of them."""
    feed = {"feed": int(FeedKind.HASHTAG), "target_id": stage.hashtag_id}
    rows = [{"account_id": stage.number(name), **feed} for name in stage.signed_in]
    await stage.insert("read_position", [{**row, "entry_id": 1} for row in rows])
    await stage.insert("feed_preference", [{**row, "hides_reposts": True} for row in rows])


async def newest_with_hashtag(stage: Stage) -> None:
    """A post that all see is the newest with the hashtag."""
    [number] = await stage.write(NEUTRAL, [{}])
    await stage.insert("post_hashtag", [{"hashtag_id": stage.hashtag_id, "post_id": number}])


async def named_hashtag(stage: Stage) -> None:
    """A post that all see names the hashtag."""
    stage.written[NEUTRAL] = await stage.write(NEUTRAL, [{"body": f"#{HASHTAG}", "entities": WITH_HASHTAG}])


async def named_hashtag_in_edit(stage: Stage) -> None:
    """A post that all see named it before it was edited."""
    await named_hashtag(stage)
    row = {"post_id": stage.written[NEUTRAL][0], "version": 1, "body": f"#{HASHTAG}", "entities": WITH_HASHTAG}
    await stage.insert("post_edit", [row])


async def hashtag_in_bio(stage: Stage) -> None:
    await stage.set_bio_entities(NEUTRAL, WITH_HASHTAG)


# Variables.


def each_of_others(stage: Stage, viewer: str) -> Iterable[Mapping[str, Any]]:
    return [{"id": post_id(stage.posts[target])} for target in OTHERS]


def all_targets(stage: Stage, viewer: str) -> Iterable[Mapping[str, Any]]:
    return [{"ids": [post_id(number) for number in stage.posts.values()]}]


def written(stage: Stage, viewer: str) -> Iterable[Mapping[str, Any]]:
    """What a scene has written: by the viewer, or by somebody whom all see."""
    numbers = stage.written.get(viewer) or stage.written[NEUTRAL]
    return [{"ids": [post_id(number) for number in numbers]}]


def each_author(stage: Stage, viewer: str) -> Iterable[Mapping[str, Any]]:
    return [{"handle": author} for author in AUTHORS]


def root(stage: Stage, viewer: str) -> Iterable[Mapping[str, Any]]:
    return [{"id": post_id(stage.root_id)}]


def quoted(stage: Stage, viewer: str) -> Iterable[Mapping[str, Any]]:
    return [{"id": post_id(stage.quoted_id)}]


# The paths.

_BY_ID = "query ($id: ID!)"
_BY_IDS = "query ($ids: [ID!]!)"


def _around(name: str, field: str, scene: Any, *, selected: str = "{ __typename ...PostTarget }") -> PathToPosts:
    """A path from a post to one that it refers to."""
    document = f"{_BY_IDS} {{ nodes(ids: $ids) {{ ... on Post {{ {field} {selected} }} }} }}"
    return PathToPosts(name, document, scene, written, keeps_places=True)


BY_ID = (
    PathToPosts("node", f"{_BY_ID} {{ node(id: $id) {{ ...PostTarget }} }}", variables=each_of_others, targets=OTHERS),
    PathToPosts("nodes", f"{_BY_IDS} {{ nodes(ids: $ids) {{ ...PostTarget }} }}", variables=all_targets),
    PathToPosts("post", f"{_BY_ID} {{ post(id: $id) {{ ...PostTarget }} }}", variables=each_of_others, targets=OTHERS),
)
AROUND_POSTS = (
    _around("replyTo", "replyTo", containers),
    _around("root", "root", containers),
    _around("quote", "quote", quotes),
    _around("ancestors", "ancestors(first: 20)", containers, selected="{ edges { node { ...PostTarget } } }"),
    *(
        PathToPosts(
            f"replies by {sort}",
            f"query ($id: ID!, {_PAGED}) {{ post(id: $id) {{ replies({_AFTER}, sort: {sort}) {_EDGES} }} }}",
            variables=root,
            is_paged=True,
            targets=ANSWERS,
        )
        for sort in ("OLDEST", "NEWEST", "TOP", "AUTHOR_FIRST")
    ),
    PathToPosts(
        "quotes",
        f"query ($id: ID!, {_PAGED}) {{ post(id: $id) {{ quotes({_AFTER}) {_EDGES} }} }}",
        variables=quoted,
        is_paged=True,
    ),
)
_HOME = f"query ({_PAGED}) {{ homeFeed({_AFTER}) {_EDGES} }}"
FEEDS = (
    PathToPosts("home", _HOME, is_paged=True, needs_viewer=True, expects=oracle.is_in_home),
    PathToPosts(
        "home by hashtag",
        _HOME,
        hashtag_follows,
        is_paged=True,
        needs_viewer=True,
        expects=oracle.is_in_home_by_hashtag,
    ),
    PathToPosts(
        "home by repost", _HOME, reposts, is_paged=True, needs_viewer=True, expects=oracle.is_in_home_by_repost
    ),
    PathToPosts(
        "public feed",
        f"query ({_PAGED}) {{ publicFeed({_AFTER}) {_EDGES} }}",
        is_paged=True,
        expects=oracle.is_in_public_feed,
    ),
    *(
        PathToPosts(
            f"profile: {tab}",
            f"query ($handle: String!, {_PAGED}) "
            f"{{ user(handle: $handle) {{ posts({_AFTER}, kind: {tab}) {_EDGES} }} }}",
            variables=each_author,
            is_paged=True,
            expects=oracle.is_on_profile,
            targets=targets,
        )
        for tab, targets in (
            ("POSTS", tuple(target for target in TARGETS if not target.is_reply)),
            ("REPLIES", tuple(target for target in TARGETS if target.is_reply)),
            ("QUOTES", TARGETS),
        )
    ),
    PathToPosts(
        "pins",
        "query ($handle: String!) { user(handle: $handle) { pinnedPosts { ...PostTarget } } }",
        pins,
        each_author,
        expects=oracle.is_on_profile,
    ),
)


def _by_hashtag(name: str, opened: str, closed: str, scene: Any = nothing, **rest: Any) -> PathToPosts:
    """A path to a hashtag, and on to its posts."""
    declared = "$ids: [ID!]!, " if "$ids" in opened else ""
    document = f"query ({declared}{_PAGED}) {{ {opened} {{ posts({_AFTER}) {_EDGES} }} {closed} }}"
    return PathToPosts(name, document, scene, is_paged=True, expects=oracle.is_in_hashtag_feed, **rest)


_NEUTRALS = f'user(handle: "{NEUTRAL}")'
HASHTAGS = (
    _by_hashtag("hashtag", f'hashtag(name: "{HASHTAG}")', ""),
    _by_hashtag(
        "hashtag found",
        f'search(query: "{HASHTAG}", kind: HASHTAGS) {{ edges {{ node {{ ... on Hashtag',
        "} } }",
    ),
    _by_hashtag(
        "followed hashtags",
        "viewer { followedHashtags { edges { node",
        "} } }",
        hashtag_follows,
        needs_viewer=True,
    ),
    _by_hashtag(
        "hashtag that was read",
        "viewer { readPositions { edges { node { hashtag",
        "} } } }",
        hashtag_reads,
        needs_viewer=True,
    ),
    _by_hashtag(
        "hashtag that is tuned",
        "viewer { feedPreferences { edges { node { hashtag",
        "} } } }",
        hashtag_reads,
        needs_viewer=True,
    ),
    _by_hashtag(
        "hashtag named",
        "nodes(ids: $ids) { ... on Post { entities { ... on HashtagEntity { hashtag",
        "} } } }",
        named_hashtag,
        variables=written,
    ),
    _by_hashtag(
        "hashtag named before an edit",
        "nodes(ids: $ids) { ... on Post { edits(first: 1) { edges { node { entities { ... on HashtagEntity { hashtag",
        "} } } } } } }",
        named_hashtag_in_edit,
        variables=written,
    ),
    _by_hashtag(
        "hashtag in a bio",
        f"{_NEUTRALS} {{ bioEntities {{ ... on HashtagEntity {{ hashtag",
        "} } }",
        hashtag_in_bio,
    ),
    _by_hashtag(
        "hashtag that brought an entry",
        f'hashtag(name: "{HASHTAG}") {{ posts(first: 1) {{ edges {{ reason {{ hashtag',
        "} } } }",
        newest_with_hashtag,
    ),
)
OWN = tuple(
    PathToPosts(
        name,
        f"query ({_PAGED}) {{ viewer {{ {opened}{field}({_AFTER}) {selected}{closed} }} }}",
        scene,
        is_paged=True,
        needs_viewer=True,
        keeps_places=selected is _REFS,
    )
    for name, field, scene, selected, opened, closed in (
        ("own likes", "likes", likes, _EDGES, "", ""),
        ("muted threads", "mutedThreads", muted_threads, _REFS, "", ""),
        ("followed threads", "followedThreads", followed_threads, _REFS, "", ""),
        ("bookmarks", "bookmarks", bookmarks, _EDGES, "", ""),
        ("folder", "bookmarks", bookmarks, _EDGES, "bookmarkFolders { edges { node { ", " } } }"),
        ("folder of a bookmark", "bookmarks", bookmarks, _EDGES, "bookmarks(first: 1) { edges { folder { ", " } } }"),
    )
)
PATHS_TO_POSTS: tuple[PathToPosts, ...] = (*BY_ID, *AROUND_POSTS, *FEEDS, *HASHTAGS, *OWN)
