"""A world that stays as it is, and the random operations that fit it: its ids, handles and cursors, good and bad."""

from collections.abc import Sequence

from actions import bookmark_folders, bookmarks, hashtags, pins
from core import ids
from core.paging import Listing, encode_cursor
from tests.compiler.documents import Style
from tests.worlds import World, post_id

# The viewer's timeline is in Redis for some and not for others: it is rebuilt when it is read, and nobody waits for it.
VIEWERS = ("alice", "alice", "bob", None)
# Whose acts are done already, or refused.
ACTOR = "alice"
LISTINGS = {
    "Query.homeFeed": Listing.HOME_FEED,
    "Query.publicFeed": Listing.PUBLIC_FEED,
    "User.posts": Listing.USER_POSTS,
    "User.followers": Listing.FOLLOWERS,
    "User.following": Listing.FOLLOWING,
    "Viewer.likes": Listing.VIEWER_LIKES,
    "Viewer.mutedThreads": Listing.MUTED_THREADS,
    "Viewer.followedThreads": Listing.FOLLOWED_THREADS,
    "Viewer.followedHashtags": Listing.FOLLOWED_HASHTAGS,
    "Viewer.bookmarks": Listing.BOOKMARKS,
    "Viewer.bookmarkFolders": Listing.BOOKMARK_FOLDERS,
    "BookmarkFolder.bookmarks": Listing.BOOKMARKS,
    "Hashtag.posts": Listing.HASHTAG_POSTS,
    "Post.replies": Listing.REPLIES_OLDEST_FIRST,
    "Post.ancestors": Listing.ANCESTORS,
    "Post.likedBy": Listing.LIKED_BY,
    "Post.repostedBy": Listing.REPOSTED_BY,
}


async def fill(world: World) -> list[int]:
    """Threads, replies, reposts, likes, bookmarks, pins and deleted posts; gives the posts' numbers."""
    alice, bob, carol, dan = world.alice, world.bob, world.carol, world.dan
    thread = await world.thread([alice, bob, carol], 5)
    beside = [await world.post(author, f"reply by {author.handle}", reply_to=thread[0]) for author in (bob, dan, carol)]
    alone = [await world.post(author, f"“{author.handle}” 🐦 & <b> #tea") for author in (alice, bob, carol, dan)]
    posts = [*thread, *beside, *alone]
    for liker, post in ((alice, alone[1]), (alice, thread[1]), (bob, thread[0]), (dan, thread[0]), (carol, alone[0])):
        await world.like(liker, post)
    for author, post in ((bob, alone[2]), (carol, thread[0]), (alice, alone[3])):
        await world.repost(author, post)
    await world.mute_thread(alice, alone[3])
    await world.follow_thread(alice, thread[2])
    await world.mute_thread(bob, thread[0])
    transact = world.services.db.transact
    await transact(hashtags.follow_hashtag, alice.viewer, "tea")
    birds = await transact(bookmark_folders.create_bookmark_folder, alice.viewer, "Birds")
    for post, folder_id in ((alone[1], birds), (thread[1], birds), (thread[0], None), (beside[0], birds)):
        change = bookmarks.BookmarkChange(folder_id=folder_id, note="a note")
        await transact(bookmarks.bookmark_post, alice.viewer, post, change)
    for author, post in ((alice, alone[0]), (bob, beside[0])):
        await transact(pins.pin_post, author.viewer, post)
    await world.delete(bob, thread[1])
    await world.delete(dan, beside[1])
    return posts


