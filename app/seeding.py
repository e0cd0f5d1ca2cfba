"""The demo world of a development server: six people, what they write, and who follows whom.

Made through the same actions that clients use, so that it is as real as anything else.
"""

from datetime import timedelta

from access.viewer import Viewer
from actions import accounts, follows, likes, posts, profiles, reposts
from app.demo import DEMO_PASSWORD
from app.services import open_database
from app.settings import Settings
from core.clock import utc_now
from core.database import Transaction
from core.passwords import Passwords

_PEOPLE = {
    "alice": ("Alice Marlow", "Builds things that count. Mostly birds, lately."),
    "bob": ("Bob Okafor", "Field notes from the estuary, 5 a.m. edition."),
    "carol": ("Carol Iyer", "Maps, tea, long walks. In that order."),
    "dan": ("Dan Holm", "Rings puffins for a living. Yes, really."),
    "erin": ("Erin Conti", "I photograph what sits still long enough."),
    "frank": ("Frank Adeyemi", "Asks too many questions at talks."),
}
_FOLLOWS = {
    "alice": ("bob", "carol", "dan", "erin"),
    "bob": ("alice", "dan"),
    "carol": ("alice", "bob", "frank"),
    "dan": ("alice", "bob", "carol", "erin", "frank"),
    "erin": ("alice", "dan"),
    "frank": ("alice", "carol", "dan"),
}
# (key, author, reply to, body), oldest first. Those of _QUOTES quote another one.
_POSTS = (
    ("colony", "dan", None, "The colony is back: 1,204 burrows occupied today, 37 more than in spring. 🎉 #puffins"),
    ("how", "frank", "colony", "How do you count a bird that spends the day underground?"),
    ("listen", "dan", "how", "You lie down and listen at the burrow. It is exactly as dignified as it sounds."),
    ("mud", "bob", None, "Low tide at 05:12. Knots on the far mudflat, about four thousand, turning like smoke."),
    ("smoke", "erin", "mud", "I was there! Not one picture in focus. Some things are for looking at."),
    ("map", "carol", None, "New map is up: every footpath to the cliffs, and which your knees will forgive. #maps"),
    ("knees", "alice", "map", "The knee rating is the feature I did not know I needed."),
    ("count", "alice", None, "Wrote a program that counts #gulls in a photo. It says 212. @bob: 209 and a bag."),
    ("bag", "bob", "count", "Three plastic bags. I checked."),
    ("light", "erin", None, "Ten minutes of good light after this. Worth the four hours of drizzle around them."),
    ("talk", "frank", None, "Question for the evening: do #puffins know whose burrow is whose, or act confident?"),
    ("owners", "carol", "talk", "Confidence is nine tenths of burrow ownership, for #puffins as for us."),
    ("hello", "alice", None, "If this is your first look at Rookery: hello! Like this, reply to it, watch it arrive."),
)  # fmt: skip
_QUOTES = {"light": "mud"}
_LIKES = {
    "colony": ("alice", "bob", "carol", "erin", "frank"),
    "listen": ("alice", "frank", "erin"),
    "mud": ("alice", "dan", "erin"),
    "map": ("alice", "dan"),
    "count": ("bob", "dan", "erin"),
    "bag": ("alice", "carol"),
    "owners": ("alice", "frank", "dan"),
}
_REPOSTS = (("bob", "colony"), ("dan", "map"))


async def seed_demo(settings: Settings) -> bool:
    """Makes the demo world in an empty database, whole or not at all; False where somebody has an account already."""
    db = open_database(settings)
    passwords = Passwords(at_once=1)
    await db.open()
    try:
        if await accounts.is_anybody_there(db):
            return False
        await db.transact(_make_world, await passwords.hash(DEMO_PASSWORD))
        return True
    finally:
        passwords.close()
        await db.close()


async def _make_world(tx: Transaction, password_hash: str) -> None:
    now = utc_now()
    tx.at = begin = now - timedelta(hours=3 * len(_POSTS))
    people: dict[str, Viewer] = {}
    for handle, (name, bio) in _PEOPLE.items():
        new = accounts.NewAccount(handle=handle, display_name=name, email=f"{handle}@rookery.example")
        account_id = await accounts.register(tx, new, password_hash=password_hash)
        people[handle] = Viewer(account_id, 0, now)
        await profiles.update_profile(tx, people[handle], profiles.ProfileChange(bio=bio))
    for follower, followees in _FOLLOWS.items():
        for followee in followees:
            await follows.follow_user(tx, people[follower], people[followee].account_id)
    written: dict[str, int] = {}
    for place, (key, author, parent, body) in enumerate(_POSTS):
        tx.at = begin + timedelta(hours=3 * place, minutes=17)
        quoted = _QUOTES.get(key)
        new_post = posts.NewPost(
            body=body,
            reply_to_id=written[parent] if parent else None,
            quote_id=written[quoted] if quoted else None,
        )
        written[key] = await posts.create_post(tx, people[author], new_post)
    tx.at = now - timedelta(minutes=30)
    for key, likers in _LIKES.items():
        for liker in likers:
            await likes.like_post(tx, people[liker], written[key])
    for handle, key in _REPOSTS:
        await reposts.repost(tx, people[handle], written[key])
