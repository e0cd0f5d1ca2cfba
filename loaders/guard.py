"""The door: what statements have brought passes here before any loader gives it away."""

from typing import Any

from access import policy
from access.policy import Sight
from loaders.rows import PARTS_OF_POSTS, PARTS_OF_USERS, Hydrated, Part, Parts, UserDetails, UserRow

_PARTS_BEHIND_POSTS: Parts = PARTS_OF_POSTS - {Part.POST_FACTS}
_PARTS_BEHIND_USERS: Parts = PARTS_OF_USERS - {Part.USER_FACTS}


def guard(found: Hydrated) -> None:
    """Puts None in the place of posts and users that the viewer may not see, and drops their parts.

    Of accounts that the viewer sees a little of, only that little stays.
    """
    if found.posts:
        facts, of_authors, can_see = found.parts[Part.POST_FACTS], found.parts[Part.USER_FACTS], policy.can_see_post
        for post_id, row in found.posts.items():
            if row is not None and facts[post_id] is None and (author_facts := of_authors[row.author_id]):
                facts[post_id] = (author_facts, 0)
        found.posts = {post_id: row if can_see(row, facts[post_id]) else None for post_id, row in found.posts.items()}
        if None in found.posts.values():
            _drop(found, _PARTS_BEHIND_POSTS, [post_id for post_id, row in found.posts.items() if row is None])
    if found.users:
        for user_id, user_facts in found.parts[Part.USER_FACTS].items():
            if user_facts:
                _narrow(found, user_id, policy.sight_of_user(user_facts))


def _narrow(found: Hydrated, user_id: int, sight: Sight) -> None:
    if sight is Sight.FULL:
        return
    if sight is Sight.NONE:
        found.users[user_id] = None
        _drop(found, _PARTS_BEHIND_USERS, [user_id])
        return
    details = found.parts.get(Part.USER_DETAILS, {})
    row = found.users[user_id]
    assert row is not None
    if user_id in details:
        details[user_id] = _seen_by_strangers(details[user_id], sight)
    if sight is Sight.BARE:
        found.users[user_id] = _bare(row)


def _bare(row: UserRow) -> UserRow:
    return row._replace(bio="")


def _seen_by_strangers(details: UserDetails, sight: Sight) -> UserDetails:
    """The picture, and what belongs to the bio where that is shown."""
    bio_entities = details.bio_entities if sight is Sight.LIMITED else None
    return UserDetails(
        bio_entities,
        fields="[]",
        website=None,
        location=None,
        is_bot=details.is_bot,
        avatar_url=details.avatar_url,
        header_url=None,
    )


def _drop(found: Hydrated, parts: Parts, ids: list[int]) -> None:
    for part in parts & found.parts.keys():
        values: dict[int, Any] = found.parts[part]
        for hidden_id in ids:
            values.pop(hidden_id, None)
