"""Two people meet on a server that has just been started: one subscribes, the other posts, it arrives.

Usage: first_visit.py URL [--again]. The second visit signs in instead of registering: what was there is there.
"""

import json
import sys
import urllib.request
from typing import Any

from websockets.sync.client import connect

from app.demo import DEMO_HANDLE, DEMO_PASSWORD

WITHIN_S = 10
VISITOR = {
    "handle": "visitor",
    "displayName": "Visitor",
    "email": "visitor@rookery.example",
    "password": "first visit!",
}
LOGIN = "mutation ($input: LoginInput!) { login(input: $input) { accessToken errors { message } } }"
REGISTER = "mutation ($input: RegisterInput!) { register(input: $input) { accessToken errors { message } } }"
LIVE = "subscription { homeFeed { __typename ... on PostAdded { edge { node { body author { handle } } } } } }"


def ask(url: str, document: str, *, token: str | None = None, **variables: Any) -> Any:
    """The data of one operation; ends the visit on any error."""
    headers = {"content-type": "application/json"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    body = json.dumps({"query": document, "variables": variables}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/graphql", body, headers), timeout=WITHIN_S) as response:
        answer = json.load(response)
    if answer.get("errors"):
        sys.exit(f"Errors: {answer['errors']}")
    return answer["data"]


def sign_in(url: str, *, handle: str, password: str) -> str:
    token = ask(url, LOGIN, input={"handle": handle, "password": password})["login"]["accessToken"]
    assert isinstance(token, str), f"{handle} cannot sign in"
    return token


def main() -> None:
    url, is_second = sys.argv[1], "--again" in sys.argv
    demo = sign_in(url, handle=DEMO_HANDLE, password=DEMO_PASSWORD)
    if is_second:
        visitor = sign_in(url, handle=VISITOR["handle"], password=VISITOR["password"])
    else:
        visitor = ask(url, REGISTER, input=VISITOR)["register"]["accessToken"]
        found = ask(url, "{ viewer { user { id } } }", token=demo)["viewer"]["user"]["id"]
        follow = """mutation ($id: ID!) { followUser(input: {userId: $id}) { errors { message } } }"""
        assert ask(url, follow, token=visitor, id=found)["followUser"]["errors"] == []

    with connect(url.replace("http", "ws") + "/graphql", subprotocols=["graphql-transport-ws"]) as live:
        live.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {visitor}"}}))
        assert json.loads(live.recv(WITHIN_S))["type"] == "connection_ack"
        live.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": LIVE}}))
        assert json.loads(live.recv(WITHIN_S))["payload"]["data"]["homeFeed"]["__typename"] == "Started"

        body = f"hello, visit {2 if is_second else 1}"
        post = """mutation ($body: String!) { createPost(input: {body: $body}) { post { id } errors { message } } }"""
        assert ask(url, post, token=demo, body=body)["createPost"]["post"]
        expected = {"__typename": "PostAdded", "edge": {"node": {"body": body, "author": {"handle": DEMO_HANDLE}}}}
        # What was posted a moment before the subscription may still be on its way.
        while json.loads(live.recv(WITHIN_S))["payload"]["data"]["homeFeed"] != expected:
            pass

    feed = ask(url, "{ homeFeed(first: 1) { edges { node { body } } } }", token=visitor)["homeFeed"]["edges"]
    assert feed == [{"node": {"body": body}}], feed
    with urllib.request.urlopen(f"{url}/graphiql/", timeout=WITHIN_S) as page:
        assert b"<title>" in page.read()
    sys.stdout.write("A post has arrived on a second client's subscription; GraphiQL answers.\n")


main()
