"""The matrix of what is told live: messages come for every post, and the rules are asked when they are delivered."""

import pytest

from tests.contracts.matrix.live import LIVE, connected, hear
from tests.contracts.matrix.play import told_wrong
from tests.contracts.matrix.stage import set_stage
from tests.fixtures.api import Api


@pytest.mark.parametrize("field", LIVE)
async def test_nobody_hears_of_what_they_may_not_see(api: Api, field: str) -> None:
    stage = await set_stage(api.services)
    await connected(api)
    cells = [cell for viewer in stage.signed_in for cell in await hear(api, stage, field, viewer)]
    assert told_wrong(cells) == []
    assert {cell.is_expected for cell in cells} == {True, False}
