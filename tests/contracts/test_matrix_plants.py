"""The matrix finds leaks: each of these is planted in code that runs, and must be seen."""

import pytest

from tests.contracts.matrix import plants
from tests.contracts.matrix.live import LIVE, connected, hear
from tests.contracts.matrix.plants import Plant
from tests.contracts.matrix.play import play
from tests.contracts.matrix.stage import set_stage
from tests.contracts.test_matrix import PATHS
from tests.fixtures.api import Api

BY_NAME = {path.name: path for path in PATHS}


@pytest.mark.parametrize(
    ("plant", "name"),
    [
        (plants.posts_by_id_are_not_guarded, "own likes"),
        (plants.pages_are_not_guarded, "quotes"),
        (plants.references_are_not_guarded, "quote"),
        (plants.nodes_are_not_guarded, "nodes"),
        (plants.strangers_see_all_of_an_account, "users as nodes"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
async def test_planted_leak_is_seen(api: Api, monkeypatch: pytest.MonkeyPatch, plant: Plant, name: str) -> None:
    plant(monkeypatch)
    leaks = [cell for cell in await play(api, BY_NAME[name]) if cell.is_leak]
    assert {"stranger", "blocked"} <= {cell.viewer for cell in leaks}


async def test_planted_leak_is_heard(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    plants.live_posts_are_not_guarded(monkeypatch)
    stage = await set_stage(api.services)
    await connected(api)
    for field in LIVE:
        assert any(cell.is_leak for cell in await hear(api, stage, field, "blocked"))
