"""The limits over a WebSocket: those of HTTP, said for the operation alone; the socket stays."""

from tests.api.test_limits import REFUSED, SUBSCRIPTIONS
from tests.fixtures.live import LiveServer
from tests.realtime.socket_client import opened


async def test_what_http_refuses_is_refused_over_a_socket(live_server: LiveServer) -> None:
    asked = {
        **{name: (document, variables, code) for name, (document, variables, code, _) in REFUSED.items()},
        **{f"live {name}": (document, {}, code) for name, (document, code) in SUBSCRIPTIONS.items()},
    }
    async with opened(live_server.socket_url, None) as socket:
        for name, (document, variables, code) in asked.items():
            await socket.send("subscribe", id=name, payload={"query": document, "variables": variables})
            message = await socket.message()
            assert (message["type"], message["id"]) == ("error", name)
            assert {error["extensions"]["code"] for error in message["payload"]} == {code}, name
        await socket.send("subscribe", id="last", payload={"query": "{ __typename }"})
        assert (await socket.message())["payload"] == {"data": {"__typename": "Query"}}
