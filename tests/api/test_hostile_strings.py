"""Strings that mean something to SQL, JSON or a terminal, through every String, ID and Cursor that the schema takes."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from schema.root import build_schema
from tests.api.bookmarks import new_folder
from tests.api.lists import new_circle, new_list
from tests.api.read_positions import place
from tests.fixtures.api import Api
from tests.worlds import World, post_id

TEXTS = {"String", "ID", "Cursor", "URL"}
HOSTILE = [
    "'",
    '"',
    "\\",
    "%",
    "_",
    "$1",
    "'; DROP TABLE post; --",
    "' OR 1=1 --",
    "\\'; SELECT pg_sleep(9); --",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "\x1b[31m",
    "\u202e",
    "\ufeff",
    "{}",
    "<script>",
    "💀",
    "a & !b <-> c:*",
    "x" * 10_000,
]
# What a field on the way to another one is asked with. Filled with the ids of real things by `filled`: NODE is one of
# the type behind it.
KNOWN = {
    "user": 'handle: "bob"',
    "hashtag": 'name: "tea"',
    "post": 'id: "POST"',
    "list": 'id: "LIST"',
    "node": 'id: "NODE"',
    "nodes": 'ids: ["NODE"]',
}
# What a field is asked with beside the text.
REQUIRED = {"search": {"query": '"b"', "kind": "USERS"}}
ACCEPTABLE = {
    "handle": "somebody",
    "displayName": "Somebody",
    "email": "somebody@rookery.example",
    "password": "long enough",
    "body": "hello",
    "cursor": place(1),
}


@dataclass(frozen=True, slots=True)
class Door:
    """One place where a client's text comes in: a document with `$text` there."""

    name: str
    document: str


def _selected(field: str, arguments: str, kind: GraphQLNamedType, inner: str) -> str:
    return f"{field}{f'({arguments})' if arguments else ''}{'' if is_leaf_type(kind) else f' {{ {inner} }}'}"


def query_doors(schema: GraphQLSchema) -> Iterator[Door]:
    """Every text argument of every field that a query can reach, each type by the shortest way."""
    assert schema.query_type is not None
    seen = {schema.query_type.name}
    ways: deque[tuple[GraphQLNamedType, tuple[str, ...]]] = deque([(schema.query_type, ())])
    while ways:
        kind, way = ways.popleft()
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            for possible in schema.get_possible_types(kind):
                if possible.name not in seen:
                    seen.add(possible.name)
                    to_it = [step.replace("NODE", possible.name.upper()) for step in way]
                    ways.append((possible, (*to_it, f"... on {possible.name}")))
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            continue
        for name, field in kind.fields.items():
            target = get_named_type(field.type)
            for argument_name, argument in field.args.items():
                if get_named_type(argument.type).name not in TEXTS:
                    continue
                is_list = "[" in str(argument.type)
                given = {**REQUIRED.get(name, {}), argument_name: "[$text]" if is_list else "$text"}
                arguments = ", ".join(f"{key}: {value}" for key, value in given.items())
                inner = _selected(name, arguments, target, "__typename")
                document = _nested((*way, inner))
                variable = get_named_type(argument.type).name
                yield Door(f"{kind.name}.{name}({argument_name})", f"query ($text: {variable}!) {{ {document} }}")
            requires = any(is_required_argument(argument) for argument in field.args.values())
            if target.name not in seen and not is_leaf_type(target) and (name in KNOWN or not requires):
                seen.add(target.name)
                ways.append((target, (*way, f"{name}({KNOWN[name]})" if name in KNOWN else name)))


def _nested(way: tuple[str, ...]) -> str:
    *outer, inner = way
    for step in reversed(outer):
        inner = f"{step} {{ {inner} }}"
    return inner


def _acceptable(name: str, field: GraphQLInputField) -> str:
    kind = get_named_type(field.type)
    if isinstance(kind, GraphQLInputObjectType):
        return _object(_required(kind))
    return next(iter(kind.values)) if isinstance(kind, GraphQLEnumType) else f'"{ACCEPTABLE.get(name, "POST")}"'


def _required(kind: GraphQLInputObjectType) -> dict[str, str]:
    """What an input needs, acceptable."""
    return {name: _acceptable(name, field) for name, field in kind.fields.items() if is_required_input_field(field)}


def _object(given: dict[str, str]) -> str:
    return f"{{{', '.join(f'{key}: {value}' for key, value in given.items())}}}"


