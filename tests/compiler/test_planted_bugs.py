"""The comparison with graphql-core finds bugs: each of these is planted in code that runs, and must be caught."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from compiler import CompiledExecutor, rows
from compiler.arguments import Arguments
from compiler.completion import ListCompletion
from compiler.executor import PlanCache, Plans
from compiler.places import ItemPlaces
from compiler.plan import FieldPlan
from compiler.resolving import Irregular, Link
from compiler.rows import Inline
from compiler.run import Bubble, Run
from compiler.selection import Selection
from tests.compiler.agreement import DisagreementError
from tests.compiler.conftest import FIXED_SEED, unawaited_by_graphql_core
from tests.compiler.faulty_comparison import run_many

Plant = Callable[[pytest.MonkeyPatch], None]


def code_lets_null_pass_as_non_null(patch: pytest.MonkeyPatch) -> None:
    expression = rows.leaf_expression

    def unchecked(cell: Inline, names: dict[str, Any]) -> str:
        return expression(cell._replace(is_nullable=True), names)

    patch.setattr(rows, "leaf_expression", unchecked)
    patch.setattr("compiler.subtree.leaf_expression", unchecked)


def code_lets_any_number_pass_as_int(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rows, "SMALLEST_INT", -(2**63))
    patch.setattr(rows, "GREATEST_INT", 2**63)


def code_shows_what_failed(patch: pytest.MonkeyPatch) -> None:
    """Code is not kept away from values that failed to load."""
    patch.setattr("compiler.resolving.Irregular", list)
    patch.setattr("compiler.selection.Irregular", list)


def subtrees_take_for_null_what_is_not_loaded(patch: pytest.MonkeyPatch) -> None:
    class Forgiving(dict[Any, Any]):
        def __missing__(self, _key: Any) -> None:
            return None

    patch.setattr("compiler.subtree._known", lambda loader: Forgiving(loader.known))


def subtrees_take_values_of_any_kind(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("compiler.subtree.wrong", lambda _value: None)


def relations_share_the_first_link(patch: pytest.MonkeyPatch) -> None:
    make = Selection.__init__

    def shared(self: Selection, type_name: str, fields: Sequence[FieldPlan]) -> None:
        make(self, type_name, fields)
        self._links = self._links[:1] * len(self._links)

    patch.setattr(Selection, "__init__", shared)


def keys_that_are_none_shift_the_others(patch: pytest.MonkeyPatch) -> None:
    def spread(_self: Any, keys: list[Any], loaded: list[Any]) -> list[Any]:
        return Irregular([*loaded, *[None] * (len(keys) - len(loaded))])

    patch.setattr(Link, "_spread", spread)


def skip_and_include_use_the_first_plan(patch: pytest.MonkeyPatch) -> None:
    plan = Plans.plan

    def first(self: Plans, executor: Any, variables: Any) -> Any:
        return next(iter(self._plans.values()), None) or plan(self, executor, variables)

    patch.setattr(Plans, "plan", first)


def arguments_stay_those_of_the_first_variables(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Arguments, "_key", lambda _self, _run: ())


def lists_get_an_item_of_the_next_one(patch: pytest.MonkeyPatch) -> None:
    give_back = ListCompletion._given_back

    def shifted(self: Any, run: Run, done: list[Any], places: Any, completed: list[Any], *rest: list[int]) -> list[Any]:
        origins, begins = rest
        moved = [begin and min(begin + 1, len(done)) for begin in begins]
        return give_back(self, run, done, places, completed, origins, moved)

    patch.setattr(ListCompletion, "_given_back", shifted)


def failed_items_null_the_list(patch: pytest.MonkeyPatch) -> None:
    def settle(_self: Any, _run: Any, done: list[Any], _places: Any) -> Any:
        return [(index, value) for index, value in enumerate(done) if type(value) is Bubble]

    patch.setattr(ListCompletion, "_settled", settle)


def failed_objects_are_shown_as_far_as_they_go(patch: pytest.MonkeyPatch) -> None:
    def keep(found: list[Any], column: Sequence[Any]) -> None:
        for row, value in zip(found, column, strict=True):
            if type(value) is Bubble and type(row) is dict:
                row.update({name: None for name, cell in row.items() if cell is value})

    patch.setattr("compiler.selection._give_up", keep)


def errors_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Run, "record", lambda _self, _bubble, _path: None)


def errors_are_located_one_item_too_far(patch: pytest.MonkeyPatch) -> None:
    path = ItemPlaces.path

    def beside(self: ItemPlaces, index: int) -> Any:
        found = path(self, index)
        return type(found)(found.prev, int(found.key) + 1, found.typename)

    patch.setattr(ItemPlaces, "path", beside)


@unawaited_by_graphql_core
@pytest.mark.parametrize(
    "plant",
    [
        code_lets_null_pass_as_non_null,
        code_lets_any_number_pass_as_int,
        code_shows_what_failed,
        subtrees_take_for_null_what_is_not_loaded,
        subtrees_take_values_of_any_kind,
        relations_share_the_first_link,
        keys_that_are_none_shift_the_others,
        skip_and_include_use_the_first_plan,
        arguments_stay_those_of_the_first_variables,
        lists_get_an_item_of_the_next_one,
        failed_items_null_the_list,
        failed_objects_are_shown_as_far_as_they_go,
        errors_are_forgotten,
        errors_are_located_one_item_too_far,
    ],
    ids=lambda plant: plant.__name__,
)
async def test_planted_bug_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    # Plans that were made with a bug must not outlive it.
    monkeypatch.setattr(CompiledExecutor, "plans", PlanCache())
    plant(monkeypatch)

    # The operations of test_fixed_operations_agree, which agree without the bug.
    with pytest.raises(DisagreementError):
        await run_many(FIXED_SEED, 120)
