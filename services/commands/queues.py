"""`waypost queues`: where every message of every service is, in one table."""

import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from services.commands.operator import ask

app = typer.Typer()

COLUMNS = {
    "waiting": "waiting",
    "in_flight": "in flight",
    "due_for_retry": "due for retry",
    "parked": "parked",
    "unsent": "unsent",
}


@app.command()
def queues(
    watch: Annotated[bool, typer.Option("--watch", help="Renew every two seconds until Ctrl-C.")] = False,
) -> None:
    """Show how many messages wait, are in flight, are due for retry, are parked, or are unsent; and what needs a look.

    Example: `waypost queues --watch`
    """
    if not watch:
        Console().print(table_of(ask("GET", "/v1/queues")))
        return
    with Live(refresh_per_second=2) as live:
        while True:
            live.update(table_of(ask("GET", "/v1/queues")))
            time.sleep(2)


def table_of(overview: dict[str, Any]) -> Table:
    """The overview as a table, one row for each service."""
    title = "All is well" if overview["all_well"] else "Something needs a look"
    table = Table("service", *COLUMNS.values(), "oldest", "needs a look", title=title)
    for row in overview["services"]:
        if row.get("unreachable"):
            table.add_row(row["service"], *["?"] * len(COLUMNS), "?", "does not answer")
            continue
        ages = [age for age in row["oldest_seconds"].values() if age is not None]
        counts = ["?" if row[name] is None else str(row[name]) for name in COLUMNS]
        table.add_row(row["service"], *counts, _age(max(ages)) if ages else "", ", ".join(row["concerns"]))
    return table


def _age(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
