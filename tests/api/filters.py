"""Documents about keyword filters that several tests send, and short ways to what they answer."""

from typing import Any

from tests.fixtures.api import Api
from tests.worlds import Person

_ERRORS = "errors { __typename message code path }"
_FIELDS = "id keyword isWholeWord action contexts until createdAt"
CREATE = (
    f"mutation ($input: CreateFilterInput!) {{ createFilter(input: $input) {{ filter {{ {_FIELDS} }} {_ERRORS} }} }}"
)
UPDATE = (
    f"mutation ($input: UpdateFilterInput!) {{ updateFilter(input: $input) {{ filter {{ {_FIELDS} }} {_ERRORS} }} }}"
)
DELETE = f"mutation ($input: DeleteFilterInput!) {{ deleteFilter(input: $input) {{ deletedFilterId {_ERRORS} }} }}"
FILTER = f"query ($id: ID!) {{ node(id: $id) {{ __typename ... on Filter {{ {_FIELDS} }} }} }}"
FILTERS = f"""
query ($first: Int!, $after: Cursor) {{
  viewer {{
    filters(first: $first, after: $after) {{
      edges {{ cursor node {{ {_FIELDS} }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
"""


async def create(api: Api, keyword: str, *, by: Person, **others: Any) -> Any:
    """The payload of createFilter: a filter that hides at home, unless `others` say otherwise."""
    new = {"keyword": keyword, "action": "HIDE", "contexts": ["HOME"], **others}
    return (await api.data(CREATE, by=by, input=new))["createFilter"]


async def new_filter(api: Api, keyword: str, *, by: Person, **others: Any) -> Any:
    """The new filter, which must not be refused."""
    payload = await create(api, keyword, by=by, **others)
    assert payload["errors"] == []
    return payload["filter"]


async def update(api: Api, filter_id: str, *, by: Person, **change: Any) -> Any:
    """The payload of updateFilter."""
    return (await api.data(UPDATE, by=by, input={"filterId": filter_id, **change}))["updateFilter"]


async def delete(api: Api, filter_id: str, *, by: Person) -> Any:
    """The payload of deleteFilter."""
    return (await api.data(DELETE, by=by, input={"filterId": filter_id}))["deleteFilter"]
