"""What is told of a plan: how each value is found, what is left to graphql-core and why, the generated code."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, parse
from strawberry.permission import BasePermission

from app.settings import CHECKOUT
from compiler import Attribute, CompiledExecutor, CompiledOperation, GroupLoader, Relation, derived, lookup, relation
from compiler import explain as explaining
from compiler.explain import WIDTH, Explanation, Fallback, explain
from schema.documents import DocumentCache, core_schema
from schema.root import build_schema

DOCUMENTS = sorted(
    [*CHECKOUT.glob("benchmarks/documents/*.graphql"), *CHECKOUT.glob("web/graphiql/src/examples/*.graphql")]
)
VARIABLES: dict[str, dict[str, Any]] = {
    "CreatePost.graphql": {"body": "hello"},
    "HomeFeed.graphql": {"first": 20},
    "PostThread.graphql": {"id": "an id"},
    "Profile.graphql": {"handle": "ada"},
}


class NumberLoader(GroupLoader[int, int]):
    """Numbers by themselves."""

    async def batch_load_fn(self, keys: list[int]) -> list[int]:
        return keys


def number_loader(_context: Any) -> NumberLoader:
    return NumberLoader()


def doubled(root: Any) -> int:
    return int(root.number) * 2


def sums(_context: Any, plus: int) -> Relation:
    return Relation(number_loader, key=lambda root: root.number + plus)


def a_secret() -> str:
    raise AssertionError("explaining runs nothing")


class Never(BasePermission):
    """Says no."""

    message = "never"

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:  # noqa: ARG002 (as it must be)
        return False


@strawberry.interface
class Animal:
    """What the zoo shows."""

    number: int
    name: str = "an animal"


@strawberry.type
class Cat(Animal):
    """One kind."""

    twice: int = derived(doubled, graphql_type=int)
    same: int = relation(Relation(number_loader, key=Attribute("number")), graphql_type=int)
    sum: int = lookup(sums, graphql_type=int)

    secret: str = strawberry.field(resolver=a_secret, permission_classes=[Never])


@strawberry.type
class Dog(Animal):
    """Another kind, of which a value never appears here."""


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def animals(self, most: int = 1) -> list[Animal]:  # noqa: ARG002 (an argument to be shown)
        raise AssertionError("explaining runs nothing")

    @strawberry.field
    def cat(self) -> Cat:
        raise AssertionError("explaining runs nothing")


SCHEMA = strawberry.Schema(Query, types=[Cat, Dog], execution_context_class=CompiledExecutor)


def told(document: str, **variables: Any) -> Explanation:
    """The explanation of a document's one operation."""
    node = parse(document)
    [operation] = [one for one in node.definitions if isinstance(one, OperationDefinitionNode)]
    return explain(CompiledOperation(core_schema(SCHEMA), node, operation), variables)


def stripped(explanation: Explanation) -> list[str]:
    """The plan's lines without their indentation, with single spaces."""
    return [" ".join(line.split()) for line in explanation.plan]


@pytest.fixture(scope="module")
def rookery() -> GraphQLSchema:
    return core_schema(build_schema(suggests_fields=True))


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.stem)
def test_document_of_ours_runs_without_fallback(rookery: GraphQLSchema, file: Path) -> None:
    document = DocumentCache().document(rookery, file.read_text())
    assert not document.errors
    [operation] = document.operations
    explanation = explain(operation.compiled, VARIABLES.get(file.name, {}))
    assert explanation.fallbacks == []
    assert explanation.is_whole
    assert max(map(len, explanation.text.splitlines())) <= WIDTH


def test_there_are_documents_to_explain() -> None:
    assert len(DOCUMENTS) >= 10


def test_event_of_a_subscription_is_no_fallback(rookery: GraphQLSchema) -> None:
    document = DocumentCache().document(rookery, "subscription { homeFeed { ... on PostAdded { edge { cursor } } } }")
    [operation] = document.operations
    explanation = explain(operation.compiled)
    assert stripped(explanation)[:7] == [
        "Subscription (for each event)",
        "homeFeed: HomeFeedEvent!",
        "= the event, as resolvers.home_events.home_feed_events gives it",
        "on Started, PostRemoved, PostChanged, ReadPositionMoved, Reset: nothing",
        "on PostAdded",
        "edge: FeedEdge! attribute edge",
        "cursor: Cursor! attribute cursor",
    ]
    assert explanation.fallbacks == []


