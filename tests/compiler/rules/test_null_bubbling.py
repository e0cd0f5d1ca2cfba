"""Errors of positions that may not be null go up to the nearest one that may."""

from functools import cache
from typing import Any

import pytest
import strawberry
from graphql.pyutils import Undefined

from tests.compiler.rules.executors import Answer, Executor, repeated_too
from tests.compiler.rules.nodes import WAYS, Query, Thing, Values

pytestmark = repeated_too
in_every_way = pytest.mark.parametrize("way", WAYS, ids=[way or "Attribute" for way in WAYS])


@cache
def schema(executor: Executor) -> strawberry.Schema:
    return executor.schema(Query)


async def ask(executor: Executor, text: str, node: Thing, **values: Any) -> Answer:
    """Both ways in lead to the node."""
    root = Thing(**{"node": node, "root": node, "other": 1, **values})
    return await executor.run(schema(executor), text, root_value=root, new_context=Values)


def failed() -> Exception:
    return ValueError("it failed")


def null_refused(name: str) -> str:
    return f"Cannot return null for non-nullable field Node.{name}."


@in_every_way
async def test_null_in_a_nullable_field_is_no_error(executor: Executor, way: str) -> None:
    answer = await ask(executor, f"{{ node {{ it: maybe{way} }} }}", Thing(maybe=None))
    assert answer == Answer({"node": {"it": None}})


@in_every_way
async def test_undefined_in_a_nullable_field_is_null(executor: Executor, way: str) -> None:
    answer = await ask(executor, f"{{ node {{ it: maybe{way} }} }}", Thing(maybe=Undefined))
    assert answer == Answer({"node": {"it": None}})


@in_every_way
async def test_null_in_a_non_null_field_makes_its_object_null(executor: Executor, way: str) -> None:
    answer = await ask(executor, f"{{ node {{ it: sure{way} maybe }} other }}", Thing(sure=None, maybe=1))
    assert answer.data == {"node": None, "other": 1}
    assert answer.said == {"node.it": null_refused(f"sure{way}")}


@in_every_way
async def test_error_in_a_nullable_field_stays_there(executor: Executor, way: str) -> None:
    answer = await ask(executor, f"{{ node {{ it: maybe{way} sure }} }}", Thing(maybe=failed(), sure=1))
    assert answer.data == {"node": {"it": None, "sure": 1}}
    assert answer.said == {"node.it": "it failed"}


@in_every_way
async def test_error_in_a_non_null_field_makes_its_object_null(executor: Executor, way: str) -> None:
    answer = await ask(executor, f"{{ node {{ it: sure{way} }} other }}", Thing(sure=failed()))
    assert answer.data == {"node": None, "other": 1}
    assert answer.said == {"node.it": "it failed"}


@in_every_way
async def test_error_goes_through_non_null_objects_to_the_nearest_nullable_one(executor: Executor, way: str) -> None:
    deep = Thing(maybe_node=Thing(sure_node=Thing(sure_node=Thing(sure=failed()))))
    text = f"{{ node {{ a: maybeNode{way} {{ b: sureNode{way} {{ c: sureNode{way} {{ d: sure{way} }} }} }} }} }}"
    answer = await ask(executor, text, deep)
    assert answer.data == {"node": {"a": None}}
    assert answer.said == {"node.a.b.c.d": "it failed"}


@in_every_way
async def test_error_that_finds_no_nullable_position_makes_the_data_null(executor: Executor, way: str) -> None:
    answer = await ask(executor, f"{{ root {{ sureNode{way} {{ it: sure{way} }} }} other }}", Thing(sure_node=Thing()))
    assert answer.data is None
    assert answer.said == {f"root.sureNode{way}.it": "sure"}


