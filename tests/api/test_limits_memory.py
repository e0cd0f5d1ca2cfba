"""The documents that are kept: within their bounds in number and in bytes; what is sent once and refused is not."""

import gc
import tracemalloc

import pytest
from graphql import GraphQLError, GraphQLSchema

from schema.documents import LONGEST_KEPT_CHARS, MOST_BYTES, DocumentCache, core_schema
from schema.root import build_schema


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return core_schema(build_schema(suggests_fields=False))


def test_valid_documents_that_are_not_long_are_kept(schema: GraphQLSchema) -> None:
    cache = DocumentCache(most_documents=3, longest_chars=40)
    texts = {
        "a": "{ a: __typename }",
        "long": "{ __typename }".ljust(41),
        "wrong": "{ missing }",
        "b": "{ b: __typename }",
    }
    seen = {name: cache.document(schema, text) for name, text in texts.items()}
    assert {name for name, text in texts.items() if cache.document(schema, text) is seen[name]} == {"a", "b"}
    assert len(cache) == 2


def test_what_was_just_refused_is_not_checked_again(schema: GraphQLSchema) -> None:
    # A socket asks twice for a subscription.
    cache = DocumentCache()
    wrong = cache.document(schema, "subscription { missing }")
    assert cache.document(schema, "subscription { missing }") is wrong
    assert len(cache) == 0


def test_least_recently_used_documents_make_room(schema: GraphQLSchema) -> None:
    cache = DocumentCache(most_documents=2)
    one, two, three = (f"{{ {name}: __typename }}" for name in "abc")
    kept = cache.document(schema, one)
    cache.document(schema, two)
    assert cache.document(schema, one) is kept
    cache.document(schema, three)
    assert cache.document(schema, one) is kept
    assert cache.evicted_count == 1


def test_what_a_plan_takes_makes_others_go(schema: GraphQLSchema) -> None:
    texts = [f"{{ {name}: __typename }}" for name in "abc"]
    documents = DocumentCache()
    most_bytes = sum(documents.document(schema, text).weight for text in texts)
    cache = DocumentCache(most_bytes=most_bytes)
    newest = [cache.document(schema, text) for text in texts][-1]
    assert len(cache) == 3
    newest.operations[0].compiled.plan()
    cache.weigh(texts[-1], newest)
    assert len(cache) == 2
    assert cache.document(schema, texts[-1]) is newest


# What takes the most for each token and for each character.
NAMES = [f"$a{number}" for number in range(90)]
DENSE = [
    f"{{ viewer {{ user {{ {'id ' * 90} }} }} }} #",
    f"query ({': ID! '.join(NAMES)}: ID!) {{ nodes(ids: [{' '.join(NAMES)}]) {{ id }} }} #",
    f'{{ post(id: "x") {{ {"replies { edges { node { id } } } " * 20} }} }} #',
    "{ __typename } #" + "\N{SLEUTH OR SPY}" * 1_000,
]


@pytest.mark.parametrize("text", DENSE, ids=["leaves", "variables", "pages", "wide text"])
def test_documents_take_no_more_than_is_counted(schema: GraphQLSchema, text: str) -> None:
    cache = DocumentCache()
    assert cache.document(schema, text).errors == []
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    documents = [cache.document(schema, f"{text} {number}") for number in range(20)]
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert taken <= sum(document.weight for document in documents)


def test_flood_of_distinct_documents_stays_within_the_bytes(schema: GraphQLSchema) -> None:
    cache = DocumentCache()
    hot = "{ __typename }"
    kept = cache.document(schema, hot)
    weight = 0
    for number in range(60):
        large = f"{{ {' '.join(f'a{field}: __typename' for field in range(20))} }} #{number}".ljust(LONGEST_KEPT_CHARS)
        weight += cache.document(schema, large).weight
        assert cache.document(schema, hot) is kept, "what is asked for stays"
    refused = len(cache)
    for number in range(200):
        assert cache.document(schema, f"{{ wrong{number} }}").errors
        with pytest.raises(GraphQLError):
            cache.document(schema, f"{{ wrong{number} ")
    assert len(cache) == refused
    assert weight < MOST_BYTES, "else this is no test of what is refused"
