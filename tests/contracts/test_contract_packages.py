"""Root packages: known to the layers, shadowed by nobody, and imported without effects."""

import json
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from typing import Any

import pytest

from app.settings import CHECKOUT

PACKAGES = sorted(path.parent.name for path in CHECKOUT.glob("*/__init__.py") if not path.parent.name.startswith("."))
# Alembic runs the first while it is imported, Python the second.
NOT_FOR_IMPORT = ("migrations.env", "app.__main__")

IMPORT_ALL = """
import json, pkgutil, importlib, sys, threading, gc, socket
packages, excluded = json.loads(sys.argv[1])
imported = 0
for name in packages:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, prefix=name + "."):
        if module.name not in excluded and not module.name.startswith("migrations.versions."):
            importlib.import_module(module.name)
            imported += 1
sockets = [each for each in gc.get_objects() if isinstance(each, socket.socket)]
print(json.dumps({"imported": imported, "threads": threading.active_count(), "sockets": len(sockets)}))
"""


@pytest.fixture(scope="module")
def import_linter() -> Any:
    with (CHECKOUT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["tool"]["importlinter"]


def test_every_package_has_a_layer(import_linter: Any) -> None:
    assert {"core", "app", "schema"} <= set(PACKAGES)
    assert sorted(import_linter["root_packages"]) == PACKAGES
    [layers] = [contract["layers"] for contract in import_linter["contracts"] if contract["type"] == "layers"]
    in_layers = {name.strip() for layer in layers for name in layer.split("|")}
    independent = {
        name
        for contract in import_linter["contracts"]
        if contract["type"] == "forbidden"
        for name in contract["source_modules"]
    }
    assert set(PACKAGES) - in_layers <= independent - in_layers


def test_no_package_is_named_like_a_dependency_or_the_standard_library() -> None:
    others = {
        name
        for name, distributions in packages_distributions().items()
        if {distribution.lower() for distribution in distributions} != {"rookery"}
    }
    assert {"sqlalchemy", "strawberry"} <= others
    assert set(PACKAGES) & (others | set(sys.stdlib_module_names)) == set()


def test_importing_everything_needs_no_settings_and_does_nothing() -> None:
    arguments = json.dumps([PACKAGES, NOT_FOR_IMPORT])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_ALL, arguments],
        cwd=CHECKOUT,
        env={"ROOKERY_ENV": "production", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    seen = json.loads(done.stdout)
    assert seen["imported"] > 80
    assert (seen["threads"], seen["sockets"]) == (1, 0)


def test_every_index_says_which_query_it_serves() -> None:
    bare: list[str] = []
    found = 0
    for path in sorted((CHECKOUT / "models").glob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if line.strip().startswith(("sa.Index(", "sa.UniqueConstraint(")):
                found += 1
                if not lines[number - 1].strip().startswith("# "):
                    bare.append(f"{path.name}:{number + 1}")
    assert found > 10
    assert bare == []
