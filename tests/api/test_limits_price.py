"""What operations cost: one point for each object that may be returned, ten for an act; known before they are run."""

from typing import Any

import pytest
from graphql import GraphQLSchema

from core.errors import BadInputError
from schema.documents import DocumentCache, core_schema
from schema.prices import MOST_REMEMBERED_SIZES
from schema.root import build_schema
from tests.fixtures.api import Api
from tests.worlds import World


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return core_schema(build_schema(suggests_fields=False))


def cost_of(schema: GraphQLSchema, text: str, name: str | None = None, **variables: Any) -> int:
    """What an operation costs. The document must be valid."""
    document = DocumentCache().document(schema, text)
    assert document.errors == []
    operation = document.named(name)
    assert operation is not None
    return operation.require_affordable(variables)


FEED = "query ($n: Int! = 7, $m: Int) { publicFeed(first: $n) { edges { node { replies(first: $m) { %s } } } } }"
POSTS = FEED.replace(", $m: Int", "").replace("$m", "3") % "edges { node { id } }"
PAGE = "fragment Page on PostConnection { edges { node { author { id } } } pageInfo { endCursor } }"
COSTS: dict[str, tuple[str, dict[str, Any], int]] = {
    "nothing": ("{ __typename }", {}, 0),
    "an object": ("{ viewer { email } }", {}, 1),
    "objects below": ("{ viewer { user { id } } }", {}, 2),
    "a page": ("{ publicFeed(first: 5) { edges { node { id } } } }", {}, 5),
    "a page by default": ("{ publicFeed { edges { node { id } } } }", {}, 20),
    "only the form of a page": ("{ publicFeed(first: 100) { edges { cursor } pageInfo { endCursor } } }", {}, 0),
    "a count that looks at a page": ("{ publicFeed(first: 5) { unreadCount edges { node { id } } } }", {}, 105),
    "such a count in a page": (
        "{ publicFeed(first: 5) { edges { node { author { posts(first: 1) { unreadCount } } } } } }",
        {},
        5 * (2 + 100),
    ),
    "pages within pages": (POSTS.replace("$n)", "5)").replace("($n: Int! = 7)", ""), {}, 5 * (1 + 3)),
    "objects of edges": ("{ publicFeed(first: 5) { edges { reason { user { id } } } } }", {}, 5 * 2),
    "by variable": (POSTS, {"n": 5}, 5 * (1 + 3)),
    "by the variable's default": (POSTS, {}, 7 * (1 + 3)),
    "whole fraction": (POSTS, {"n": 5.0}, 5 * (1 + 3)),
    "by two variables": (FEED % "edges { node { id } }", {"n": 5, "m": 10}, 5 * (1 + 10)),
    "by the argument's default": (FEED % "edges { node { id } }", {"n": 5}, 5 * (1 + 20)),
    "null": (FEED % "edges { node { id } }", {"n": 5, "m": None}, 5 * (1 + 100)),
    "aliases add up": (
        "{ a: publicFeed(first: 5) { edges { node { id } } } b: publicFeed(first: 6) { edges { node { id } } } }",
        {},
        11,
    ),
    "a fragment in lists of different lengths": (
        f"""query ($n: Int!) {{
          one: publicFeed(first: 5) {{ edges {{ node {{ replies(first: 2) {{ ...Page }} }} }} }}
          other: publicFeed(first: $n) {{ edges {{ node {{ replies(first: 3) {{ ...Page ...Page }} }} }} }}
        }} {PAGE}""",
        {"n": 10},
        5 * (1 + 2 * 2) + 10 * (1 + 3 * 2 * 2),
    ),
    "a fragment of a list": (
        f"""query ($n: Int!) {{
          post(id: "x") {{ replies(first: $n) {{ ... on PostConnection {{ ...Page }} }} }}
        }} {PAGE}""",
        {"n": 10},
        1 + 10 * 2,
    ),
    "nodes": ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x"] * 9}, 9),
    "literal nodes": ('{ nodes(ids: ["x", "y"]) { id ... on Post { author { id } } } }', {}, 2 * 2),
    "one node for a list": ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": "x"}, 1),
    "an act": ('mutation { deletePost(input: {postId: "x"}) { deletedPostId } }', {}, 10 + 1),
    "acts": (
        "mutation { ...Out ...Out } fragment Out on Mutation { logout { errors { message } } }",
        {},
        2 * (10 + 1 + 10),
    ),
    "an event": ("subscription { homeFeed { ... on PostAdded { edge { node { author { id } } } } } }", {}, 1 + 2),
    "introspection": ("{ __schema { types { fields { args { type { name } } } } } }", {}, 0),
}


