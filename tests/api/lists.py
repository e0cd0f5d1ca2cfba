"""Documents about lists and circles that several tests send, and short ways to what they answer."""

from typing import Any

from tests.fixtures.api import Api
from tests.worlds import Person

_ERRORS = "errors { __typename message code path }"
_LIST = "list { id name isPrivate isExclusive replies owner { handle } }"
_CIRCLE = "circle { id name }"
_INPUTS = {
    "createList": ("CreateListInput", _LIST),
    "updateList": ("UpdateListInput", _LIST),
    "deleteList": ("DeleteListInput", "deletedListId"),
    "addToList": ("AddToListInput", _LIST),
    "removeFromList": ("RemoveFromListInput", _LIST),
    "createCircle": ("CreateCircleInput", _CIRCLE),
    "updateCircle": ("UpdateCircleInput", _CIRCLE),
    "deleteCircle": ("DeleteCircleInput", "deletedCircleId"),
    "addToCircle": ("AddToCircleInput", _CIRCLE),
    "removeFromCircle": ("RemoveFromCircleInput", _CIRCLE),
}
_PAGE = "pageInfo { hasNextPage endCursor }"
MEMBERS = f"""
query ($id: ID!, $first: Int! = 100, $after: Cursor) {{
  node(id: $id) {{
    ... on List {{ members(first: $first, after: $after) {{ edges {{ cursor node {{ handle }} }} {_PAGE} }} }}
    ... on Circle {{ members(first: $first, after: $after) {{ edges {{ cursor node {{ handle }} }} {_PAGE} }} }}
  }}
}}
"""
OWN = """
query ($first: Int! = 100, $after: Cursor) {
  viewer {
    %s(first: $first, after: $after) {
      edges { cursor node { id name members(first: 5) { edges { node { handle } } } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""


def group_document(name: str) -> str:
    """The document of a mutation of lists or circles."""
    kind, selection = _INPUTS[name]
    return f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {selection} {_ERRORS} }} }}"


async def change(api: Api, act: str, /, *, by: Person, **given: Any) -> Any:
    """The payload of a mutation of lists or circles."""
    return (await api.data(group_document(act), by=by, input=given))[act]


async def new_list(api: Api, name: str, *members: Person, by: Person, **given: Any) -> str:
    """The id of a new list with these people."""
    return await _new(api, "list", name, members, by, given)


async def new_circle(api: Api, name: str, *members: Person, by: Person) -> str:
    """The id of a new circle with these people."""
    return await _new(api, "circle", name, members, by, {})


async def _new(api: Api, noun: str, name: str, members: tuple[Person, ...], by: Person, given: dict[str, Any]) -> str:
    payload = await change(api, f"create{noun.title()}", by=by, name=name, **given)
    assert payload["errors"] == []
    assert payload[noun]["name"] == name
    group_id: str = payload[noun]["id"]
    for member in members:
        added = await change(api, f"addTo{noun.title()}", by=by, **{f"{noun}Id": group_id, "userIds": [member.id]})
        assert added["errors"] == []
    return group_id


async def members_of(api: Api, group_id: str, *, by: Person | None) -> list[str] | None:
    """The handles of who is on a list or in a circle, as somebody sees them; None if they do not see it at all."""
    found = (await api.data(MEMBERS, by=by, id=group_id))["node"]
    return None if found is None else [edge["node"]["handle"] for edge in found["members"]["edges"]]


async def groups_of(api: Api, noun: str, person: Person) -> dict[str, list[str]]:
    """Who is in each of a person's lists or circles, by its name, in the list's order."""
    edges = (await api.data(OWN % f"{noun}s", by=person))["viewer"][f"{noun}s"]["edges"]
    return {
        edge["node"]["name"]: [member["node"]["handle"] for member in edge["node"]["members"]["edges"]]
        for edge in edges
    }
