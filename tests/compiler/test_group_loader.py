"""`load_group` and `load` of a GroupLoader share batches, cache, primed and failed keys, and do what each promises."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from compiler import GroupLoader


class Squares(GroupLoader[int, Any]):
    """Squares of numbers; negative ones fail, zero has no value. Keeps its batches."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.batches: list[list[int]] = []
        self.has_begun = asyncio.Event()
        self.is_broken = False

    async def batch_load_fn(self, keys: list[int]) -> list[Any]:
        self.batches.append(list(keys))
        self.has_begun.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if self.is_broken:
            raise ConnectionError("away")
        return [_square(key) for key in keys]


def _square(key: int) -> Any:
    return ValueError(f"{key} is negative") if key < 0 else None if key == 0 else key * key


async def one_by_one(loader: Squares, keys: Sequence[int]) -> list[Any]:
    """What `load_group` promises, by `load`."""
    return await asyncio.gather(*(loader.load(key) for key in keys), return_exceptions=True)


async def grouped(loader: Squares, keys: Sequence[int]) -> list[Any]:
    return await loader.load_group(keys)


async def mixed(loader: Squares, keys: Sequence[int]) -> list[Any]:
    """The even places by `load_group`, the odd ones by `load`, in one tick."""
    group = asyncio.ensure_future(loader.load_group(keys[::2]))
    singles = [loader.load(key) for key in keys[1::2]]
    odd = await asyncio.gather(*singles, return_exceptions=True)
    even = await group
    return [(even if place % 2 == 0 else odd)[place // 2] for place in range(len(keys))]


Load = Callable[[Squares, Sequence[int]], Any]
every_way = pytest.mark.parametrize("load", [one_by_one, grouped, mixed])
both_orders = pytest.mark.parametrize(
    ("first", "then"), [(one_by_one, grouped), (grouped, one_by_one), (grouped, grouped), (mixed, mixed)]
)


def shown(values: list[Any]) -> list[Any]:
    """Values, and the text of errors."""
    return [str(value) if isinstance(value, Exception) else value for value in values]


@every_way
async def test_values_come_in_the_order_of_the_keys_by_one_batch(load: Load) -> None:
    loader = Squares()
    assert await load(loader, [3, 1, 2, 5]) == [9, 1, 4, 25]
    assert [sorted(batch) for batch in loader.batches] == [[1, 2, 3, 5]]


@every_way
async def test_keys_that_repeat_are_loaded_once(load: Load) -> None:
    loader = Squares()
    assert await load(loader, [2, 3, 2, 2, 3]) == [4, 9, 4, 4, 9]
    assert [sorted(batch) for batch in loader.batches] == [[2, 3]]


@both_orders
async def test_key_that_was_loaded_is_not_loaded_again(first: Load, then: Load) -> None:
    loader = Squares()
    await first(loader, [1, 2, 0])
    assert await then(loader, [2, 0, 3]) == [4, None, 9]
    assert [sorted(batch) for batch in loader.batches] == [[0, 1, 2], [3]]


@both_orders
async def test_key_that_is_being_loaded_is_not_loaded_again(first: Load, then: Load) -> None:
    loader = Squares()
    loading = asyncio.ensure_future(first(loader, [1, 2]))
    await loader.has_begun.wait()
    assert await then(loader, [2, 3]) == [4, 9]
    assert await loading == [1, 4]
    assert [sorted(batch) for batch in loader.batches] == [[1, 2], [3]]


@every_way
async def test_batches_have_their_greatest_size(load: Load) -> None:
    loader = Squares(max_batch_size=2)
    assert await load(loader, [1, 2, 3, 4, 5]) == [1, 4, 9, 16, 25]
    assert sorted(map(len, loader.batches)) == [1, 2, 2]
    assert sorted(key for batch in loader.batches for key in batch) == [1, 2, 3, 4, 5]


async def test_groups_and_single_keys_of_one_tick_share_a_batch() -> None:
    loader = Squares()
    results = await asyncio.gather(
        loader.load_group([1, 2]), loader.load(3), loader.load_group([3, 4]), loader.load_many([4, 5])
    )
    assert results == [[1, 4], 9, [9, 16], [16, 25]]
    assert [sorted(batch) for batch in loader.batches] == [[1, 2, 3, 4, 5]]


@every_way
async def test_key_that_fails_does_not_touch_the_others(load: Load) -> None:
    loader = Squares()
    assert shown(await load(loader, [1, -1, 2, -1])) == [1, "-1 is negative", 4, "-1 is negative"]


@both_orders
async def test_key_that_failed_is_not_loaded_again(first: Load, then: Load) -> None:
    loader = Squares()
    await first(loader, [-1, 1])
    assert shown(await then(loader, [-1, 2])) == ["-1 is negative", 4]
    assert [sorted(batch) for batch in loader.batches] == [[-1, 1], [2]]


@both_orders
async def test_keys_of_a_batch_that_fails_are_loaded_again(first: Load, then: Load) -> None:
    loader = Squares()
    loader.is_broken = True
    assert shown(await first(loader, [1, 2])) == ["away", "away"]
    loader.is_broken = False
    assert await then(loader, [1, 2]) == [1, 4]
    assert len(loader.batches) == 2


@every_way
async def test_primed_key_is_not_loaded(load: Load) -> None:
    loader = Squares()
    loader.prime(2, "primed").prime(3, None)
    assert await load(loader, [1, 2, 3]) == [1, "primed", None]
    assert loader.batches == [[1]]


@every_way
async def test_key_primed_with_an_error_fails(load: Load) -> None:
    loader = Squares()
    loader.prime(2, ValueError("primed"))
    assert shown(await load(loader, [1, 2])) == [1, "primed"]
    assert loader.batches == [[1]]


@every_way
async def test_priming_does_not_change_what_is_known(load: Load) -> None:
    loader = Squares()
    await load(loader, [1, 2, -1])
    loader.prime(1, "other").prime(-1, "other").prime_many({2: "other", 3: "primed"})
    loader.prime(3, "other").prime(3, ValueError("other"))
    assert shown(await load(loader, [1, 2, 3, -1])) == [1, 4, "primed", "-1 is negative"]
    assert len(loader.batches) == 1


@every_way
async def test_priming_does_not_change_what_is_being_loaded(load: Load) -> None:
    loader = Squares()
    loading = asyncio.ensure_future(load(loader, [1, 2]))
    await loader.has_begun.wait()
    loader.prime(1, "primed")
    assert await loading == [1, 4]
    assert await load(loader, [1]) == [1]


@every_way
@pytest.mark.parametrize("key", [1, -1])
async def test_cleared_key_is_loaded_again(load: Load, key: int) -> None:
    loader = Squares()
    before = shown(await load(loader, [key, 2]))
    loader.clear(key)
    assert shown(await load(loader, [key, 2])) == before
    assert [sorted(batch) for batch in loader.batches] == [sorted([key, 2]), [key]]


@every_way
async def test_cleared_key_may_be_primed_anew(load: Load) -> None:
    loader = Squares()
    await load(loader, [1, 2])
    loader.clear(1).prime(1, "primed")
    assert await load(loader, [1, 2]) == ["primed", 4]


@every_way
async def test_all_keys_may_be_cleared(load: Load) -> None:
    loader = Squares()
    loader.prime(3, "primed")
    await load(loader, [1, 2, 3, -1])
    loader.clear_all()
    assert shown(await load(loader, [1, 2, 3, -1])) == [1, 4, 9, "-1 is negative"]
    assert len(loader.batches) == 2


@every_way
async def test_key_that_is_cleared_while_it_is_loaded_is_loaded_again(load: Load) -> None:
    loader = Squares()
    loading = asyncio.ensure_future(load(loader, [1, 2]))
    await loader.has_begun.wait()
    loader.clear(1)
    again = asyncio.ensure_future(load(loader, [1, 2]))
    assert await loading == [1, 4]
    assert await again == [1, 4]
    assert [sorted(batch) for batch in loader.batches] == [[1, 2], [1]]
    assert await load(loader, [1]) == [1]
    assert len(loader.batches) == 2


@every_way
async def test_without_a_cache_every_key_is_loaded_each_time(load: Load) -> None:
    loader = Squares(cache=False)
    loader.prime(1, "primed")
    assert await load(loader, [1, 1, 2]) == [1, 1, 4]
    assert await load(loader, [1]) == [1]
    assert [sorted(batch) for batch in loader.batches] == [[1, 1, 2], [1]]
    assert loader.loaded_group([1]) is None


@every_way
async def test_without_batches_every_key_is_loaded_by_itself(load: Load) -> None:
    loader = Squares(batch=False)
    assert await load(loader, [1, 2, 1]) == [1, 4, 1]
    assert sorted(loader.batches) == [[1], [2]]


@every_way
async def test_keys_are_known_by_what_an_option_makes_of_them(load: Load) -> None:
    loader = Squares(get_cache_key=abs)
    assert await load(loader, [3, 3]) == [9, 9]
    loader.prime(2, "primed")
    assert await load(loader, [-3, -2]) == [9, "primed"]
    loader.clear(-3)
    assert shown(await load(loader, [-3])) == ["-3 is negative"]
    assert loader.batches == [[3], [-3]]


async def test_what_is_there_is_given_at_once() -> None:
    loader = Squares()
    loader.prime(5, "primed")
    assert loader.loaded_group([]) == []
    assert loader.loaded_group([5, 5]) == ["primed", "primed"]
    assert loader.loaded_group([5, 1]) is None
    await loader.load_group([1, 2, -1])
    await loader.load(3)
    assert loader.loaded_group([3, 1, 5]) == [9, 1, "primed"]
    # A failed key is not there.
    assert loader.loaded_group([1, -1]) is None
    assert loader.clear(1).loaded_group([1]) is None


async def test_empty_group_loads_nothing() -> None:
    loader = Squares()
    assert await loader.load_group([]) == []
    assert loader.batches == []


async def test_none_is_no_key() -> None:
    loader = Squares()
    keys: list[Any] = [1, None]
    with pytest.raises(TypeError, match="must be called with values, but got: None"):
        await loader.load_group(keys)


@pytest.mark.parametrize("first", ["group", "load"])
async def test_who_is_cancelled_does_not_take_the_load_from_others(first: str) -> None:
    loader = Squares()
    if first == "group":
        given_up: asyncio.Future[Any] = asyncio.ensure_future(loader.load_group([1, 2]))
    else:
        given_up = loader.load(1)
    await asyncio.sleep(0)
    others = asyncio.ensure_future(loader.load_group([1, 3]))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await others == [1, 9]
    assert await loader.load(1) == 1
    assert await loader.load_group([1]) == [1]


@every_way
async def test_a_batch_with_too_few_values_fails(load: Load) -> None:
    class Short(Squares):
        """Forgets one."""

        async def batch_load_fn(self, keys: list[int]) -> list[Any]:
            return [_square(key) for key in keys][1:]

    found = await load(Short(), [1, 2])
    assert [type(value) for value in found] == [TypeError, TypeError]
    assert "same length" in str(found[0])


@every_way
async def test_nothing_is_left_running(load: Load) -> None:
    before = asyncio.all_tasks()
    await load(Squares(max_batch_size=1), [1, 2, -1])
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_key_that_is_alone_is_loaded_at_once_and_known_afterwards() -> None:
    loader = Squares()
    assert await loader.load_alone(3) == 9
    assert await loader.load_alone(3) == 9
    assert await loader.load_group([3]) == [9]
    assert loader.batches == [[3]]
    assert await loader.load_alone(0) is None


async def test_key_that_turns_out_not_to_be_alone_shares_the_batch() -> None:
    loader = Squares()
    other = loader.load(2)
    assert await loader.load_alone(3) == 9
    assert await other == 4
    assert loader.batches == [[2, 3]]


async def test_failure_of_a_key_that_is_alone_is_raised() -> None:
    loader = Squares()
    with pytest.raises(ValueError, match="-1 is negative"):
        await loader.load_alone(-1)
    loader.is_broken = True
    with pytest.raises(ConnectionError):
        await loader.load_alone(5)
    loader.is_broken = False
    assert await loader.load_alone(5) == 25


async def test_none_is_no_key_that_is_alone() -> None:
    with pytest.raises(TypeError):
        await Squares().load_alone(None)  # type: ignore[arg-type]  # what it is about