@pytest.mark.parametrize("name", COSTS)
def test_an_operation_costs_what_it_may_return(schema: GraphQLSchema, name: str) -> None:
    document, variables, cost = COSTS[name]
    assert cost_of(schema, document, **variables) == cost


def test_each_operation_has_its_own_price(schema: GraphQLSchema) -> None:
    document = """
      query Small($n: Int! = 2) { publicFeed(first: $n) { ...Posts } }
      query Large($n: Int! = 50, $m: Int! = 3) {
        publicFeed(first: $n) { ...Posts }
        more: publicFeed(first: $m) { ...Posts }
      }
      fragment Posts on FeedConnection { edges { node { id } } }
    """
    assert cost_of(schema, document, "Small") == 2
    assert cost_of(schema, document, "Small", n=9, m=100) == 9
    assert cost_of(schema, document, "Large") == 53
    assert cost_of(schema, document, "Large", n=1, m=1) == 2


def test_no_size_is_cheaper_than_the_page_that_it_gives(schema: GraphQLSchema) -> None:
    document = DocumentCache().document(schema, FEED % "edges { node { id } }")
    [operation] = document.operations
    for size in (0, -1, -(10**400), 101, 10**400, 1e300):
        with pytest.raises(BadInputError):
            operation.require_affordable({"n": 2, "m": size})
    # None of these is a page: they are refused when they are coerced, and must not make the price of one that is.
    others: list[Any] = [True, False, 2.5, "1", "x" * 100_000, None, {}, {"x": 1}, [], [1]]
    for size in others:
        assert operation.require_affordable({"n": 2, "m": size}) == 2 * (1 + 100), size
        assert operation.require_affordable({"n": 2, "m": 1}) == 2 * (1 + 1)
    with pytest.raises(BadInputError):
        operation.require_affordable({"n": 2, "m": 0})


def test_prices_that_are_remembered_take_little_room(schema: GraphQLSchema) -> None:
    document = DocumentCache().document(schema, FEED % "edges { node { id } }")
    [operation] = document.operations
    remembered = operation._price._remembered
    for size in range(1, 101):
        for other in (1, 2, 3):
            assert operation.require_affordable({"n": other, "m": size}) == other * (1 + size)
    assert 0 < 2 * len(remembered) <= MOST_REMEMBERED_SIZES
    operation.require_affordable({"n": 1, "m": "x" * 100_000})
    assert {type(size) for key in remembered for size in key} <= {int}


async def test_full_pages_give_as_many_objects_as_they_cost(api: Api, world: World) -> None:
    for number in range(4):
        post = await world.post(world.bob, f"post {number}")
        for _ in range(3):
            await world.post(world.carol, "a reply", reply_to=post)
    document = """query ($n: Int!, $m: Int!) {
      publicFeed(first: $n) { edges { node { __typename author { __typename }
        replies(first: $m) { edges { node { __typename author { __typename } } } }
      } } }
    }"""
    for n, m in ((4, 3), (2, 2), (1, 1)):
        data = await api.data(document, n=n, m=m)
        [operation] = DocumentCache().document(core_schema(api.services.schema), document).operations
        assert str(data).count("__typename") == operation.require_affordable({"n": n, "m": m})