def _inputs_with_text(kind: GraphQLInputObjectType) -> Iterator[tuple[str, str, str]]:
    """(name of a text field, its type, an acceptable input with `$text` there), of inputs within the input too."""
    for name, field in kind.fields.items():
        below = get_named_type(field.type)
        if isinstance(below, GraphQLInputObjectType):
            for inner, variable, given in _inputs_with_text(below):
                yield f"{name}.{inner}", variable, _object({**_required(kind), name: given})
        elif below.name in TEXTS:
            taken = "[$text]" if "[" in str(field.type) else "$text"
            yield name, below.name, _object({**_required(kind), name: taken})


def mutation_doors(schema: GraphQLSchema) -> Iterator[Door]:
    """Every text field of every mutation's input; the others are acceptable."""
    assert schema.mutation_type is not None
    for name, mutation in schema.mutation_type.fields.items():
        for argument_name, argument in mutation.args.items():
            kind = get_named_type(argument.type)
            assert isinstance(kind, GraphQLInputObjectType)
            for field_name, variable, given in _inputs_with_text(kind):
                inner = f"{name}({argument_name}: {given}) {{ errors {{ code message path }} }}"
                yield Door(f"{name}.{field_name}", f"mutation ($text: {variable}!) {{ {inner} }}")


async def things(api: Api, world: World) -> dict[str, str]:
    """The id of one thing of each kind that Alice may see, by what stands for it in documents."""
    post = post_id(await world.post(world.bob, "still here #tea"))
    folder = await new_folder(api, "still here", by=world.alice)
    people = await new_list(api, "still here", by=world.alice)
    circle = await new_circle(api, "still here", by=world.alice)
    known = {"POST": post, "NODE": post, "USER": world.bob.id, "BOOKMARKFOLDER": folder}
    return {**known, "LIST": people, "CIRCLE": circle}


def filled(document: str, known: dict[str, str]) -> str:
    """The document with ids for what stands for them."""
    for name, known_id in known.items():
        document = document.replace(f'"{name}"', f'"{known_id}"')
    return document


SCHEMA = build_schema(suggests_fields=True)._schema
DOORS = [*query_doors(SCHEMA), *mutation_doors(SCHEMA)]


def test_the_walk_finds_every_door() -> None:
    names = {door.name for door in DOORS}
    assert {"Query.user(handle)", "Query.nodes(ids)", "User.posts(after)", "Post.ancestors(after)"} <= names
    assert {"Viewer.bookmarks(folderId)", "BookmarkFolder.bookmarks(after)", "bookmarkPost.note"} <= names
    assert {"Viewer.likes(after)", "createPost.body", "createPost.replyToId", "login.password"} <= names
    assert {"Query.hashtag(name)", "Hashtag.posts(after)", "followHashtag.name"} <= names
    assert {"List.members(after)", "Circle.members(after)", "addToList.userIds", "createCircle.name"} <= names
    assert {"Query.homeFeed(until)", "moveReadPosition.cursor", "moveReadPosition.feed.id"} <= names
    assert {"register.email", "refreshSession.refreshToken", "updateProfile.bio", "followUser.userId"} <= names
    taken = {
        (kind.name, name, argument_name)
        for kind in SCHEMA.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        and kind is not SCHEMA.subscription_type
        and not kind.name.startswith("__")
        for name, field in kind.fields.items()
        for argument_name, argument in field.args.items()
        if get_named_type(argument.type).name in TEXTS
    }
    assert {f"{kind}.{name}({argument})" for kind, name, argument in taken} <= names


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
async def test_no_text_through_any_door_is_an_internal_error(api: Api, world: World, door: Door) -> None:
    known = await things(api, world)
    document = filled(door.document, known)
    for text in HOSTILE:
        answer = await api.run(document, by=world.alice, text=text)
        assert answer.status < 500, (text, answer)
        assert set(answer.codes) <= {"BAD_INPUT", "BAD_CURSOR"}, (text, answer)
    found = await api.data("query ($id: ID!) { post(id: $id) { body } }", id=known["POST"])
    assert found["post"] == {"body": "still here #tea"}


async def test_every_door_is_open(api: Api, world: World) -> None:
    """The documents are valid and reach the argument: an ordinary text is no mistake of the document."""
    known = await things(api, world)
    for door in DOORS:
        answer = await api.run(filled(door.document, known), by=world.alice, text="zzz")
        assert set(answer.codes) <= {"BAD_CURSOR"}, (door, answer)
        assert bool(answer.codes) == ("$text: Cursor!" in door.document), (door, answer)
