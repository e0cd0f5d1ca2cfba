"""Lists and circles on the stage: whose they are, and who is on them."""

from collections.abc import Iterable, Mapping

from core import ids
from models.feeds import FeedKind
from models.lists import ListReplies
from tests.contracts.matrix.cast import AUTHORS, BLOCKER, NARROW, NEUTRAL
from tests.contracts.matrix.stage import Stage


def word_of(owner: str) -> str:
    """What a list is called, and nothing else in the world."""
    return f"<list of {owner}>"


def _of_themselves(owners: Iterable[str]) -> Mapping[str, Iterable[str]]:
    return {owner: [owner] for owner in owners}


async def _join(stage: Stage, noun: str, groups: Mapping[str, int], members: Mapping[str, Iterable[str]]) -> None:
    """Puts people into each owner's group, and has ids of the groups for variables."""
    rows = [
        {f"{noun}_id": groups[owner], "account_id": stage.number(member)}
        for owner, names in members.items()
        for member in names
    ]
    await stage.insert(f"{noun}_member", rows)
    stage.groups |= {owner: ids.encode(ids.Kind[noun.upper()], number) for owner, number in groups.items()}


async def _make_lists(
    stage: Stage, members: Mapping[str, Iterable[str]], *, is_private: bool, replies: ListReplies = ListReplies.NONE
) -> None:
    """A list of each owner, with these people on it."""
    groups = dict(zip(members, await stage.mint(len(members)), strict=True))
    rows = [
        {
            "id": number,
            "account_id": stage.number(owner),
            "name": word_of(owner),
            "is_private": is_private,
            "replies": int(replies),
        }
        for owner, number in groups.items()
    ]
    await stage.insert("list", rows)
    await _join(stage, "list", groups, members)


async def _read_and_tune_lists(stage: Stage) -> None:
    numbers = [ids.number_of(ids.Kind.LIST, group_id) for group_id in stage.groups.values()]
    rows = [
        {"account_id": stage.number(reader), "feed": int(FeedKind.LIST), "target_id": number}
        for reader in stage.signed_in
        for number in numbers
    ]
    await stage.insert("read_position", [{**row, "entry_id": 1} for row in rows])
    await stage.insert("feed_preference", [{**row, "hides_seen": True} for row in rows])


# Scenes.


async def public_lists(stage: Stage) -> None:
    """Each author has one, and is on it."""
    await _make_lists(stage, _of_themselves(AUTHORS), is_private=False)


async def private_lists(stage: Stage) -> None:
    """The same, but that nobody else is to know of them."""
    await _make_lists(stage, _of_themselves(AUTHORS), is_private=True)


async def lists_of_both_kinds(stage: Stage) -> None:
    """Public ones of the authors, and a private one of somebody whom all see."""
    await public_lists(stage)
    await _make_lists(stage, _of_themselves([NEUTRAL]), is_private=True)


async def list_of_all(stage: Stage) -> None:
    """Somebody whom all see has the authors on a public list."""
    await _make_lists(stage, {NEUTRAL: AUTHORS}, is_private=False)


async def list_of_all_and_others(stage: Stage) -> None:
    """The same with everybody on it, and the list shows replies to them."""
    everybody = dict.fromkeys((*AUTHORS, NEUTRAL, NARROW, BLOCKER, *stage.signed_in))
    await _make_lists(stage, {NEUTRAL: everybody}, is_private=False, replies=ListReplies.TO_MEMBERS)


async def lists_of_neutrals(stage: Stage) -> None:
    """Each author has a public list, with somebody on it whose posts all see."""
    await _make_lists(stage, {author: [NEUTRAL] for author in AUTHORS}, is_private=False)


async def own_lists(stage: Stage) -> None:
    """Everybody has the authors on a private list."""
    await _make_lists(stage, dict.fromkeys(stage.signed_in, AUTHORS), is_private=True)


async def read_public_lists(stage: Stage) -> None:
    """Everybody has read and tuned every author's public list, while they saw it."""
    await public_lists(stage)
    await _read_and_tune_lists(stage)


async def read_private_lists(stage: Stage) -> None:
    """The same, but that the lists have become private."""
    await private_lists(stage)
    await _read_and_tune_lists(stage)


async def circles(stage: Stage) -> None:
    """Each author is in their own circle, to which they have posted."""
    await _join(stage, "circle", stage.circle_ids, _of_themselves(AUTHORS))


async def own_circles(stage: Stage) -> None:
    """Everybody has the authors in a circle."""
    groups = dict(zip(stage.signed_in, await stage.mint(len(stage.signed_in)), strict=True))
    rows = [{"id": number, "account_id": stage.number(owner), "name": "all"} for owner, number in groups.items()]
    await stage.insert("circle", rows)
    await _join(stage, "circle", groups, dict.fromkeys(groups, AUTHORS))
