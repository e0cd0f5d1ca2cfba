"""The `rookery` command: one module per verb. Heavy modules are imported inside the verbs, so that help is quick."""

import typer

from app.commands import (
    counters,
    dev,
    explain,
    imports,
    migrate,
    moderation,
    schema,
    seed,
    serve,
    settings,
    timelines,
    web,
    worker,
)

cli = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


@cli.callback()
def rookery() -> None:
    """Rookery: the backend of a social platform that you talk to in GraphQL."""


cli.command("dev")(dev.dev)
cli.command("serve")(serve.serve)
cli.command("worker")(worker.worker)
cli.command("migrate")(migrate.migrate)
cli.command("seed")(seed.seed)
cli.command("schema")(schema.schema)
cli.command("explain")(explain.explain)
cli.command("web")(web.web)
cli.command("settings")(settings.settings_document)
cli.command("moderator")(moderation.moderator)
cli.command("suspend")(moderation.suspend)
cli.add_typer(counters.cli, name="counters")
cli.add_typer(imports.cli, name="import")
cli.add_typer(timelines.cli, name="timelines")


def main() -> None:
    cli()
