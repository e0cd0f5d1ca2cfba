"""The limit: what one writes by hand for these five requests and nothing else, without GraphQL and without Redis.

Starlette, asyncpg, orjson. It checks the same tokens, keeps the same rules for text, and gives the same answers.
`python -m benchmarks.handwritten` serves on HOST and PORT from DATABASE_URL.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from actions import inputs
from app.settings import Settings, settings
from benchmarks import handwritten_sql as sql
from core import ids, text
from core.clock import utc_now
from core.paging import Listing, encode_cursor
from core.tokens import InvalidTokenError, Tokens
from events.posts import EntryAdded

FEED_REPLIES = 3
THREAD_REPLIES = 30
PROFILE_POSTS = 10
REQUEST_DEADLINE_S = 10.0
UNAUTHORIZED = 401

# Rows are asyncpg's records; the JSON values are built of them by name.
_Row = Any
_Json = dict[str, Any]
Answer = Callable[[Any, int, Mapping[str, Any]], Awaitable[_Json]]


async def home_feed(connection: Any, viewer_id: int, variables: Mapping[str, Any]) -> _Json:
    first = int(variables["first"])
    return await feed_of(connection, await connection.fetch(sql.HOME_FEED, viewer_id, first + 1), first)


async def feed_of(connection: Any, rows: Sequence[_Row], first: int) -> _Json:
    """The home feed of the first `first` rows; one more tells that it goes on."""
    shown = rows[:first]
    replies: dict[int, list[_Json]] = {row["id"]: [] for row in shown}
    for reply in await connection.fetch(sql.FEED_REPLIES, list(replies), FEED_REPLIES):
        author = {"handle": reply["handle"], "displayName": reply["display_name"]}
        replies[reply["parent_id"]].append({"node": {**_post(reply), "author": author}})
    edges = [
        {
            "node": {
                **_dated(row),
                **_counts(row),
                "repostCount": row["reposts"],
                "author": {
                    **_author(row),
                    "followerCount": row["followers"],
                    "viewerFollow": _follow(row),
                },
                "replies": {"edges": replies[row["id"]]},
            }
        }
        for row in shown
    ]
    info = _page_info(Listing.HOME_FEED, [row["entry_id"] for row in shown], has_next=len(rows) > first)
    return {"homeFeed": {"edges": edges, "pageInfo": info}}


async def post_thread(connection: Any, viewer_id: int, variables: Mapping[str, Any]) -> _Json:
    post_id = ids.number_of(ids.Kind.POST, variables["id"])
    found = await connection.fetchrow(sql.POST, viewer_id, post_id)
    if found is None:
        return {"post": None}
    rows = await connection.fetch(sql.REPLIES, viewer_id, post_id, THREAD_REPLIES + 1)
    shown = rows[:THREAD_REPLIES]
    edges = [{"node": {**_dated(row), **_counts(row), "author": _author(row)}} for row in shown]
    info = _page_info(Listing.REPLIES_OLDEST_FIRST, [row["id"] for row in shown], has_next=len(rows) > THREAD_REPLIES)
    replies = {"edges": edges, "pageInfo": info}
    return {"post": {**_dated(found), **_counts(found), "author": _author(found), "replies": replies}}


async def profile(connection: Any, viewer_id: int, variables: Mapping[str, Any]) -> _Json:
    user = await connection.fetchrow(sql.USER, viewer_id, variables["handle"])
    if user is None:
        return {"user": None}
    rows = await connection.fetch(sql.USER_POSTS, viewer_id, user["id"], PROFILE_POSTS + 1)
    shown = rows[:PROFILE_POSTS]
    edges = [{"node": {**_dated(row), **_counts(row), "repostCount": row["reposts"]}} for row in shown]
    info = _page_info(Listing.USER_POSTS, [row["entry_id"] for row in shown], has_next=len(rows) > PROFILE_POSTS)
    return {
        "user": {
            "id": ids.encode(ids.Kind.USER, user["id"]),
            "handle": user["handle"],
            "displayName": user["display_name"],
            "bio": user["bio"],
            "createdAt": ids.time_of(user["id"]),
            "postCount": user["posts"],
            "followerCount": user["followers"],
            "followingCount": user["following"],
            "viewerFollow": _follow(user),
            "posts": {"edges": edges, "pageInfo": info},
        }
    }


async def create_post(connection: Any, viewer_id: int, variables: Mapping[str, Any]) -> _Json:
    body = text.normalised(variables["body"])
    if problem := inputs.problem_of_text(body, inputs.BODY, field="body"):
        return {"createPost": {"post": None, "errors": [{"code": problem.code, "message": problem.message}]}}
    queues = [str(queue) for queue in EntryAdded.queues]
    row = await connection.fetchrow(sql.CREATE_POST, viewer_id, body, EntryAdded.__name__, queues)
    return {"createPost": {"post": {**_dated(row), "author": _author(row)}, "errors": []}}


def _post(row: _Row) -> _Json:
    return {"id": ids.encode(ids.Kind.POST, row["id"]), "body": row["body"]}


def _dated(row: _Row) -> _Json:
    return {**_post(row), "createdAt": ids.time_of(row["id"])}


def _counts(row: _Row) -> _Json:
    return {"likeCount": row["likes"], "replyCount": row["replies"], "viewerHasLiked": row["is_liked"]}


def _author(row: _Row) -> _Json:
    return {
        "id": ids.encode(ids.Kind.USER, row["author_id"]),
        "handle": row["handle"],
        "displayName": row["display_name"],
    }


def _follow(row: _Row) -> str:
    return "FOLLOWING" if row["is_followed"] else "NONE"


def _page_info(listing: Listing, keys: Sequence[int], *, has_next: bool) -> _Json:
    return {"hasNextPage": has_next, "endCursor": encode_cursor(listing, keys[-1]) if keys else None}


ANSWERS: Mapping[str, Answer] = {
    "HomeFeed": home_feed,
    "PostThread": post_thread,
    "Profile": profile,
    "CreatePost": create_post,
}


def create_app(given: Settings, answers: Mapping[str, Answer]) -> Starlette:
    """The application; the settings must name a database."""
    tokens = Tokens(given.secret_key.get_secret_value(), access_ttl_s=given.access_token_ttl_s)

    def viewer_of(request: Request) -> int:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidTokenError("No access token.")
        return tokens.access_claims(token, now=utc_now()).account_id

    def route(name: str, answer: Answer) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                viewer_id = viewer_of(request)
            except InvalidTokenError:
                return Response(status_code=UNAUTHORIZED)
            variables = orjson.loads(await request.body())
            async with request.app.state.pool.acquire() as connection:
                data = await answer(connection, viewer_id, variables)
            return _json({"data": data})

        return Route(f"/{name}", endpoint, methods=["POST"])

    async def floor(request: Request) -> Response:
        try:
            viewer_of(request)
        except InvalidTokenError:
            return Response(status_code=UNAUTHORIZED)
        orjson.loads(await request.body())
        return _json({"data": {"__typename": "Query"}})

    async def is_ready(_request: Request) -> Response:
        return Response(status_code=200)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with asyncpg.create_pool(
            given.database_url,
            min_size=0,
            max_size=given.database_pool_size,
            command_timeout=REQUEST_DEADLINE_S,
            reset=_nothing_to_reset,
        ) as app.state.pool:
            yield

    routes = [route(name, answer) for name, answer in answers.items()]
    routes += [Route("/Floor", floor, methods=["POST"]), Route("/health/ready", is_ready)]
    return Starlette(routes=routes, lifespan=lifespan)


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


async def _nothing_to_reset(_connection: object) -> None:
    return


def serve(answers: Mapping[str, Answer] = ANSWERS) -> None:
    """Serves these answers, each under its name, until a signal comes."""
    given = settings()
    config = uvicorn.Config(
        create_app(given, answers),
        host=given.host,
        port=given.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    serve()
