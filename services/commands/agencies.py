"""`waypost agencies`: each agency's own access to the broker, and its rehearsal."""

from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from services.catalogue import runtime_of, topology
from services.commands.rehearsal import rehearse
from shared.messaging.agency_access import AccessError, AgencyAccess, Credentials
from shared.messaging.agency_queues import agency_queue
from shared.messaging.broker import broker_for
from shared.resources import Resources
from shared.settings import Settings

app = typer.Typer(
    help="Agencies: their own queues (provision, rotate, revoke, list), and rehearsals.", no_args_is_help=True
)
app.command()(rehearse)
Agency = Annotated[str, typer.Argument(help="The agency's id in the directory.")]


@app.command()
def provision(agency: Agency) -> None:
    """Make the agency's queue and a user who can read it and nothing else; show its credentials, once.

    Running it again is for a password that has leaked: a new user takes the old one's place, and connections that are
    open are closed. Needs RabbitMQ: WAYPOST_BROKER, and its management API's address with an administrator's name in
    WAYPOST_BROKER_MANAGEMENT.

    Example: `WAYPOST_BROKER_MANAGEMENT=http://admin:…@broker:15672 waypost agencies provision families-apart`
    """
    settings, access = _access()
    resources = _known(settings, agency)
    broker_for(settings.broker).declare(topology(settings))
    try:
        _show(access.grant(agency, agency_queue(resources, agency)))
    except AccessError as error:
        _end(str(error))


@app.command()
def rotate(agency: Agency) -> None:
    """Give the agency a new password and show it, once.

    From that moment the old one opens no connection; those that are open go on until they end. What comes meanwhile waits
    in the queue.

    Example: `waypost agencies rotate families-apart`
    """
    settings, access = _access()
    resources = _known(settings, agency)
    try:
        credentials = access.rotate(agency, agency_queue(resources, agency))
    except AccessError as error:
        _end(str(error))
    if credentials is None:
        _end(f"{agency} has no access yet. `waypost agencies provision {agency}` gives it.")
    _show(credentials)


@app.command()
def revoke(agency: Agency) -> None:
    """End the agency's access and close its connections. Its queue stays, with what waits in it.

    Example: `waypost agencies revoke families-apart`
    """
    _, access = _access()
    try:
        ended = access.revoke(agency)
    except AccessError as error:
        _end(str(error))
    typer.echo(f"{agency} can no longer connect." if ended else f"{agency} had no access.")


@app.command("list")
def list_() -> None:
    """Show how each agency of the directory hears: by its own queue, and whether it has access to it.

    Example: `waypost agencies list`
    """
    settings = Settings.from_environment()
    granted: list[str] = []
    if not settings.broker.startswith("memory:"):
        try:
            granted = _access()[1].agencies()
        except AccessError as error:
            _end(str(error))
    table = Table("agency", "hears by", "access to its queue")
    for agency in runtime_of("routing", settings).resources.directory.agencies:
        table.add_row(agency.id, ", ".join(agency.channels), "yes" if agency.id in granted else "no")
    Console().print(table)


def _show(credentials: Credentials) -> None:
    typer.echo(f"user          {credentials.user}")
    typer.echo(f"password      {credentials.password}")
    typer.echo(f"virtual host  {credentials.virtual_host}")
    typer.echo(f"queue         {credentials.queue}")


def _access() -> tuple[Settings, AgencyAccess]:
    settings = Settings.from_environment()
    if settings.broker.startswith("memory:"):
        _end(
            "the in-process broker has no queues for agencies: they read GET /v1/events. Set WAYPOST_BROKER for RabbitMQ."
        )
    if not settings.broker_management:
        _end("set WAYPOST_BROKER_MANAGEMENT, for instance http://admin:…@broker:15672.")
    return settings, AgencyAccess(settings.broker_management, settings.broker)


def _known(settings: Settings, agency: str) -> Resources:
    resources = runtime_of("routing", settings).resources
    ids = [entry.id for entry in resources.directory.agencies if "queue" in entry.channels]
    if agency not in ids:
        _end(f"no agency '{agency}' hears by queue in the directory. Those that do: {', '.join(ids) or 'none'}.")
    return resources


def _end(sentence: str) -> NoReturn:
    typer.echo(f"waypost: {sentence}", err=True)
    raise typer.Exit(1)