@in_every_way
@pytest.mark.parametrize("value", [None, "error"])
async def test_failing_item_of_nullable_items_is_null(executor: Executor, way: str, value: Any) -> None:
    item = failed() if value == "error" else None
    node = Thing(sure_of_maybe=[1, item, 3])
    answer = await ask(executor, f"{{ node {{ it: sureOfMaybe{way} }} }}", node)
    assert answer.data == {"node": {"it": [1, None, 3]}}
    assert answer.said == ({"node.it.1": "it failed"} if item else {})


@in_every_way
@pytest.mark.parametrize("value", [None, "error"])
async def test_failing_item_of_non_null_items_makes_the_list_null(executor: Executor, way: str, value: Any) -> None:
    item = failed() if value == "error" else None
    node = Thing(maybe_of_sure=[1, item, 3])
    answer = await ask(executor, f"{{ node {{ it: maybeOfSure{way} }} }}", node)
    assert answer.data == {"node": {"it": None}}
    assert answer.said == {"node.it.1": "it failed" if item else null_refused(f"maybeOfSure{way}")}


@in_every_way
async def test_failing_item_of_a_non_null_list_of_non_null_items_makes_its_object_null(
    executor: Executor, way: str
) -> None:
    answer = await ask(executor, f"{{ node {{ it: sureOfSure{way} }} }}", Thing(sure_of_sure=[1, 2, None]))
    assert answer.data == {"node": None}
    assert answer.said == {"node.it.2": null_refused(f"sureOfSure{way}")}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("maybeOfMaybe", {"node": {"it": None}}),
        ("maybeOfSure", {"node": {"it": None}}),
        ("sureOfMaybe", {"node": None}),
        ("sureOfSure", {"node": None}),
    ],
)
async def test_list_that_is_null_is_refused_where_the_list_may_not_be(
    executor: Executor, name: str, data: dict[str, Any]
) -> None:
    node = Thing(maybe_of_maybe=None, maybe_of_sure=None, sure_of_maybe=None, sure_of_sure=None)
    answer = await ask(executor, f"{{ node {{ it: {name} }} }}", node)
    assert answer.data == data
    assert answer.said == ({} if data["node"] else {"node.it": null_refused(name)})


@in_every_way
async def test_each_failing_item_of_nullable_items_has_its_error(executor: Executor, way: str) -> None:
    node = Thing(maybe_of_maybe=[failed(), 1, failed(), None])
    answer = await ask(executor, f"{{ node {{ it: maybeOfMaybe{way} }} }}", node)
    assert answer.data == {"node": {"it": [None, 1, None, None]}}
    assert answer.said == {"node.it.0": "it failed", "node.it.2": "it failed"}


@in_every_way
async def test_inner_list_takes_what_fails_in_it(executor: Executor, way: str) -> None:
    grid = [[1, None], failed(), [failed(), 4], None, []]
    answer = await ask(executor, f"{{ node {{ it: grid{way} }} }}", Thing(grid=grid))
    assert answer.data == {"node": {"it": [[1, None], None, [None, 4], None, []]}}
    assert answer.said == {"node.it.1": "it failed", "node.it.2.0": "it failed"}


@in_every_way
async def test_error_goes_through_lists_of_non_null_lists(executor: Executor, way: str) -> None:
    answer = await ask(executor, f"{{ node {{ it: strictGrid{way} }} }}", Thing(strict_grid=[[1], [2, failed()], []]))
    assert answer.data == {"node": {"it": None}}
    assert answer.said == {"node.it.1.1": "it failed"}


@in_every_way
async def test_only_the_objects_of_a_list_that_fail_become_null(executor: Executor, way: str) -> None:
    nodes = [Thing(sure=0), Thing(sure=failed()), Thing(sure=2), None, Thing(sure=None)]
    answer = await ask(executor, f"{{ node {{ nodes{way} {{ it: sure{way} }} }} }}", Thing(nodes=nodes))
    assert answer.data == {"node": {f"nodes{way}": [{"it": 0}, None, {"it": 2}, None, None]}}
    assert answer.said == {
        f"node.nodes{way}.1.it": "it failed",
        f"node.nodes{way}.4.it": null_refused(f"sure{way}"),
    }


