"""docs/settings.md says what app.settings reads: every variable, its default, and no secret."""

import re
from pathlib import Path

import pytest
import typer
from pydantic import SecretStr
from typer.testing import CliRunner

from app.commands import settings as command
from app.settings import DEVELOPMENT_SECRET, Settings

LINE = re.compile(r"^\| `(?P<variable>[A-Z_]+)` \| (?P<default>.*?) \| (?P<meaning>.*) \|$", re.MULTILINE)
CODE = re.compile(r"`(.*)`")

# A value that is not the default, for each variable that takes only certain words.
OTHER_WORDS = {"ROOKERY_ENV": "development", "LOG_LEVEL": "debug"}
SECRET = "a-secret-of-this-test-of-enough-characters"


@pytest.fixture
def lines() -> list[re.Match[str]]:
    return list(LINE.finditer(command.COMMITTED.read_text(encoding="utf-8")))


@pytest.fixture
def run() -> CliRunner:
    return CliRunner()


@pytest.fixture
def cli() -> typer.Typer:
    cli = typer.Typer()
    cli.command()(command.settings_document)
    return cli


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without any setting but the secret that production needs."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("SECRET_KEY", SECRET)
    return monkeypatch


def as_text(value: object) -> str:
    """A setting as one writes it into the environment."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def other_value(variable: str) -> str:
    """A text that the variable accepts and that is not what it is set to in a bare environment."""
    if variable in OTHER_WORDS:
        return OTHER_WORDS[variable]
    default = Settings.model_fields[variable.lower()].default
    match default:
        case SecretStr():
            return SECRET[::-1]
        case bool():
            return as_text(not default)
        case int() | float():
            return str(default + 1)
        case _:
            return "/elsewhere"


def test_page_is_what_the_code_prints() -> None:
    assert command.COMMITTED.read_text(encoding="utf-8") == command.document()


def test_every_setting_is_on_the_page_with_a_meaning(lines: list[re.Match[str]]) -> None:
    assert [line["variable"].lower() for line in lines] == list(Settings.model_fields)
    assert all(line["meaning"].strip() for line in lines)


def test_defaults_on_the_page_are_those_of_a_bare_environment(
    lines: list[re.Match[str]], bare_environment: pytest.MonkeyPatch
) -> None:
    found = Settings()
    shown = {line["variable"].lower(): CODE.fullmatch(line["default"]) for line in lines}

    assert {name: default[1] for name, default in shown.items() if default} == {
        name: as_text(getattr(found, name)) for name, default in shown.items() if default
    }
    without = {name for name, default in shown.items() if default is None}
    assert without == {"database_url", "redis_url", "secret_key", "rookery_data_dir"}


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_documented_variable_sets_its_field(name: str, bare_environment: pytest.MonkeyPatch) -> None:
    before = getattr(Settings(), name)

    bare_environment.setenv(name.upper(), other_value(name.upper()))

    after = getattr(Settings(), name)
    assert after != before
    assert as_text(after) == other_value(name.upper())


def test_secret_is_not_on_the_page() -> None:
    assert DEVELOPMENT_SECRET not in command.document()


def test_check_passes_for_the_page_and_fails_for_an_old_one(
    run: CliRunner, cli: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run.invoke(cli, ["--check"]).exit_code == 0

    old = tmp_path / "settings.md"
    old.write_text(command.document().replace("`8000`", "`80`"), encoding="utf-8")
    monkeypatch.setattr(command, "COMMITTED", old)
    refused = run.invoke(cli, ["--check"])

    assert refused.exit_code == 1
    assert "rookery settings --write" in refused.output


def test_written_page_is_what_is_printed(
    run: CliRunner, cli: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "COMMITTED", tmp_path / "settings.md")
    monkeypatch.setattr(command, "CHECKOUT", tmp_path)

    assert run.invoke(cli, ["--write"]).exit_code == 0
    assert command.COMMITTED.read_text(encoding="utf-8") == run.invoke(cli, []).output
