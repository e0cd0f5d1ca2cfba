"""The schema as a contract: described throughout, printed as committed, and not broken by accident."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
    is_specified_scalar_type,
    parse,
    validate,
)
from graphql import build_schema as build_from_text

from app.schema_changes import breaking_changes
from app.settings import CHECKOUT
from schema.root import build_schema

FOLDERS = [CHECKOUT / "benchmarks" / "documents", CHECKOUT / "web" / "graphiql" / "src" / "examples"]
DOCUMENTS = sorted(path for folder in FOLDERS for path in folder.glob("*.graphql"))


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(suggests_fields=True)._schema


def descriptions(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """(name, description) of everything that can have one."""
    for name, kind in schema.type_map.items():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        yield name, kind.description
        match kind:
            case GraphQLObjectType() | GraphQLInterfaceType():
                for field_name, field in kind.fields.items():
                    yield f"{name}.{field_name}", field.description
                    for argument_name, argument in field.args.items():
                        yield f"{name}.{field_name}({argument_name})", argument.description
            case GraphQLInputObjectType():
                for field_name, input_field in kind.fields.items():
                    yield f"{name}.{field_name}", input_field.description
            case GraphQLEnumType():
                for value_name, value in kind.values.items():
                    yield f"{name}.{value_name}", value.description


def test_everything_is_described(schema: GraphQLSchema) -> None:
    found = dict(descriptions(schema))
    assert {"Query.post", "Query.node(id)", "Post.replies(sort)", "LoginInput.handle", "ReplySort.OLDEST"} <= set(found)
    assert [name for name, text in found.items() if not (text or "").strip()] == []


def test_the_committed_schema_is_what_the_code_prints() -> None:
    committed = (CHECKOUT / "schema" / "schema.graphql").read_text(encoding="utf-8")
    assert committed == build_schema(suggests_fields=True).as_str() + "\n"


def test_nothing_of_the_last_release_is_broken() -> None:
    released = (CHECKOUT / "schema" / "released.graphql").read_text(encoding="utf-8")
    current = (CHECKOUT / "schema" / "schema.graphql").read_text(encoding="utf-8")
    assert breaking_changes(released, current) == []


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [
        ("a: Int b: Int", "a: Int", "Query.b"),
        ("a: Int b: Int @deprecated", "a: Int", None),
        ("ab: Int a: Int @deprecated", "c: Int", "Query.ab"),
        ("a: Int b: Int @deprecated", "a: String b: Int", "Query.a"),
        ("a: Int b: Int @deprecated", "a: Int b: String", "Query.b"),
        ("a: Int", "a: Int b: Int", None),
        ("a: Int", "a(b: Int!): Int", "Query.a"),
        ("a: Int", "a(b: Int): Int", None),
        ("a: Int!", "a: Int", "Query.a"),
    ],
)
def test_breaking_changes_are_found_and_announced_removals_forgiven(
    before: str, after: str, broken: str | None
) -> None:
    kept = "int: Int string: String"  # keeps both scalars in use
    found = breaking_changes(f"type Query {{ {kept} {before} }}", f"type Query {{ {kept} {after} }}")
    assert len(found) == (broken is not None)
    assert all(broken in re.findall(r"Query\.\w+", change) for change in found)


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder.exists()], ids=lambda path: path.parent.name)
def test_a_folder_of_documents_is_not_empty(folder: Path) -> None:
    assert list(folder.glob("*.graphql"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_a_published_document_is_valid(schema: GraphQLSchema, document: Path) -> None:
    assert [error.message for error in validate(schema, parse(document.read_text(encoding="utf-8")))] == []


def test_the_printed_schema_can_be_read_back(schema: GraphQLSchema) -> None:
    read = build_from_text((CHECKOUT / "schema" / "schema.graphql").read_text(encoding="utf-8"))
    assert set(read.type_map) >= {name for name in schema.type_map if not name.startswith("__")}
