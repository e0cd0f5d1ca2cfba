"""Who may see what, by every path of the schema: each cell is a viewer, a path and something that may be hidden.

A cell is wrong if something is seen that should be hidden (a leak), or hidden that should be seen (an over-block).
"""

import pytest

from tests.contracts.matrix.paths import Path
from tests.contracts.matrix.paths_by_lists import PATHS_BY_LISTS
from tests.contracts.matrix.paths_by_ranks import PATHS_BY_RANKS
from tests.contracts.matrix.paths_of_moderation import PATHS_OF_MODERATION
from tests.contracts.matrix.paths_to_posts import PATHS_TO_POSTS
from tests.contracts.matrix.paths_to_relations import PATHS_TO_RELATIONS
from tests.contracts.matrix.paths_to_users import PATHS_TO_USERS
from tests.contracts.matrix.play import expected, play, told_wrong, viewers
from tests.fixtures.api import Api

PATHS: tuple[Path, ...] = (
    *PATHS_TO_POSTS,
    *PATHS_TO_USERS,
    *PATHS_TO_RELATIONS,
    *PATHS_OF_MODERATION,
    *PATHS_BY_LISTS,
    *PATHS_BY_RANKS,
)
FEWEST_CELLS = 1_500


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
async def test_path_shows_what_it_should_and_nothing_else(api: Api, path: Path) -> None:
    cells = await play(api, path)
    assert told_wrong(cells) == []
    assert {cell.is_expected for cell in cells} == {True, False}, "a path that shows nothing proves nothing"


def test_there_are_enough_cells() -> None:
    cells = [cell for path in PATHS for viewer in viewers(path) for cell in expected(path, viewer)]
    assert len(cells) >= FEWEST_CELLS
