"""Holders of servers in processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.settings import CHECKOUT
from tests.embedded.looking import START_TIMEOUT_S, Hold, Holder

HOLDER = Path(__file__).with_name("holder.py")


@pytest.fixture
def hold() -> Iterator[Hold]:
    """Starts holders; whatever still runs at the end of the test is stopped."""
    started: list[subprocess.Popen[str]] = []

    def start(data_dir: Path, *options: str, python: str = sys.executable, **popen: Any) -> Holder:
        path = os.pathsep.join([str(CHECKOUT), *popen.pop("python_path", [])])
        process = subprocess.Popen(
            [python, "-B", HOLDER, data_dir, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": path},
            **popen,
        )
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        return Holder(process, json.loads(line) if line else {})

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=START_TIMEOUT_S)
