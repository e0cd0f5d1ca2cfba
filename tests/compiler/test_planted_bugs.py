"""The comparison with graphql-core finds bugs: each of these is planted and must be caught."""

from collections.abc import Callable
from typing import Any

import pytest

from compiler import CompiledExecutor, executor
from compiler.completion import ListCompletion, NonNullCompletion
from compiler.executor import PlanCache
from compiler.resolving import Irregular, Link
from compiler.run import Bubble, Run
from tests.compiler.test_agreement_with_graphql_core import FIXED_SEED, run_many, unawaited_by_graphql_core

Plant = Callable[[pytest.MonkeyPatch], None]


def nulls_pass_as_non_null(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(NonNullCompletion, "checked", lambda _self, _run, completed, _places: completed)


def failed_items_null_the_list(patch: pytest.MonkeyPatch) -> None:
    def settle(_self: Any, _run: Any, done: list[Any], _places: Any) -> Any:
        return [(index, value) for index, value in enumerate(done) if type(value) is Bubble]

    patch.setattr(ListCompletion, "_settled", settle)


def errors_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Run, "record", lambda _self, _bubble, _path: None)


def skip_and_include_use_the_first_values(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(executor, "conditions_of", lambda _operation, _fragments: ((), None))


def keys_that_are_none_shift_the_others(patch: pytest.MonkeyPatch) -> None:
    def spread(_self: Any, keys: list[Any], loaded: list[Any]) -> list[Any]:
        return Irregular([*loaded, *[None] * (len(keys) - len(loaded))])

    patch.setattr(Link, "_spread", spread)


@unawaited_by_graphql_core
@pytest.mark.parametrize(
    "plant",
    [
        nulls_pass_as_non_null,
        failed_items_null_the_list,
        errors_are_forgotten,
        skip_and_include_use_the_first_values,
        keys_that_are_none_shift_the_others,
    ],
    ids=lambda plant: plant.__name__,
)
async def test_planted_bug_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    # Plans that were made with a bug must not outlive it.
    monkeypatch.setattr(CompiledExecutor, "plans", PlanCache())
    plant(monkeypatch)
    # A bug may end in a disagreement or in an exception of the comparison itself; both are a catch.
    with pytest.raises(Exception):  # noqa: B017, PT011 (see above)
        await run_many(FIXED_SEED, 120)
