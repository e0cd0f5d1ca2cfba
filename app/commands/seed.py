"""`rookery seed`: a few people who know each other, so that a new checkout has something to show."""

import typer


def seed() -> None:
    """Make the demo accounts with posts, replies, likes and follows in an empty database. Never in production."""
    import asyncio

    from app.commands.checks import require_servers
    from app.seeding import seed_demo

    settings = require_servers()
    if settings.is_production:
        typer.echo("Demo accounts have a known password; they are not made in production.", err=True)
        raise typer.Exit(1)
    made = asyncio.run(seed_demo(settings))
    typer.echo("Made the demo accounts." if made else "There are accounts already; no demo accounts are made.")
