"""`waypost run`: start services, all in this process or those that are named."""

import time
from typing import Annotated

import typer

from services.commands.first_start import FirstStart, prepare
from shared.settings import SERVICES, Settings, SettingsError

STARTED = time.monotonic()

app = typer.Typer()


@app.command()
def run(
    services: Annotated[list[str] | None, typer.Argument(help="Which services; all when none is named.")] = None,
) -> None:
    """Start services and run until Ctrl-C or SIGTERM.

    With no settings at all everything runs in this one process, on SQLite files under `var/`: nothing to install, and
    nothing that was accepted is lost when it stops, however it stops.

    Example: `waypost run` · `WAYPOST_BROKER=amqp://… WAYPOST_DATABASE=postgresql+psycopg://… waypost run routing`
    """
    from services.catalogue import service_class, topology
    from shared import logs
    from shared.runner import run as run_services

    names = services or list(SERVICES)
    unknown = [name for name in names if name not in SERVICES]
    if unknown:
        raise typer.BadParameter(f"there is no service {unknown[0]!r}; there are {', '.join(SERVICES)}")
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        typer.echo(f"waypost: {error}", err=True)
        raise typer.Exit(2) from None
    logs.configure(settings.log_level)
    ready = prepare(settings, names)
    run_services(
        settings,
        [service_class(name) for name in names],
        topology(settings),
        announce=lambda: _announce(ready, settings, names),
    )


def _announce(ready: FirstStart, settings: Settings, names: list[str]) -> None:
    typer.echo(ready.welcome(settings, names, time.monotonic() - STARTED))
