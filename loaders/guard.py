"""The door: what statements have brought passes here before any loader gives it away."""

from collections.abc import Sequence
from typing import Any

from access import policy
from access.policy import Sight
from loaders.rows import PARTS_OF_POSTS, PARTS_OF_USERS, Hydrated, Part, Parts, UserDetails


def guard(found: Hydrated) -> None:
    """Puts None in the place of posts and users that the viewer may not see, and drops their parts.

    Of accounts that the viewer sees a little of, only that little stays.
    """
    restricted = {row.id: row.facts for row in found.users.values() if row is not None and row.facts}
    if found.posts:
        _guard_posts(found, restricted)
    for user_id, facts in restricted.items():
        _narrow(found, user_id, policy.sight_of_user(facts))


def _guard_posts(found: Hydrated, restricted: dict[int, int]) -> None:
    can_see = policy.can_see_post
    if restricted:
        # Where nothing else restricts a post, what is known of its author may.
        for post_id, row in found.posts.items():
            if row is not None and row.facts is None and row.author_id in restricted:
                found.posts[post_id] = row._replace(facts=(restricted[row.author_id], 0))
    found.posts = {
        post_id: row if row is not None and can_see(row, row.facts) else None for post_id, row in found.posts.items()
    }
    if hidden := [post_id for post_id, row in found.posts.items() if row is None]:
        _drop(found, PARTS_OF_POSTS, hidden)


def _narrow(found: Hydrated, user_id: int, sight: Sight) -> None:
    if sight is Sight.FULL:
        return
    if sight is Sight.NONE:
        found.users[user_id] = None
        _drop(found, PARTS_OF_USERS, [user_id])
        return
    details = found.parts.get(Part.USER_DETAILS, {})
    row = found.users[user_id]
    assert row is not None
    if user_id in details:
        details[user_id] = _seen_by_strangers(details[user_id], sight)
    if sight is Sight.BARE:
        found.users[user_id] = row._replace(bio="")


def _seen_by_strangers(details: UserDetails, sight: Sight) -> UserDetails:
    """The picture, and what belongs to the bio where that is shown."""
    bio_entities = details.bio_entities if sight is Sight.LIMITED else None
    return UserDetails(
        bio_entities,
        fields="[]",
        website=None,
        location=None,
        is_bot=details.is_bot,
        is_private=details.is_private,
        avatar_url=details.avatar_url,
        header_url=None,
    )


def _drop(found: Hydrated, parts: Parts, ids: Sequence[int]) -> None:
    for part in parts & found.parts.keys():
        values: dict[int, Any] = found.parts[part]
        for hidden_id in ids:
            values.pop(hidden_id, None)