@in_every_way
async def test_several_failures_below_one_null_are_one_error(executor: Executor, way: str) -> None:
    nodes = [Thing(sure=failed()), Thing(sure=1), Thing(sure=failed())]
    answer = await ask(executor, f"{{ node {{ strictNodes{way} {{ it: sure{way} }} }} }}", Thing(strict_nodes=nodes))
    assert answer.data == {"node": {f"strictNodes{way}": None}}
    # The specification leaves open which of them it is.
    [path] = answer.said
    assert path in {f"node.strictNodes{way}.0.it", f"node.strictNodes{way}.2.it"}


@in_every_way
async def test_several_non_null_fields_that_fail_are_one_error(executor: Executor, way: str) -> None:
    node = Thing(sure=failed(), sure_of_sure=failed(), sure_node=failed())
    text = f"{{ node {{ a: sure{way} b: sureOfSure c: sureNode{way} {{ maybe }} }} }}"
    answer = await ask(executor, text, node)
    assert answer.data == {"node": None}
    [path] = answer.said
    assert path in {"node.a", "node.b", "node.c"}


@in_every_way
async def test_failing_field_under_two_names_fails_twice(executor: Executor, way: str) -> None:
    answer = await ask(executor, f"{{ node {{ a: maybe{way} b: maybe{way} }} }}", Thing(maybe=failed()))
    assert answer.data == {"node": {"a": None, "b": None}}
    assert answer.said == {"node.a": "it failed", "node.b": "it failed"}


async def test_one_failing_name_does_not_touch_the_other(executor: Executor) -> None:
    answer = await ask(executor, "{ a: node { sure } b: node { maybe } }", Thing(sure=failed(), maybe=1))
    assert answer.data == {"a": None, "b": {"maybe": 1}}
    assert answer.said == {"a.sure": "it failed"}


@in_every_way
async def test_error_below_a_position_that_becomes_null_is_not_needed(executor: Executor, way: str) -> None:
    node = Thing(maybe=failed(), sure=failed())
    answer = await ask(executor, f"{{ node {{ a: maybe{way} b: sure{way} }} }}", node)
    assert answer.data == {"node": None}
    # What made the object null is said; what else failed below it may be.
    assert "node.b" in answer.said
    assert set(answer.said) <= {"node.a", "node.b"}


async def test_errors_of_data_that_is_null_are_all_below_it(executor: Executor) -> None:
    node = Thing(sure=failed(), maybe=failed())
    answer = await ask(executor, "{ other root { maybe sure } node { maybe } }", node, other=failed())
    assert answer.data is None
    assert "root.sure" in answer.said
    assert set(answer.said) <= {"other", "root.sure", "root.maybe", "node.maybe"}


@in_every_way
async def test_null_root_object_that_may_not_be_null(executor: Executor, way: str) -> None:
    answer = await ask(executor, f"{{ root {{ maybe{way} }} }}", Thing(), root=None)
    assert answer.data is None
    assert answer.said == {"root": "Cannot return null for non-nullable field Query.root."}


@in_every_way
async def test_list_without_items_asks_nothing(executor: Executor, way: str) -> None:
    answer = await ask(executor, f"{{ node {{ nodes{way} {{ sure{way} sureNode {{ sure }} }} }} }}", Thing(nodes=[]))
    assert answer == Answer({"node": {f"nodes{way}": []}})


@in_every_way
async def test_levels_whose_objects_are_all_null_are_not_executed(executor: Executor, way: str) -> None:
    node = Thing(nodes=[None, Thing(maybe_node=None), None])
    text = f"{{ node {{ nodes {{ below: maybeNode{way} {{ sure{way} }} }} }} }}"
    answer = await ask(executor, text, node)
    assert answer == Answer({"node": {"nodes": [None, {"below": None}, None]}})
