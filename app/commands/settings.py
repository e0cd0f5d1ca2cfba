"""`rookery settings`: the table of every environment variable, made from app.settings; docs/settings.md is a copy."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic import SecretStr

from app.settings import CHECKOUT, Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

COMMITTED = CHECKOUT / "docs" / "settings.md"

_HEAD = """\
# Settings

Every setting is an environment variable, read once at the start of a process by `app/settings.py`.
A value that does not fit (a word for a number, a number out of bounds) ends the command with the reason.
Variables that are not in this table are ignored.

This page is printed by `rookery settings`. After a change of `app/settings.py` run `rookery settings --write`.

| variable | default | meaning |
|---|---|---|
"""


def settings_document(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if docs/settings.md is not what the code prints.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Write docs/settings.md instead of printing.")] = False,
) -> None:
    """Print the table of every environment variable with its default and its meaning, in Markdown."""
    text = document()
    if check and write:
        raise typer.BadParameter("--check writes nothing: choose one.")
    if check:
        if not COMMITTED.exists() or COMMITTED.read_text(encoding="utf-8") != text:
            typer.echo("docs/settings.md is not what the code prints: run `rookery settings --write`.", err=True)
            raise typer.Exit(1)
    elif write:
        COMMITTED.write_text(text, encoding="utf-8")
        typer.echo(f"Wrote {COMMITTED.relative_to(CHECKOUT)}.")
    else:
        typer.echo(text, nl=False)


def document() -> str:
    """The page docs/settings.md: a line for each field of Settings, in its order."""
    return _HEAD + "".join(_line(name, field) for name, field in Settings.model_fields.items())


def _line(name: str, field: "FieldInfo") -> str:
    meaning = " ".join(part for part in (field.description, _choices(field)) if part)
    return f"| `{name.upper()}` | {_default(field)} | {_escaped(meaning)} |\n"


def _default(field: "FieldInfo") -> str:
    value: Any = field.default  # of the field's own type
    if isinstance(value, SecretStr):
        return "not shown"
    if value is None:
        return "none"
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{_escaped(shown)}`"


def _choices(field: "FieldInfo") -> str:
    """The words that the setting takes, if it takes only certain ones."""
    if get_origin(field.annotation) is not Literal:
        return ""
    return "One of: " + ", ".join(f"`{word}`" for word in get_args(field.annotation)) + "."


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
