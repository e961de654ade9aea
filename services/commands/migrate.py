"""`waypost migrate`: databases and broker, before anything is published, so that no event is ever without a queue."""

from typing import Annotated

import typer

from shared.settings import SERVICES, Settings

app = typer.Typer()


@app.command()
def migrate(
    services: Annotated[
        list[str] | None, typer.Argument(help="Which services' databases; all when none is named.")
    ] = None,
) -> None:
    """Bring each service's database to the newest shape, and declare exchanges and queues. Safe to run again.

    Example: `WAYPOST_DATABASE='postgresql+psycopg://{service}:…@db/waypost' WAYPOST_BROKER=amqp://… waypost migrate`
    """
    from services.catalogue import migrations_of, runtime_of, topology
    from shared.database.migrations import migrate as bring_up
    from shared.messaging.broker import broker_for

    settings = Settings.from_environment()
    for name in services or SERVICES:
        runtime = runtime_of(name, settings)
        bring_up(runtime.store.database, migrations_of(name))
        typer.echo(f"{name}: database is up to date")
    broker_for(settings.broker).declare(topology(settings))
    typer.echo("broker: exchanges and queues are declared")
