"""`rookery serve`: the API, in one or several processes."""

from typing import Annotated

import typer


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default HOST, else 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default PORT, else 8000.")] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="Server processes; default SERVE_PROCESSES, else 1.")
    ] = None,
    inherited_fd: Annotated[int | None, typer.Option(hidden=True, help="A listening socket to serve on.")] = None,
) -> None:
    """Serve the API. Needs DATABASE_URL and REDIS_URL; SIGTERM finishes what runs and ends."""
    from app.commands.checks import require_servers
    from app.serving import run_server

    settings = require_servers()
    status = run_server(
        host=host or settings.host,
        port=settings.port if port is None else port,
        processes=processes or settings.serve_processes,
        inherited_fd=inherited_fd,
    )
    raise typer.Exit(status)
