"""`rookery web`: builds the GraphiQL page, which `rookery dev` otherwise does at its first start."""

import typer


def web() -> None:
    """Build the GraphiQL page if its sources have changed."""
    from app.web_assets import DIST, ensure_built

    if not ensure_built(typer.echo):
        raise typer.Exit(1)
    typer.echo(f"GraphiQL is up to date in {DIST}.")
