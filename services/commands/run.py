"""`waypost run`: start services, all in this process or those that are named."""

import time
from typing import Annotated

import typer

app = typer.Typer()
BEGAN = time.monotonic()


@app.command()
def run(
    services: Annotated[list[str] | None, typer.Argument(help="Which services; all when none is named.")] = None,
) -> None:
    """Start services and run until Ctrl-C or SIGTERM.

    With no settings at all everything runs in this one process, on SQLite files under `var/`: nothing to install, and
    nothing that was accepted is lost when it stops, however it stops.

    Example: `waypost run` · `WAYPOST_BROKER=amqp://… WAYPOST_DATABASE=postgresql+psycopg://… waypost run routing`
    """
    from services.commands.start import start

    start(services or [], BEGAN)
