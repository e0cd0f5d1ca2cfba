"""Fixtures that every test may ask for. One module in tests/fixtures/ per resource."""

pytest_plugins = [
    "tests.fixtures.servers",
    "tests.fixtures.database",
    "tests.fixtures.process",
    "tests.fixtures.api",
    "tests.fixtures.live",
    "tests.fixtures.browser",
    "tests.fixtures.outside_data",
    "tests.fixtures.chaos",
]
