"""Fixtures that every test may ask for, one module in tests/fixtures/ per resource; and how long a test may take."""

import pytest

# Some take a minute or two on a quiet machine; on a busy one they may take several times as long.
LONG_TIMEOUT_S = 900

pytest_plugins = [
    "tests.fixtures.servers",
    "tests.fixtures.database",
    "tests.fixtures.directories",
    "tests.fixtures.process",
    "tests.fixtures.api",
    "tests.fixtures.live",
    "tests.fixtures.browser",
    "tests.fixtures.outside_data",
    "tests.fixtures.chaos",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives long tests longer than the others have, whose limit is in pyproject.toml."""
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(LONG_TIMEOUT_S))
