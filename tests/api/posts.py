"""Documents about posts that several tests send, and short ways to what they answer."""

from typing import Any

from tests.fixtures.api import Api
from tests.worlds import Person, post_id

_ERRORS = "errors { __typename message code path }"
CREATE = f"""
mutation ($input: CreatePostInput!) {{
  createPost(input: $input) {{
    post {{
      id body replyCount author {{ handle postCount }}
      replyTo {{ __typename ... on Post {{ id replyCount }} ... on Unavailable {{ id }} }}
      root {{ __typename ... on Post {{ id }} ... on Unavailable {{ id }} }}
    }}
    {_ERRORS}
  }}
}}
"""
DELETE = f"mutation ($input: DeletePostInput!) {{ deletePost(input: $input) {{ deletedPostId {_ERRORS} }} }}"
POST = """
query ($id: ID!) {
  post(id: $id) { id body likeCount replyCount repostCount viewerHasLiked viewerHasReposted author { handle } }
}
"""
POST_ACTS = {
    "likePost": "LikePostInput",
    "unlikePost": "UnlikePostInput",
    "repost": "RepostInput",
    "undoRepost": "UndoRepostInput",
    "pinPost": "PinPostInput",
    "unpinPost": "UnpinPostInput",
    "hideReply": "HideReplyInput",
    "unhideReply": "UnhideReplyInput",
    "detachQuote": "DetachQuoteInput",
}


def act_document(act: str) -> str:
    """The document of a mutation that takes `postId` and gives the post."""
    return f"""
    mutation ($input: {POST_ACTS[act]}!) {{
      {act}(input: $input) {{
        post {{ id likeCount repostCount viewerHasLiked viewerHasReposted }}
        {_ERRORS}
      }}
    }}
    """


async def act(api: Api, name: str, post: str, *, by: Person) -> Any:
    """The payload of such a mutation."""
    return (await api.data(act_document(name), by=by, input={"postId": post}))[name]


async def create(api: Api, body: str, *, by: Person, reply_to: str | None = None) -> Any:
    """The payload of createPost."""
    return (await api.data(CREATE, by=by, input={"body": body, "replyToId": reply_to}))["createPost"]


async def delete(api: Api, post: str, *, by: Person) -> Any:
    """The payload of deletePost."""
    return (await api.data(DELETE, by=by, input={"postId": post}))["deletePost"]


async def seen(api: Api, number: int, *, by: Person | None = None) -> Any:
    """The post as somebody sees it."""
    return (await api.data(POST, by=by, id=post_id(number)))["post"]


def refusals(payload: Any) -> list[tuple[str, list[str] | None]]:
    """(type, path) of each error; an acceptable payload has none."""
    return [(error["__typename"], error["path"]) for error in payload["errors"]]
