"""Fixtures of the comparisons with graphql-core."""

import gc
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

T = TypeVar("T", bound=Callable[..., object])

FIXED_SEED = 20_261_123


def unawaited_by_graphql_core(test: T) -> T:
    """Marks a test that runs graphql-core's executor, which leaves coroutines unawaited where a null ends others."""
    quiet = pytest.mark.filterwarnings(
        "ignore:coroutine .* was never awaited:RuntimeWarning",
        "ignore::pytest.PytestUnraisableExceptionWarning",
    )
    marked: T = pytest.mark.usefixtures("unawaited_collected")(quiet(test))
    return marked


@pytest.fixture
def unawaited_collected() -> Iterator[None]:
    """What is left unawaited is found before the test ends, and no other test is blamed for it."""
    yield
    gc.collect()


@pytest.fixture
def fresh_seed(pytestconfig: pytest.Config) -> int:
    """Another one in each run; its first lines say it, and `--randomly-seed` repeats it."""
    return int(pytestconfig.getoption("randomly_seed", FIXED_SEED))
