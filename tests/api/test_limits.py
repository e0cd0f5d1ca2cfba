"""What a document may ask for: refused before any SQL, with the reason, however it was sent and is executed."""

from typing import Any

import pytest

from app.services import ProcessServices
from app.settings import Settings
from app.transport.api import GraphQLRequest, subscribe
from tests.fixtures.api import Api

MILLION_SPREADS = (
    "query { ...f0 } "
    + " ".join(f"fragment f{number} on Query {{ ...f{number + 1} ...f{number + 1} }}" for number in range(20))
    + " fragment f20 on Query { viewer { email } }"
)
# Each would also read something.
PAGE = """query ($first: Int! = 20) {
  publicFeed(first: $first) { edges { cursor } }
  other: publicFeed { edges { cursor } }
}"""
PAGES = """
query Pages($first: Int! = 100) {
  publicFeed(first: $first) { edges { node { replies(first: $first) { edges { node {
    replies(first: $first) { edges { node { id } } }
  } } } } } }
}
"""
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } publicFeed { edges { cursor } } }"
CREATE = "mutation ($input: CreatePostInput!) { createPost(input: $input) { post { id } } }"
REFUSED: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "million spreads": (MILLION_SPREADS, {}, "BAD_INPUT", "2097152 fields; 1000 are allowed"),
    "shape": ("{ " + "publicFeed { edges { cursor } } " * 21 + "}", {}, "BAD_INPUT", "21 root fields"),
    "page": (PAGE.replace("$first)", "101)"), {}, "BAD_INPUT", "`first` must be between 1 and 100, not 101."),
    "page by variable": (PAGE, {"first": 101}, "BAD_INPUT", "`first` must be between 1 and 100, not 101."),
    "no page": (PAGE, {"first": 0}, "BAD_INPUT", "between 1 and 100"),
    "negative page": (PAGE, {"first": -1}, "BAD_INPUT", "between 1 and 100"),
    "fraction of a page": (PAGE, {"first": 2.5}, "BAD_INPUT", "Int cannot represent"),
    "true page": (PAGE, {"first": True}, "BAD_INPUT", "Int cannot represent"),
    "page in words": (PAGE, {"first": "20"}, "BAD_INPUT", "Int cannot represent"),
    "page of pages": (PAGE, {"first": [20]}, "BAD_INPUT", "Int cannot represent"),
    "null page": (PAGE, {"first": None}, "BAD_INPUT", "not to be None"),
    "default page": (PAGE.replace("= 20", "= 101"), {}, "BAD_INPUT", "between 1 and 100, not 101"),
    "ids": (NODES, {"ids": ["x"] * 101}, "BAD_INPUT", "a list of 101 items"),
    "literal ids": (f"{{ nodes(ids: [{'1 ' * 101}]) {{ id }} }}", {}, "BAD_INPUT", "a list of 101 items"),
    "deep list": (CREATE, {"input": {"body": "x", "a": [{"b": [1] * 101}]}}, "BAD_INPUT", "a list of 101 items"),
    "keys": (CREATE, {"input": {f"a{number}": 1 for number in range(101)}}, "BAD_INPUT", "an object of 101 fields"),
    "values": (CREATE, {"input": {"body": [[[1] * 100] * 100]}}, "BAD_INPUT", "more than 10000 values"),
    "cost": (PAGES, {}, "COST_EXCEEDED", "1010100 points"),
    "cost by variable": (PAGES, {"first": 17}, "COST_EXCEEDED", "5219 points"),
    "cost of nodes": (
        NODES.replace("{ id }", "{ ... on User { followers(first: 100) { edges { node { id } } } } }"),
        {"ids": ["x"] * 50},
        "COST_EXCEEDED",
        "5050 points",
    ),
}


@pytest.fixture(params=[True, False], ids=["compiled", "stock"])
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """Each test with compiled operations, and with graphql-core's executor."""
    return settings.model_copy(update={"compiled_execution": request.param})


async def test_what_is_beyond_a_limit_is_refused_without_sql(api: Api) -> None:
    for name, (document, variables, code, reason) in REFUSED.items():
        with api.budget(sql=0):
            answer = await api.run(document, **variables)
        assert answer.data is None, name
        assert set(answer.codes) == {code}, name
        assert reason in answer.errors[0]["message"], name


async def test_what_is_within_the_limits_is_served(api: Api) -> None:
    for document, variables in (
        (PAGE, {}),
        (PAGE, {"first": 1}),
        (PAGE, {"first": 100}),
        (PAGE, {"first": 100.0}),
        (PAGES, {"first": 16}),
        (NODES, {"ids": ["x"] * 100}),
        (NODES, {"ids": []}),
    ):
        assert (await api.run(document, **variables)).errors == []


async def test_affordable_pages_are_served_and_dear_ones_refused_by_the_same_document(api: Api) -> None:
    for _ in range(2):
        assert (await api.run(PAGES, first=3)).errors == []
        assert (await api.run(PAGES, first=60)).codes == ["COST_EXCEEDED"]
        assert (await api.run(PAGES, first=101)).codes == ["BAD_INPUT"]


async def test_several_operations_need_a_name(api: Api) -> None:
    document = "query A { viewer { email } } query B { viewer { email } }"
    assert (await api.run(document)).codes == ["BAD_INPUT"]


REPLIES = (
    "subscription { homeFeed { ... on PostAdded { edge { node { replies(first: 100) { edges { cursor %s } } } } } } }"
)
SUBSCRIPTIONS = {
    "shape": ("subscription { " + "homeFeed { __typename } " * 21 + "}", "BAD_INPUT"),
    "page": (REPLIES.replace("100", "101") % "", "BAD_INPUT"),
    "cost": (REPLIES % "node { replies(first: 50) { edges { node { id } } } }", "COST_EXCEEDED"),
}


async def test_subscription_beyond_a_limit_is_refused_without_sql(api: Api, services: ProcessServices) -> None:
    for name, (document, code) in SUBSCRIPTIONS.items():
        context = services.open_context(None, client_ip="", request_id="x")
        with api.budget(sql=0):
            outcomes = [one async for one in subscribe(services, context, GraphQLRequest(document), request_id="x")]
        [outcome] = outcomes
        assert outcome.is_request_error, name
        assert {error["extensions"]["code"] for error in outcome.errors} == {code}, name
