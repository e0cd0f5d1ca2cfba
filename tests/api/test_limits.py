"""What a document may ask for: refused before any SQL, by a linear pass, with the reason."""

import time
from typing import Any

import pytest

from schema.documents import BYTES_PER_CHAR, DocumentCache, core_schema
from schema.root import build_schema
from tests.fixtures.api import Api

MILLION_SPREADS = (
    "query { ...f0 } "
    + " ".join(f"fragment f{number} on Query {{ ...f{number + 1} ...f{number + 1} }}" for number in range(20))
    + " fragment f20 on Query { __typename }"
)


@pytest.mark.parametrize(
    ("document", "word"),
    [
        (MILLION_SPREADS, "root fields"),
        ("{ publicFeed { edges { node { " + "replyTo { ... on Post { " * 9 + "id" + " } }" * 9 + " } } } }", "deep"),
        (
            "{ "
            + " ".join(f"a{number}: viewer {{ email }}" for number in range(19))
            + ' user(handle: "x") { '
            + " ".join(f"b{number}: handle" for number in range(12))
            + " } }",
            "aliases",
        ),
        ("{ " + "viewer { email } " * 21 + "}", "root fields"),
        ("{ viewer { " + "email @include(if: true) " * 21 + "} }", "directives"),
    ],
    ids=["million spreads", "depth", "aliases", "root fields", "directives"],
)
async def test_document_of_a_forbidden_shape_is_refused_without_sql(api: Api, document: str, word: str) -> None:
    started_s = time.monotonic()
    with api.budget(sql=0):
        answer = await api.run(document)
    assert answer.data is None
    assert answer.codes[0] == "BAD_INPUT"
    assert word in answer.errors[0]["message"]
    assert time.monotonic() - started_s < 2


PAGES = """
query Pages($first: Int! = 100) {
  publicFeed(first: $first) { edges { node { replies(first: $first) { edges { node {
    replies(first: $first) { edges { node { id } } }
  } } } } } }
}
"""


@pytest.mark.parametrize("variables", [{}, {"first": 100}, {"first": 18}, {"first": 2_000_000_000}])
async def test_pages_that_multiply_beyond_the_bound_are_refused_without_sql(
    api: Api, variables: dict[str, Any]
) -> None:
    with api.budget(sql=0):
        answer = await api.run(PAGES, **variables)
    assert answer.codes == ["COST_EXCEEDED"]


async def test_affordable_pages_are_served_and_dear_ones_refused_by_the_same_document(api: Api) -> None:
    assert (await api.run(PAGES, first=3)).errors == []
    assert (await api.run(PAGES, first=60)).codes == ["COST_EXCEEDED"]
    assert (await api.run(PAGES, first=3)).errors == []


async def test_fragments_and_nodes_count_as_what_they_give(api: Api) -> None:
    spread = """
      query { publicFeed(first: 50) { ...Page } }
      fragment Page on FeedConnection { edges { node { replies(first: 100) { edges { node { id } } } } } }
    """
    assert (await api.run(spread)).codes == ["COST_EXCEEDED"]
    ids = ["x"] * 100
    document = """query ($ids: [ID!]!) {
      nodes(ids: $ids) { ... on User { followers(first: 60) { edges { node { handle } } } } }
    }"""
    assert (await api.run(document, ids=ids)).codes == ["COST_EXCEEDED"]
    assert (await api.run(document, ids=ids[:10])).errors == []


async def test_several_operations_need_a_name(api: Api) -> None:
    document = "query A { viewer { email } } query B { viewer { email } }"
    assert (await api.run(document)).codes == ["BAD_INPUT"]


def test_documents_are_kept_within_their_bounds() -> None:
    schema = core_schema(build_schema(suggests_fields=False))
    cache = DocumentCache(most_documents=3, most_bytes=60 * BYTES_PER_CHAR, longest_chars=40)
    texts = [f"{{ {name}: __typename }}" for name in "abcd"] + ["{ " + "__typename " * 5 + "}", "{ missing }"]
    kept = [cache.document(schema, text) for text in texts]
    again = [cache.document(schema, text) is document for text, document in zip(texts, kept, strict=True)]
    assert again[4:] == [False, False]  # too long, and not valid
    assert len(cache) == 3
    # What a document's plan takes counts, too: it makes the others go.
    newest = cache.document(schema, texts[3])
    newest.operations[0].compiled.plan()
    cache.weigh(texts[3], newest)
    assert len(cache) < 3
