"""No field that can lead to a post or a user is left out of the matrix."""

import pytest
from graphql import GraphQLSchema, build_schema, print_schema

from schema.documents import core_schema
from schema.root import build_schema as build_rookery
from tests.contracts.matrix import walk
from tests.contracts.matrix.acts import ACTS, SOURCES
from tests.contracts.matrix.exempt import EXEMPT
from tests.contracts.matrix.live import LIVE
from tests.contracts.matrix.play import whole
from tests.contracts.test_matrix import PATHS

LEADING_ACTS = [act for act in (*ACTS, *SOURCES.values()) if act.leads]
DOCUMENTS = [*map(whole, PATHS), *(act.document for act in LEADING_ACTS), *LIVE.values()]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return core_schema(build_rookery(suggests_fields=True))


def with_field(schema: GraphQLSchema, kind: str, field: str) -> GraphQLSchema:
    """A copy of the schema in which a type has one field more."""
    return build_schema(f"{print_schema(schema)}\nextend type {kind} {{ {field} }}")


def test_every_field_that_leads_to_a_post_or_a_user_is_in_the_matrix(schema: GraphQLSchema) -> None:
    assert walk.unclaimed(schema, DOCUMENTS, exempt=EXEMPT) == set()


def test_what_is_exempt_is_there_and_not_in_the_matrix(schema: GraphQLSchema) -> None:
    assert EXEMPT.keys() <= walk.leading_fields(schema)
    assert {field for document in DOCUMENTS for field in walk.claims(schema, document)} & EXEMPT.keys() == set()
    assert all(EXEMPT.values())


@pytest.mark.parametrize(
    ("kind", "field", "found"),
    [
        ("Query", "newest: Post", {"Query.newest"}),
        ("User", "bestFriends: [User!]!", {"User.bestFriends"}),
        ("Viewer", "nearby(first: Int! = 20): UserConnection!", {"Viewer.nearby"}),
        ("PageInfo", "first: Node", {"PageInfo.first"}),
        ("LogoutPayload", "last: PostRef", {"LogoutPayload.last", "Mutation.logout"}),
        ("Post", "remark: String", set()),
    ],
)
def test_a_new_field_is_missed_until_it_has_its_place(
    schema: GraphQLSchema, kind: str, field: str, found: set[str]
) -> None:
    copied = with_field(schema, kind, field)
    missed = walk.unclaimed(copied, DOCUMENTS, exempt=EXEMPT) - walk.unclaimed(schema, DOCUMENTS, exempt=EXEMPT)
    assert found <= missed
    assert bool(missed) is bool(found)
