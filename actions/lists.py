"""Lists of people to read. Whom one puts on a list is not told, and need not be followed."""

from collections.abc import Sequence
from dataclasses import dataclass

from access.viewer import Viewer
from actions.groups import Groups
from core.database import Transaction
from models.lists import ListReplies, list_, list_member

_LISTS = Groups(list_, list_member, noun="list", leaves_out=list_.c.is_exclusive)


@dataclass(frozen=True, slots=True)
class NewList:
    """A list to be."""

    name: str
    is_private: bool = False
    is_exclusive: bool = False
    replies: ListReplies = ListReplies.NONE


@dataclass(frozen=True, slots=True)
class ListChange:
    """What becomes of a list; None leaves it as it is."""

    name: str | None = None
    is_private: bool | None = None
    is_exclusive: bool | None = None
    replies: ListReplies | None = None


async def create_list(tx: Transaction, viewer: Viewer, new: NewList) -> int:
    """Makes a list and gives its id. Raises ValidationError, NotAllowedError."""
    return await _LISTS.create(
        tx, viewer, name=new.name, is_private=new.is_private, is_exclusive=new.is_exclusive, replies=new.replies
    )


async def update_list(tx: Transaction, viewer: Viewer, list_id: int, change: ListChange) -> int:
    """Changes a list and gives its id. Raises ValidationError, NotFoundError. It is one write."""
    return await _LISTS.update(
        tx,
        viewer,
        list_id,
        name=change.name,
        is_private=change.is_private,
        is_exclusive=change.is_exclusive,
        replies=change.replies,
    )


async def delete_list(tx: Transaction, viewer: Viewer, list_id: int) -> int:
    """Deletes a list and gives its id. Raises NotFoundError. It is one write."""
    return await _LISTS.delete(tx, viewer, list_id)


async def add_to_list(tx: Transaction, viewer: Viewer, list_id: int, user_ids: Sequence[int]) -> int:
    """Puts people on a list and gives its id. Raises ValidationError, NotFoundError, NotAllowedError."""
    return await _LISTS.add(tx, viewer, list_id, user_ids)


async def remove_from_list(tx: Transaction, viewer: Viewer, list_id: int, user_ids: Sequence[int]) -> int:
    """Takes people off a list and gives its id. Raises ValidationError, NotFoundError."""
    return await _LISTS.remove(tx, viewer, list_id, user_ids)
