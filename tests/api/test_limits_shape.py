"""The shape of documents: each bound is allowed, one more is refused, wherever in the document it is."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from graphql import GraphQLError, GraphQLSchema, get_introspection_query

from schema import limits
from schema.documents import LONGEST_CHARS, MOST_LOCATED_LINES, MOST_TOKENS, DocumentCache, core_schema
from schema.root import build_schema
from schema.validation import MOST_ERRORS

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLES = [*CHECKOUT.glob("benchmarks/documents/*.graphql"), *CHECKOUT.glob("web/graphiql/src/examples/*.graphql")]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return core_schema(build_schema(suggests_fields=False))


def said_of(schema: GraphQLSchema, text: str) -> list[str]:
    """What is wrong with a document, as the client is told."""
    try:
        return [error.message for error in DocumentCache().document(schema, text).errors]
    except GraphQLError as error:
        return [error.message]


def _chain(levels: int) -> str:
    """A document with so many levels of fields."""
    inner = levels - 4
    return f"{{ publicFeed {{ edges {{ node {{ {'replyTo { ... on Post { ' * inner} id {' } }' * inner} }} }} }} }}"


def _times(count: int, text: str) -> str:
    return " ".join(text.replace("#", str(number)) for number in range(count))


def _nested(levels: int) -> str:
    return "{ viewer { " + "... { " * (levels - 1) + "email" + " }" * (levels - 1) + " } }"


def _spreads(numbers: Iterable[int]) -> str:
    return " ".join(f"...f{number}" for number in numbers)


# Two in the operation: nine in the fragment at each spread.
NINE = (
    "fragment Nine on User { id handle displayName bio createdAt postCount followerCount followingCount viewerFollow }"
)
DOCUMENTS: dict[str, tuple[int, str, Callable[[int], str]]] = {
    "levels": (limits.DEEPEST, "levels of fields", _chain),
    "levels in a fragment": (
        limits.DEEPEST,
        "levels of fields",
        lambda n: _chain(n).replace("{ publicFeed", "fragment Deep on Query { publicFeed") + " { ...Deep }",
    ),
    "nesting": (limits.DEEPEST_NESTING, "within each other", _nested),
    "nesting of fragments": (
        limits.DEEPEST_NESTING,
        "within each other",
        lambda n: (
            "{ ...f1 } "
            + " ".join(f"fragment f{number} on Query {{ ...f{number + 1} }}" for number in range(1, n))
            + f" fragment f{n} on Query {{ __typename }}"
        ),
    ),
    "fields": (
        limits.MOST_FIELDS,
        "fields",
        lambda n: f"{{ viewer {{ user {{ {'...Nine ' * ((n - 2) // 9)} {'id ' * ((n - 2) % 9)} }} }} }} {NINE}",
    ),
    "aliases": (limits.MOST_ALIASES, "aliases", lambda n: f"{{ viewer {{ {_times(n, 'a#: email')} }} }}"),
    "aliases of spreads": (
        limits.MOST_ALIASES,
        "aliases",
        lambda n: f"{{ viewer {{ {'...A ' * n} }} }} fragment A on Viewer {{ a: email }}",
    ),
    "directives": (
        limits.MOST_DIRECTIVES,
        "directives",
        lambda n: f"{{ viewer {{ {'email @include(if: true) ' * n} }} }}",
    ),
    "directives of fragments": (
        limits.MOST_DIRECTIVES,
        "directives",
        lambda n: (
            "{ viewer { "
            + "... @skip(if: false) { email } " * (n - 2)
            + "...A @include(if: true) ...A @skip(if: false) } } fragment A on Viewer { email }"
        ),
    ),
    "root fields": (limits.MOST_ROOT_FIELDS, "root fields", lambda n: "{ " + "__typename " * n + "}"),
    "root fields of fragments": (
        limits.MOST_ROOT_FIELDS,
        "root fields",
        lambda n: f"{{ {'...A ' * (n - 1)} ... on Query {{ __typename }} }} fragment A on Query {{ __typename }}",
    ),
    "root fields of a subscription": (
        limits.MOST_ROOT_FIELDS,
        "root fields",
        lambda n: "subscription { " + "homeFeed { __typename } " * n + "}",
    ),
    "operations": (limits.MOST_OPERATIONS, "operations", lambda n: _times(n, "query q# { __typename }")),
    "fragments": (
        limits.MOST_FRAGMENTS,
        "fragments",
        lambda n: (
            " ".join(f"query q{start} {{ {_spreads(range(start, n, 20))} }}" for start in range(20))
            + _times(n, "fragment f# on Query { viewer { email } }")
        ),
    ),
    "items": (limits.MOST_ITEMS, "a list of", lambda n: f"{{ nodes(ids: [{'1 ' * n}]) {{ id }} }}"),
    "items of a default": (
        limits.MOST_ITEMS,
        "a list of",
        lambda n: f"query ($ids: [ID!]! = [{'1 ' * n}]) {{ nodes(ids: $ids) {{ id }} }}",
    ),
    "length": (LONGEST_CHARS, "characters", "{ __typename }".ljust),
    # A comment is a token, too.
    "tokens": (MOST_TOKENS, "tokens", lambda n: "# a comment\n" * (n - 3) + "{ __typename }"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_bound_is_allowed_and_one_more_is_refused(schema: GraphQLSchema, name: str) -> None:
    bound, what, document = DOCUMENTS[name]
    assert said_of(schema, document(bound)) == []
    [message, *_] = said_of(schema, document(bound + 1))
    assert what in message


SUBSCRIBED_TWICE = "subscription { homeFeed { __typename } other: homeFeed { __typename } }"
LISTS_OF_TYPES = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
REFUSED = {
    "a second operation": ("query A { __typename } query B { " + "__typename " * 21 + "}", "21 root fields"),
    "an unused fragment": ("{ __typename } " + _chain(13).replace("{", "fragment A on Query {", 1), "13 levels"),
    "directives of an operation": ("query " + "@skip(if: true) " * 21 + "{ __typename }", "21 directives"),
    "directives of variables": ("query ($a: Int " + "@a " * 21 + ") { __typename }", "21 directives"),
    "directives of a fragment": (
        "{ ...A ...A ...A } fragment A on Query " + "@a " * 7 + "{ __typename }",
        "21 directives",
    ),
    "an input's list": (
        f'mutation {{ createPost(input: {{body: "x", more: {{ids: [{"1 " * 101}]}}}}) {{ post {{ id }} }} }}',
        "a list of 101 items",
    ),
    "a directive's list": (f"{{ viewer @skip(if: [{'1 ' * 101}]) {{ email }} }}", "a list of 101 items"),
    "an input's fields": (
        f"mutation {{ createPost(input: {{{_times(101, 'a#: 1')}}}) {{ post {{ id }} }} }}",
        "an object of 101 fields",
    ),
    "values of an argument": (f"{{ nodes(ids: [{'[1 1 1] ' * 75}]) {{ id }} }}", "301 values"),
    "introspection": ("{ __schema { types { " + "ofType { " * 18 + "name" + " }" * 18 + " } } }", "21 levels"),
    "lists of introspection": (LISTS_OF_TYPES, "introspection depth"),
    "two subscriptions": (SUBSCRIBED_TWICE, "only one top level"),
    "a fragment of an input": ("{ ...A } fragment A on CreatePostInput { body }", "non composite type"),
    "a fragment in itself": ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "within itself"),
    "equal fields": ("{ viewer { " + "user { id } " * 110 + "} }", "same fields too often"),
    "a page": ("{ publicFeed(first: 101) { pageInfo { endCursor } } }", "between 1 and 100, not 101"),
    "an endless page": (f"{{ publicFeed(first: -{'9' * 9_000}) {{ edges {{ cursor }} }} }}", "between 1 and 100"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_beyond_a_bound_is_refused_wherever_it_is(schema: GraphQLSchema, name: str) -> None:
    document, what = REFUSED[name]
    assert any(what in message for message in said_of(schema, document)), said_of(schema, document)


def test_documents_of_real_clients_are_within_the_bounds(schema: GraphQLSchema) -> None:
    assert len(EXAMPLES) >= 10
    introspection = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    card = "{ ...Meta author { ...Person } replies(first: 3) { edges { node { ...Meta author { ...Person } } } } }"
    page = " ".join(f"page{number}: publicFeed(first: 10) {{ edges {{ node {card} }} }}" for number in range(10))
    fragments = (
        "fragment Meta on Post { id body createdAt likeCount replyCount repostCount viewerHasLiked viewerHasReposted }"
        "fragment Person on User { id handle displayName viewerFollow }"
    )
    large = f"query Large {{ {page} }} {fragments}"
    for text in [introspection, large, *[path.read_text() for path in EXAMPLES]]:
        assert said_of(schema, text) == []


def test_few_errors_are_told_and_suggestions_only_where_they_are_wanted(schema: GraphQLSchema) -> None:
    wrong = {
        "field": "{ viewer { emial } }",
        "argument": '{ user(hadnle: "x") { id } }',
        "type": "query ($a: ReplySrot) { __typename }",
        "value": "{ post(id: 1) { replies(sort: OLDSET) { pageInfo { endCursor } } } }",
        "input": 'mutation { createPost(input: {body: "x", bodi: "y"}) { post { id } } }',
    }
    telling = core_schema(build_schema(suggests_fields=True))
    for text in wrong.values():
        assert "Did you mean" in "".join(said_of(telling, text))
        assert "Did you mean" not in "".join(said_of(schema, text))
    many = "{ viewer { " + " ".join(f"a{number}" for number in range(500)) + " } }"
    assert len(said_of(schema, many)) == MOST_ERRORS + 1


def test_errors_say_where_they_are_unless_the_document_has_very_many_lines(schema: GraphQLSchema) -> None:
    for lines, locations in ((MOST_LOCATED_LINES, [(MOST_LOCATED_LINES + 1, 3)]), (MOST_LOCATED_LINES + 1, None)):
        [error] = DocumentCache().document(schema, "\n" * lines + "{ wrong }").errors
        assert error.locations == locations
