"""Circles: sets of people to post to. Nobody is told that they are in one."""

from collections.abc import Sequence

from access.viewer import Viewer
from actions.counted import withdraw_circle
from actions.groups import Groups
from core.database import Transaction
from models.circles import circle, circle_member

_CIRCLES = Groups(circle, circle_member, noun="circle")


async def create_circle(tx: Transaction, viewer: Viewer, name: str) -> int:
    """Makes a circle and gives its id. Raises ValidationError, NotAllowedError."""
    return await _CIRCLES.create(tx, viewer, name=name)


async def update_circle(tx: Transaction, viewer: Viewer, circle_id: int, *, name: str) -> int:
    """Gives a circle another name, and its id. Raises ValidationError, NotFoundError. It is one write."""
    return await _CIRCLES.update(tx, viewer, circle_id, name=name)


async def delete_circle(tx: Transaction, viewer: Viewer, circle_id: int) -> int:
    """Deletes a circle and gives its id. Raises NotFoundError.

    Posts to it stay, for their author and whom they mention alone (models.posts).
    """
    await withdraw_circle(tx, circle_id, owner_id=viewer.account_id)
    return await _CIRCLES.delete(tx, viewer, circle_id)


async def add_to_circle(tx: Transaction, viewer: Viewer, circle_id: int, user_ids: Sequence[int]) -> int:
    """Puts people into a circle and gives its id. Raises ValidationError, NotFoundError, NotAllowedError."""
    return await _CIRCLES.add(tx, viewer, circle_id, user_ids)


async def remove_from_circle(tx: Transaction, viewer: Viewer, circle_id: int, user_ids: Sequence[int]) -> int:
    """Takes people out of a circle and gives its id. Raises ValidationError, NotFoundError."""
    return await _CIRCLES.remove(tx, viewer, circle_id, user_ids)
