"""`rookery schema`: prints the GraphQL schema, or checks the committed one."""

from typing import Annotated

import typer

from app.settings import CHECKOUT

COMMITTED = CHECKOUT / "schema" / "schema.graphql"
RELEASED = CHECKOUT / "schema" / "released.graphql"


def schema(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if schema.graphql is not what the code prints.")
    ] = False,
    release: Annotated[
        bool, typer.Option("--release", help="Make the printed schema the one that later changes may not break.")
    ] = False,
) -> None:
    """Print the GraphQL schema to schema/schema.graphql."""
    from schema.root import build_schema

    text = build_schema(suggests_fields=True).as_str() + "\n"
    if check:
        _check(text)
        return
    for target in (COMMITTED, RELEASED) if release else (COMMITTED,):
        target.write_text(text, encoding="utf-8")
        typer.echo(f"Wrote {target.relative_to(CHECKOUT)}.")


def _check(text: str) -> None:
    from app.schema_changes import breaking_changes

    if not COMMITTED.exists() or COMMITTED.read_text(encoding="utf-8") != text:
        typer.echo("schema/schema.graphql is not what the code prints: run `make schema`.", err=True)
        raise typer.Exit(1)
    broken = breaking_changes(RELEASED.read_text(encoding="utf-8"), text)
    for change in broken:
        typer.echo(f"Breaks clients of the last release: {change}", err=True)
    if broken:
        typer.echo("Mark a field @deprecated in one release before removing it in the next.", err=True)
        raise typer.Exit(1)
