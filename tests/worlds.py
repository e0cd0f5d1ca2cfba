"""A small world of named people with known relations, made by the same actions that clients use.

alice follows bob and carol; bob follows alice; carol follows nobody; dan follows alice; eve knows nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from access.viewer import Viewer
from actions import (
    accounts,
    blocks,
    deletions,
    edits,
    follow_requests,
    follows,
    likes,
    posts,
    reposts,
    sessions,
    settings,
    threads,
)
from app.services import ProcessServices
from core import ids
from core.clock import utc_now

# Nobody signs in with it: people of the world bring their tokens. Hashing one for each test would take a second.
_PASSWORD_HASH = "$argon2id$no-password-has-this-hash"
FOLLOWS = {"alice": ("bob", "carol"), "bob": ("alice",), "dan": ("alice",)}
NAMES = ("alice", "bob", "carol", "dan", "eve")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign requests."""

    handle: str
    viewer: Viewer
    token: str

    @property
    def account_id(self) -> int:
        return self.viewer.account_id

    @property
    def id(self) -> str:
        """The user's id as clients know it."""
        return ids.encode(ids.Kind.USER, self.account_id)


class World:
    """The people, and shortcuts for what they do. Ids are numbers here; `post_id` gives the form that clients see."""

    def __init__(self, services: ProcessServices) -> None:
        self.services = services
        self.people: dict[str, Person] = {}

    def __getattr__(self, name: str) -> Person:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None

    async def join(self, handle: str) -> Person:
        """Makes somebody new."""
        new = accounts.NewAccount(handle=handle, display_name=handle.title(), email=f"{handle}@rookery.example")
        account_id = await self.services.db.transact(accounts.register, new, password_hash=_PASSWORD_HASH)
        return await self._signed_in(handle, account_id)

    async def sign_in(self, handle: str) -> Person:
        """Somebody with a new session: whoever is suspended has none any more."""
        return await self._signed_in(handle, self.people[handle].account_id)

    async def _signed_in(self, handle: str, account_id: int) -> Person:
        db, tokens = self.services.db, self.services.resources.tokens
        session = await db.transact(sessions.open_session, account_id, ttl=timedelta(days=1))
        is_suspended = session.is_suspended
        token, expires_at = tokens.access_token(
            account_id=account_id, session_id=session.id, now=utc_now(), was_suspended=is_suspended
        )
        person = Person(handle, Viewer(account_id, session.id, expires_at, is_suspended), token)
        self.people[handle] = person
        return person

    async def follow(self, follower: Person, followee: Person) -> None:
        await self.services.db.transact(follows.follow_user, follower.viewer, followee.account_id)

    async def unfollow(self, follower: Person, followee: Person) -> None:
        await self.services.db.transact(follows.unfollow_user, follower.viewer, followee.account_id)

    async def make_private(self, person: Person, *, is_private: bool = True) -> None:
        change = settings.SettingsChange(is_private=is_private)
        await self.services.db.transact(settings.update_settings, person.viewer, change)

    async def accept(self, followee: Person, follower: Person) -> None:
        accept = follow_requests.accept_follow_request
        await self.services.db.transact(accept, followee.viewer, follower.account_id)

    async def block(self, blocker: Person, blocked: Person) -> None:
        await self.services.db.transact(blocks.block_user, blocker.viewer, blocked.account_id)

    async def unblock(self, blocker: Person, blocked: Person) -> None:
        await self.services.db.transact(blocks.unblock_user, blocker.viewer, blocked.account_id)

    async def post(
        self,
        author: Person,
        body: str = "hello",
        *,
        reply_to: int | None = None,
        quote: int | None = None,
        at: datetime | None = None,
        **audience: Any,
    ) -> int:
        """`audience`: the fields of NewPost that say for whom it is."""
        new_post = posts.NewPost(body=body, reply_to_id=reply_to, quote_id=quote, **audience)
        return await self.services.db.transact_at(at, posts.create_post, author.viewer, new_post)

    async def edit(self, author: Person, post_id: int, body: str) -> None:
        change = edits.PostChange({"body": body})
        await self.services.db.transact(edits.edit_post, author.viewer, post_id, change)

    async def delete(self, author: Person, post_id: int) -> None:
        await self.services.db.transact(deletions.delete_post, author.viewer, post_id)

    async def like(self, liker: Person, post_id: int) -> None:
        await self.services.db.transact(likes.like_post, liker.viewer, post_id)

    async def repost(self, author: Person, post_id: int) -> None:
        await self.services.db.transact(reposts.repost, author.viewer, post_id)

    async def undo_repost(self, author: Person, post_id: int) -> None:
        await self.services.db.transact(reposts.undo_repost, author.viewer, post_id)

    async def mute_thread(self, person: Person, post_id: int) -> None:
        await self.services.db.transact(threads.mute_thread, person.viewer, post_id)

    async def unmute_thread(self, person: Person, post_id: int) -> None:
        await self.services.db.transact(threads.unmute_thread, person.viewer, post_id)

    async def follow_thread(self, person: Person, post_id: int) -> None:
        await self.services.db.transact(threads.follow_thread, person.viewer, post_id)

    async def thread(self, authors: Sequence[Person], depth: int) -> list[int]:
        """A chain of `depth` posts, each a reply to the one before, by the authors in turn; the root first."""
        chain: list[int] = []
        for number in range(depth):
            parent = chain[-1] if chain else None
            chain.append(await self.post(authors[number % len(authors)], f"post {number}", reply_to=parent))
        return chain


def post_id(number: int) -> str:
    """A post's id as clients know it."""
    return ids.encode(ids.Kind.POST, number)


async def make_world(services: ProcessServices) -> World:
    """The five people and their relations."""
    world = World(services)
    for name in NAMES:
        await world.join(name)
    for follower, followees in FOLLOWS.items():
        for followee in followees:
            await world.follow(world.people[follower], world.people[followee])
    return world