def test_each_field_tells_how_its_values_are_found() -> None:
    explanation = told("query ($by: Int!) { cat { it: number twice same sum(plus: $by) __typename } }", by=2)
    here = __name__
    assert stripped(explanation) == [
        "Query",
        f"cat: Cat! resolver {here}.Query.cat, for each object",
        "it: number: Int! attribute number",
        f"twice: Int! computed by {here}.doubled",
        f"same: Int! batch of {here}.number_loader by number",
        f"sum(plus: $by): Int! batch, as {here}.sums says",
        "__typename: String! constant",
    ]


def test_field_with_a_permission_class_is_named_with_its_reason() -> None:
    explanation = told("{ cat { name aside: secret } }")
    why = "it has extensions: PermissionExtension"
    assert explanation.fallbacks == [Fallback(("cat", "aside"), "Cat.secret", why)]
    assert f"cat.aside (Cat.secret): {why}" in explanation.text
    assert "nothing" not in explanation.text


def test_all_types_below_an_interface_are_told_though_none_has_appeared() -> None:
    explanation = told("{ animals(most: 3) { name ... on Cat { secret } } }")
    assert [line for line in stripped(explanation) if line.startswith(("animals", "on "))] == [
        f"animals(most: 3): [Animal!]! resolver {__name__}.Query.animals, for each object",
        "on Cat",
        "on Dog",
    ]
    assert [fallback.field for fallback in explanation.fallbacks] == ["Cat.secret"]


def test_types_of_which_the_same_is_selected_are_told_once() -> None:
    explanation = told("{ animals { name number } }")
    assert [line for line in stripped(explanation) if line.startswith("on ")] == ["on Cat, Dog"]
    assert [line.strip() for line in explanation.source if line.strip().startswith("#")] == [
        "# Query",
        "# animals (Cat, Dog)",
    ]


def test_what_is_beyond_the_bound_is_said_to_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told("{ animals { name } }").is_whole
    monkeypatch.setattr(explaining, "MOST_FIELDS", 2)
    explanation = told("{ animals { name } }")
    assert not explanation.is_whole
    assert "on Cat" in stripped(explanation)
    assert explanation.plan[-1].strip().startswith("More types are possible")


def test_conditions_decide_what_is_told() -> None:
    document = "query ($all: Boolean!) { cat { name secret @include(if: $all) } }"
    assert told(document, all=False).fallbacks == []
    assert [fallback.field for fallback in told(document, all=True).fallbacks] == ["Cat.secret"]


@pytest.mark.parametrize(
    ("document", "variables", "why"),
    [
        ("{ cat { ... @defer { name } } }", {}, "it uses @defer"),
        ("query ($all: Boolean = true) { cat { name @include(if: $all) } }", {"all": None}, "null is no condition"),
    ],
)
def test_operation_that_is_not_compiled_at_all_says_why(document: str, variables: dict[str, Any], why: str) -> None:
    explanation = told(document, **variables)
    assert explanation.fallbacks == [Fallback((), None, why)]
    assert f"the operation as a whole: {why}" in explanation.text


def test_wrong_variables_are_an_error() -> None:
    with pytest.raises(GraphQLError, match="by"):
        told("query ($by: Int!) { cat { sum(plus: $by) } }", by="two")


def test_source_is_the_code_that_runs() -> None:
    document = "{ cat { number twice same aVeryLongNameThatMakesALongLineOfCodeAndHasToBeWrapped: number name } }"
    node = parse(document)
    [operation] = [one for one in node.definitions if isinstance(one, OperationDefinitionNode)]
    compiled = CompiledOperation(core_schema(SCHEMA), node, operation)
    source = dedent("\n".join(explain(compiled).source))
    compile(source, "<explained>", "exec")
    selections = [selection for _, selection in compiled.plan().walk()]
    texts = [text for one in selections for text in (one.text_of_subtree, one.text) if text is not None]
    code = [line for line in source.splitlines() if not line.startswith("#")]
    assert " ".join(" ".join(code).split()) == " ".join(" ".join(texts).split())


def test_root_of_a_mutation_has_no_generated_code(rookery: GraphQLSchema) -> None:
    document = DocumentCache().document(rookery, "mutation { logout { errors { code } } }")
    explanation = explain(document.operations[0].compiled)
    assert stripped(explanation)[0] == "Mutation (one field after the other)"
    assert explanation.source[0].strip() == "# logout (LogoutPayload)"
