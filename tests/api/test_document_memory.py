"""Distinct documents in a row do not fill a server's memory, whether they are run, refused or cannot be parsed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from app.settings import CHECKOUT
from tests.fixtures.live import LiveServer
from tests.worlds import World

HOME_FEED = (CHECKOUT / "benchmarks" / "documents" / "HomeFeed.graphql").read_text()
MOST_GROWTH_BYTES = 60_000_000
WARM_UPS = 20
# Of ten documents one is run so often that it gets code of its own, one is no document, one asks for what there is not,
# and one asks for too much.
TIMES_OF_FREQUENT = 4


def documents(count: int) -> Iterator[tuple[str, int, bool]]:
    """Distinct documents of a feed's size, how often each is run, and whether it is refused."""
    for number in range(count):
        text = HOME_FEED.replace("query HomeFeed($first: Int!)", f"query Feed{number}").replace(
            "homeFeed(first: $first)", f"feed{number}: homeFeed(first: {number % 20 + 1})"
        )
        for name in ("body", "createdAt", "likeCount", "displayName"):
            text = text.replace(f" {name}\n", f" {name}{number}: {name}\n")
        match number % 10:
            case 0:
                yield text, TIMES_OF_FREQUENT, False
            case 1:
                yield text.removesuffix("}\n"), 1, True
            case 2:
                yield text.replace("likeCount", f"missing{number}"), 1, True
            case 3:
                yield text.replace("replies(first: 3", f"replies(first: {100 - number % 3}"), 1, number % 20 >= 17
            case _:
                yield text, 1, False


def resident_bytes(server: LiveServer) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024


async def growth_bytes(server: LiveServer, world: World, *, count: int) -> int:
    """How much larger a server is after so many documents than when it had answered a few."""
    headers = {"authorization": f"Bearer {world.alice.token}"}
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(base_url=server.url, headers=headers, limits=limits, timeout=30) as client:

        async def run(text: str, *, is_refused: bool) -> None:
            answer = (await client.post("/graphql", json={"query": text})).json()
            assert ("errors" in answer) is is_refused, (answer, text)

        for number in range(WARM_UPS):
            await run(f"query Warm{number} {{ homeFeed {{ edges {{ node {{ id }} }} }} }}", is_refused=False)
        before = resident_bytes(server)
        for text, times, is_refused in documents(count):
            for _ in range(times):
                await run(text, is_refused=is_refused)
        return resident_bytes(server) - before


@pytest.fixture
async def server(start_server: Callable[[], LiveServer], world: World) -> LiveServer:
    for author in (world.alice, world.bob, world.carol):
        post = await world.post(author, "a post")
        await world.post(world.bob, "a reply", reply_to=post)
    return start_server()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="The system does not tell a process's memory.")
async def test_hundreds_of_documents_leave_memory_bounded(server: LiveServer, world: World) -> None:
    assert await growth_bytes(server, world, count=500) < MOST_GROWTH_BYTES


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="The system does not tell a process's memory.")
async def test_ten_thousand_documents_leave_memory_bounded(server: LiveServer, world: World) -> None:
    assert await growth_bytes(server, world, count=10_000) < MOST_GROWTH_BYTES
