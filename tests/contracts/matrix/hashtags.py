"""Hashtags on the stage: one for each reason why a post is hidden, which only that post has."""

import re

from core import ids
from core.entities import normalised_hashtag
from tests.contracts.matrix import oracle
from tests.contracts.matrix.cast import EACH_REASON, Target
from tests.contracts.matrix.stage import Stage


def spelling_of(target: Target) -> str:
    """How the post has its hashtag, and nothing else in the world."""
    return "".join(word.title() for word in re.findall(r"[a-z]+", target.word))


def name_of(target: Target) -> str:
    """The hashtag as it is named by those who do not know how the post has it."""
    return normalised_hashtag(spelling_of(target))


async def hashtags_of_posts(stage: Stage) -> None:
    """Each has one of its own, as if it had been posted with it."""
    numbers = dict(zip(EACH_REASON, await stage.mint(len(EACH_REASON)), strict=True))
    told = [target for target in numbers if oracle.counts_at_hashtags(target)]
    await stage.insert(
        "hashtag",
        [
            {"id": number, "name": name_of(target), "shown": spelling_of(target) if target in told else None}
            for target, number in numbers.items()
        ],
    )
    await stage.insert("hashtag_count", [{"hashtag_id": numbers[target], "post_count": 1} for target in told])
    await stage.insert(
        "post_hashtag",
        [{"hashtag_id": number, "post_id": stage.posts[target]} for target, number in numbers.items()],
    )
    stage.hashtags = {target: ids.encode(ids.Kind.HASHTAG, number) for target, number in numbers.items()}
