"""Acts tell nothing of what is hidden: it answers as what does not exist, by the same statements."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema, get_named_type

from core import ids
from schema.documents import core_schema
from schema.root import build_schema
from tests.contracts.matrix.acts import ACTS, SOURCES, Act, absent, actors, is_for, named
from tests.contracts.matrix.stage import set_stage
from tests.fixtures.api import Api
from tests.worlds import post_id

# Fields of inputs that name something of one's own, which nobody else can name anything by.
OWN = ("folderId", "filterId")
NOT_FOUND = "NotFoundError"
NOT_ALLOWED = "NotAllowedError"


def act_id(act: Act) -> str:
    return f"{act.name} by {act.key}"


def refusals(payload: Any) -> list[str]:
    return [error["__typename"] for error in payload["errors"]]


def refusals_of_absent(act: Act, actor: str) -> list[str]:
    if act.asks_nothing:
        return []
    return [NOT_FOUND if is_for(act, actor) else NOT_ALLOWED]


@pytest.mark.parametrize("act", ACTS, ids=act_id)
async def test_what_is_hidden_answers_as_what_does_not_exist(api: Api, act: Act) -> None:
    stage = await set_stage(api.services)
    await act.scene(stage)
    answers: set[bool] = set()
    for actor in actors(stage, act):
        targets = named(stage, act, actor)
        data = await api.data(
            act.document_on([absent(act), *(target.id for target in targets)]),
            by=stage.person(actor),
            **act.variables(stage, actor),
        )
        of_absent, *payloads = data.values()
        assert refusals(of_absent) == refusals_of_absent(act, actor)
        for target, payload in zip(targets, payloads, strict=True):
            answers.add(target.is_there)
            if target.is_there:
                assert refusals(payload) != [NOT_FOUND], (actor, target.word)
                assert payload != of_absent, (actor, target.word)
            else:
                assert payload == of_absent, (actor, target.word)
        told = json.dumps(data)
        assert [target.word for target in targets if not target.is_seen and target.word in told] == []
    assert answers == {True, False}


@pytest.mark.parametrize("column", SOURCES)
async def test_what_one_has_deleted_tells_only_of_what_one_sees(api: Api, column: str) -> None:
    stage, act = await set_stage(api.services), SOURCES[column]
    for actor in actors(stage, act):
        targets = named(stage, act, actor)
        rows = [{column: ids.number_of(ids.Kind.POST, target.id)} for target in targets]
        written = [post_id(number) for number in await stage.write(actor, rows)]
        payloads = (await api.data(act.document_on(written), by=stage.person(actor))).values()
        for target, payload in zip(targets, payloads, strict=True):
            assert (target.word in json.dumps(payload)) is target.is_seen, (actor, target.word)


@contextmanager
def noting(api: Api) -> Iterator[list[str]]:
    """Notes the text of every statement, and every round trip to Redis, but those of tasks of the process: the bell
    rings behind the answer.
    """
    noted: list[str] = []

    def note_trip() -> None:
        if asyncio.current_task() not in api.services._tasks:
            noted.append("Redis")

    db, cache = api.services.db, api.services.cache
    db.observers.append(noted.append)
    cache.round_trip_observers.append(note_trip)
    try:
        yield noted
    finally:
        db.observers.remove(noted.append)
        cache.round_trip_observers.remove(note_trip)


@pytest.mark.parametrize("act", ACTS, ids=act_id)
async def test_what_is_hidden_is_refused_by_the_same_statements_as_what_does_not_exist(api: Api, act: Act) -> None:
    stage = await set_stage(api.services)
    await act.scene(stage)
    compared = 0
    for actor in ("stranger", "blocked", "blocking", "muting", *(["moderator"] if act.is_for_moderators else [])):
        asked: dict[str, list[str]] = {}
        hidden = [target.id for target in named(stage, act, actor) if not target.is_there]
        for target_id in (absent(act), *hidden):
            with noting(api) as noted:
                await api.data(act.document, by=stage.person(actor), id=target_id, **act.variables(stage, actor))
            asked[target_id] = [text for text in noted if "FROM session" not in text]
        assert all(texts == asked[absent(act)] for texts in asked.values())
        compared += len(hidden)
    assert compared >= 2


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return core_schema(build_schema(suggests_fields=True))


def naming_fields(kind: GraphQLInputObjectType, within: str = "") -> Iterator[str]:
    """The fields of an input that hold ids, with a dot before each that is within another."""
    for key, field in kind.fields.items():
        of = get_named_type(field.type)
        if isinstance(of, GraphQLInputObjectType):
            yield from naming_fields(of, f"{within}{key}.")
        elif of.name == "ID":
            yield f"{within}{key}"


def naming_acts(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """(mutation, field of its input) of all that name what may be hidden: by an id, or a hashtag by its name."""
    assert schema.mutation_type is not None
    for name, field in schema.mutation_type.fields.items():
        payload = get_named_type(field.type)
        assert isinstance(payload, GraphQLObjectType)
        for argument in field.args.values():
            kind = get_named_type(argument.type)
            assert isinstance(kind, GraphQLInputObjectType)
            yield from ((name, key) for key in naming_fields(kind) if key not in OWN)
            if "hashtag" in payload.fields and "name" in kind.fields:
                yield name, "name"


def test_every_act_that_names_what_may_be_hidden_is_tried(schema: GraphQLSchema) -> None:
    assert {*naming_acts(schema)} == {(act.name, act.key) for act in ACTS}
