"""Every rule is tested on both executors."""

import pytest

from tests.compiler.rules.executors import EXECUTORS, Executor


@pytest.fixture(params=EXECUTORS)
def executor(request: pytest.FixtureRequest) -> Executor:
    return Executor(request.param)
