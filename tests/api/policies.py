"""Documents about who may do what to a post."""

from typing import Any

from tests.api.posts import CREATE, act, refusals
from tests.fixtures.api import Api
from tests.worlds import Person, post_id

UPDATE = """
mutation ($input: UpdatePostPoliciesInput!) {
  updatePostPolicies(input: $input) { post { id } errors { __typename message code path } }
}
"""
ACTS = ("reply", "quote", "repost", "edit", "delete", "pin", "hideReply", "detachQuote")
_EACH = " ".join(f"{name} {{ isAllowed reasons }}" for name in ACTS)
CAN = f"query ($id: ID!) {{ post(id: $id) {{ viewerCan {{ {_EACH} }} }} }}"
# The names in the input of createPost and of other acts under which a post is answered or shown around.
PATHS = {"reply": "replyToId", "quote": "quoteId", "repost": "postId"}


async def update(api: Api, post: int, *, by: Person | None, **policies: str | None) -> Any:
    """The payload of updatePostPolicies."""
    given = {"postId": post_id(post), **policies}
    return (await api.data(UPDATE, by=by, input=given))["updatePostPolicies"]


async def reasons(api: Api, post: int, *, by: Person | None = None) -> dict[str, list[str]]:
    """Why somebody may not do each of the acts; nothing for what they may."""
    found = (await api.data(CAN, by=by, id=post_id(post)))["post"]["viewerCan"]
    for permission in found.values():
        assert permission["isAllowed"] is (not permission["reasons"])
    return {name: permission["reasons"] for name, permission in found.items()}


async def answer(api: Api, name: str, post: int, *, by: Person) -> Any:
    """The payload of a reply to a post, a quote of it, or a repost."""
    if name == "repost":
        return await act(api, "repost", post_id(post), by=by)
    return (await api.data(CREATE, by=by, input={"body": name, PATHS[name]: post_id(post)}))["createPost"]


async def is_refused(api: Api, name: str, post: int, *, by: Person) -> bool:
    """Whether such an act is not allowed; a refusal names the post that is to blame."""
    found = refusals(await answer(api, name, post, by=by))
    assert found in ([], [("NotAllowedError", [PATHS[name]])])
    return bool(found)
