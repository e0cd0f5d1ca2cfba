"""Documents about hashtags that several tests send, and short ways to what they answer."""

from typing import Any

from tests.fixtures.api import Api
from tests.worlds import Person

_ERRORS = "errors { __typename message code path }"
_FIELDS = "id name postCount followerCount viewerFollows"
HASHTAG = f"query ($name: String!) {{ hashtag(name: $name) {{ {_FIELDS} }} }}"
HOME = """
query ($first: Int!, $after: Cursor) {
  homeFeed(first: $first, after: $after) {
    edges { reason { kind user { handle } hashtag { name } } node { body author { handle viewerFollow } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""


def act_document(act: str) -> str:
    """The document of followHashtag or unfollowHashtag."""
    kind = f"{act[0].upper()}{act[1:]}Input"
    return f"mutation ($input: {kind}!) {{ {act}(input: $input) {{ hashtag {{ {_FIELDS} }} {_ERRORS} }} }}"


async def act(api: Api, name: str, hashtag: str, *, by: Person) -> Any:
    """The payload of followHashtag or unfollowHashtag."""
    return (await api.data(act_document(name), by=by, input={"name": hashtag}))[name]


async def follow(api: Api, hashtag: str, *, by: Person) -> None:
    """Follows a hashtag, which must not be refused."""
    payload = await act(api, "followHashtag", hashtag, by=by)
    assert payload["errors"] == []


async def seen(api: Api, name: str, *, by: Person | None = None) -> Any:
    """The hashtag as somebody sees it."""
    return (await api.data(HASHTAG, by=by, name=name))["hashtag"]
