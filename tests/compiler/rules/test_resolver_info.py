"""What a resolver is told of its place: the same on both executors."""

from functools import cache
from typing import Any

import pytest
import strawberry
from strawberry.permission import BasePermission
from strawberry.types.nodes import FragmentSpread, InlineFragment, SelectedField

from compiler import look_ahead
from tests.compiler.rules.executors import Answer, Executor, dotted, repeated_too
from tests.compiler.rules.nodes import Thing

pytestmark = repeated_too


class Told(dict[str, Any]):
    """What resolvers were told, by the path of their place."""

    def note(self, info: Any) -> str:
        raw = info._raw_info
        path = dotted(info.path.as_list())
        assert path not in self, "each place is asked once"
        self[path] = {
            "field": info.field_name,
            "python": info.python_name,
            "parent": str(raw.parent_type),
            "returns": str(raw.return_type),
            "selected": [_selected(field) for field in info.selected_fields],
            "variables": dict(info.variable_values),
            "operation": info.operation.name.value,
            "fragments": sorted(raw.fragments),
            "nodes": [node.loc.start for node in raw.field_nodes],
            "type names on the way": [step.typename for step in _steps(info.path)],
            "is the root": info.root_value is ROOT,
            "is its context": info.context is self,
            "has schema": info.schema.get_type_by_name("Leaf") is not None,
            "waits": info._raw_info.is_awaitable(5),
        }
        return path


def _steps(path: Any) -> Any:
    while path is not None:
        yield path
        path = path.prev


def _selected(selection: Any) -> Any:
    below = [_selected(found) for found in selection.selections]
    if isinstance(selection, SelectedField):
        return (selection.alias, selection.name, selection.arguments, below)
    assert isinstance(selection, FragmentSpread | InlineFragment)
    return (getattr(selection, "name", None), selection.type_condition, below)


class Noting(BasePermission):
    """Says yes; so that graphql-core's own way is told the same."""

    def has_permission(self, source: Any, info: strawberry.Info, **_: Any) -> bool:  # noqa: ARG002 (as it must be)
        return True


def _told(info: strawberry.Info) -> str:
    return info.context.note(info)  # type: ignore[no-any-return]  # a Told's


async def _told_later(info: strawberry.Info) -> str:
    return info.context.note(info)  # type: ignore[no-any-return]  # a Told's


def _leaves(info: strawberry.Info, first: int = 2) -> Any:
    info.context.note(info)
    return [Thing(number=number) for number in range(first)]


@strawberry.type
class Leaf:
    """Notes what it is told."""

    number: int
    told: str = strawberry.field(resolver=_told)
    told_later: str | None = strawberry.field(resolver=_told_later)
    told_guarded: str = strawberry.field(resolver=_told, permission_classes=[Noting])


@strawberry.type
class Query:
    """A list of those, and one of its own."""

    told: str = strawberry.field(resolver=_told)
    all_leaves: list[Leaf] = strawberry.field(resolver=_leaves, graphql_type=list[Leaf])


ROOT = Thing()


@cache
def schema(executor: Executor) -> strawberry.Schema:
    return executor.schema(Query)


async def ask(executor: Executor, text: str, **variables: Any) -> tuple[Answer, Told]:
    contexts: list[Told] = []

    def new_context() -> Told:
        contexts.append(Told())
        return contexts[-1]

    answer = await executor.run(schema(executor), text, root_value=ROOT, new_context=new_context, variables=variables)
    return answer, contexts[-1]


TEXT = """query Asked($n: Int, $c: Boolean = true) { own: told
 all: allLeaves(first: $n) { a: told toldLater ...More @include(if: $c) } all: allLeaves(first: $n) { a: told } }
fragment More on Leaf { toldGuarded ... on Leaf { number } }"""


@pytest.mark.parametrize("place", ["all.1.a", "all.1.toldLater", "all.1.toldGuarded"])
async def test_resolver_of_an_object_in_a_list_is_told_its_place(executor: Executor, place: str) -> None:
    answer, told = await ask(executor, TEXT, n=2)
    name, python = {"a": ("told", "told"), "toldLater": ("toldLater", "told_later")}.get(
        place.rpartition(".")[2], ("toldGuarded", "told_guarded")
    )
    found = told[place]
    assert answer.errors == []
    assert answer.data["all"][1][place.rpartition(".")[2]] == place
    alias = place.rpartition(".")[2]
    times = 2 if alias == "a" else 1
    assert found.pop("selected") == [(alias if alias == "a" else None, name, {}, [])] * times
    assert found.pop("nodes") == [at for at in range(len(TEXT)) if TEXT.startswith(_written(alias), at)]
    assert found == {
        "field": name,
        "python": python,
        "parent": "Leaf",
        "returns": "String" if alias == "toldLater" else "String!",
        "variables": {"n": 2, "c": True},
        "operation": "Asked",
        "fragments": ["More"],
        "type names on the way": ["Leaf", None, "Query"],
        "is the root": True,
        "is its context": True,
        "has schema": True,
        "waits": False,
    }


def _written(alias: str) -> str:
    return "a: told" if alias == "a" else alias


async def test_resolver_is_told_what_is_selected_below(executor: Executor) -> None:
    _, told = await ask(executor, TEXT, n=1)
    arguments = {"first": 1}
    assert told["all"]["selected"] == [
        (
            "all",
            "allLeaves",
            arguments,
            [
                ("a", "told", {}, []),
                (None, "toldLater", {}, []),
                ("More", "Leaf", [(None, "toldGuarded", {}, []), (None, "Leaf", [(None, "number", {}, [])])]),
            ],
        ),
        ("all", "allLeaves", arguments, [("a", "told", {}, [])]),
    ]
    assert told["own"]["type names on the way"] == ["Query"]


async def test_variables_are_those_of_the_request(executor: Executor) -> None:
    text = "query Asked($n: Int = 7, $m: Int) { told ...A b: allLeaves(first: $m) { number } }"
    text += " fragment A on Query { a: allLeaves(first: $n) { number } }"
    for given, seen in [({}, {"n": 7}), ({"m": None}, {"n": 7, "m": None}), ({"n": 1, "m": 2}, {"n": 1, "m": 2})]:
        context = Told()
        await executor.run_again(schema(executor), text, root_value=ROOT, context_value=context, variables=given)
        assert context["told"]["variables"] == seen


async def test_every_place_is_told_once(executor: Executor) -> None:
    answer, told = await ask(executor, "query Asked { a: told b: told allLeaves(first: 3) { told toldGuarded } }")
    assert answer.errors == []
    below = [f"allLeaves.{number}.{name}" for number in range(3) for name in ("told", "toldGuarded")]
    assert sorted(told) == sorted(["a", "b", "allLeaves", *below])


async def test_look_ahead_is_known_where_it_is_compiled(executor: Executor) -> None:
    seen: list[bool] = []

    def looks(info: strawberry.Info) -> int:
        seen.append(look_ahead(info) is not None)
        return 1

    looking = strawberry.type(type("Query", (), {"looks": strawberry.field(resolver=looks)}))
    assert (await executor.run(executor.schema(looking), "{ looks }")).data == {"looks": 1}
    assert set(seen) == {executor.is_compiled}
