"""Documents about preferences of feeds that several tests send, and short ways to what they answer."""

from typing import Any

from tests.fixtures.api import Api
from tests.worlds import Person

HOME = {"kind": "HOME"}
_PREFERENCE = "kind list { name } hashtag { name } hideReplies hideReposts hideQuotes hideSeen languages"
TUNE = f"""
mutation ($input: TuneFeedInput!) {{
  tuneFeed(input: $input) {{ preference {{ {_PREFERENCE} }} errors {{ __typename message code path }} }}
}}
"""
PREFERENCES = f"""
query ($first: Int! = 20, $after: Cursor) {{
  viewer {{
    feedPreferences(first: $first, after: $after) {{
      edges {{ node {{ {_PREFERENCE} }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
"""
UNTUNED: dict[str, Any] = {
    "list": None,
    "hashtag": None,
    "hideReplies": False,
    "hideReposts": False,
    "hideQuotes": False,
    "hideSeen": False,
    "languages": [],
}


async def tune(api: Api, *, by: Person, feed: Any = HOME, **options: Any) -> Any:
    """The payload of tuneFeed."""
    return (await api.data(TUNE, by=by, input={"feed": feed, "options": options}))["tuneFeed"]


async def tuned_to(api: Api, *, by: Person, feed: Any = HOME, **options: Any) -> Any:
    """The preference as it is then, which must not be refused."""
    payload = await tune(api, by=by, feed=feed, **options)
    assert payload["errors"] == []
    return payload["preference"]