def style(world: World, posts: Sequence[int]) -> Style:
    """Operations on this world: queries, and acts that change nothing because they are done or are refused."""
    people = list(world.people.values())
    post_ids = [post_id(number) for number in posts]
    user_ids = [person.id for person in people]
    absent = [post_id(1), ids.encode(ids.Kind.USER, 1), "nonsense", ""]
    any_id = _quoted([*post_ids[:6], *user_ids[:3], *absent])
    done = {
        "likePost": ("postId", [post_ids[9], *absent]),  # alice likes it; the others are refused
        "unlikePost": ("postId", [post_ids[-1], *absent]),
        "repost": ("postId", [*absent]),
        "undoRepost": ("postId", [post_ids[0], *absent]),
        "deletePost": ("postId", [post_ids[10], *absent]),
        "muteThread": ("postId", [post_ids[-1], *absent]),
        "unmuteThread": ("postId", [post_ids[8], *absent]),
        "followThread": ("postId", [post_ids[3], *absent]),
        "unfollowThread": ("postId", [post_ids[9], *absent]),
        "followUser": ("userId", [*absent]),
        "unfollowUser": ("userId", [user_ids[4], *absent]),
        "createPost": ("replyToId", absent),
        "bookmarkPost": ("postId", [post_ids[9], *absent]),  # alice has bookmarked it
        "removeBookmark": ("postId", [post_ids[-1], *absent]),
        "deleteBookmarkFolder": ("folderId", absent),
        "pinPost": ("postId", [*post_ids[8:10], *absent]),  # alice has pinned the first; the second is Bob's
        "unpinPost": ("postId", [post_ids[0], *absent]),
    }
    acts = {
        f"Mutation.{name}.input": [_object(name, key, value) for value in values]
        for name, (key, values) in done.items()
    }
    return Style(
        {
            **acts,
            "Query.hashtag.name": ['"tea"', '"#TEA"', '"nobody"', '"no hashtag"'],
            "Query.search.query": ['"al"', '"te"', '"nobody"', '""'],
            "Query.search.kind": ("USERS", "HASHTAGS"),
            "Mutation.followHashtag.input": ['{name: "tea"}', '{name: ""}'],
            "Mutation.unfollowHashtag.input": ['{name: "nobody"}', '{name: ""}'],
            "Mutation.updateProfile.input": ['{displayName: ""}', f'{{bio: "{"x" * 501}"}}'],
            "Mutation.tuneFeed.input": [
                "{feed: {kind: HOME}, options: {hideQuotes: false}}",
                '{feed: {kind: HOME}, options: {languages: ["none!"]}}',
                '{feed: {kind: LIST, id: "nonsense"}, options: {hideQuotes: true}}',
            ],
            "Mutation.createBookmarkFolder.input": ['{name: ""}', '{name: "BIRDS"}'],
            "Mutation.renameBookmarkFolder.input": [f'{{folderId: "{name}", name: "Trees"}}' for name in absent],
            "Mutation.register.input": [
                '{handle: "alice", displayName: "", email: "none", password: "long enough"}',
                '{handle: "!", displayName: "A", email: "a@rookery.example", password: "short"}',
            ],
            "Mutation.refreshSession.input": ['{refreshToken: ""}', '{refreshToken: "nonsense"}'],
            "id": any_id,
            "ids": ["[]", *(f"[{', '.join(some)}]" for some in (any_id[:3], any_id[4:9], any_id[6:])), any_id[0]],
            "handle": _quoted([*world.people, "ALICE", "nobody", ""]),
            "first": ("1", "2", "3", "5") * 6 + ("0", "101", "-1"),
            **{f"{field}.after": _cursors(listing, posts) for field, listing in LISTINGS.items()},
            "options": (
                "null",
                "{hideReplies: true}",
                "{hideReposts: true, hideQuotes: null}",
                '{hideSeen: true, languages: ["en"]}',
            ),
            "sort": ("OLDEST", "NEWEST", "TOP", "AUTHOR_FIRST"),
            "kind": ("POSTS", "REPLIES"),
        },
        # Hashing passwords and ending the session are tested elsewhere.
        skips=frozenset({"Mutation.login", "Mutation.logout"}),
        often=frozenset({"first"}),
        deepest=8,
        most_fields=25,
    )


def _cursors(listing: Listing, posts: Sequence[int]) -> list[str]:
    """Where a page of this list may begin: mostly at places that it has, sometimes behind its end, or nowhere."""
    good = [encode_cursor(listing, number) for number in (posts[0], posts[3], posts[-2], 2**60)]
    bad = [encode_cursor(Listing.EVENTS, posts[0]), "nonsense"]
    return ["null"] * 4 + _quoted(good * 2 + bad)


def _quoted(texts: Sequence[str]) -> list[str]:
    return [f'"{text}"' for text in texts]


def _object(name: str, key: str, value: str) -> str:
    body = 'body: "hello", ' if name == "createPost" else ""
    return f'{{{body}{key}: "{value}"}}'
