"""`waypost queues`: where every message of every service is, in one table, and what needs a look."""

import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.table import Column, Table

from services.commands.operator import ask

app = typer.Typer()

COLUMNS = {
    "waiting": "waiting",
    "in_flight": "in\nflight",
    "in_last_minute": "in a\nminute",
    "out_last_minute": "out a\nminute",
    "due_for_retry": "due\nfor\nretry",
    "parked": "parked",
    "unsent": "unsent",
    "consumers": "consumers",
}


@app.command()
def queues(
    watch: Annotated[bool, typer.Option("--watch", help="Renew every two seconds until Ctrl-C.")] = False,
) -> None:
    """Show how many messages wait, are in flight, are due for retry, are parked, or are unsent; and what needs a look.

    Example: `waypost queues --watch`
    """
    if not watch:
        Console().print(shown(ask("GET", "/v1/queues")))
        return
    with Live(refresh_per_second=2) as live:
        while True:
            live.update(shown(ask("GET", "/v1/queues")))
            time.sleep(2)


def shown(overview: dict[str, Any]) -> Group:
    """The overview as a table with a row for each service, one with a row for each agency, and what is of concern."""
    title = "All is well" if overview["all_well"] else "Something needs a look"
    services = _table("service", *COLUMNS.values(), "oldest")
    services.title = title
    for row in overview["services"]:
        if row.get("unreachable"):
            services.add_row(row["service"], *["?"] * len(COLUMNS), "?")
            continue
        ages = [age for age in row["oldest_seconds"].values() if age is not None]
        counts = ["?" if row[name] is None else str(row[name]) for name in COLUMNS]
        services.add_row(row["service"], *counts, _age(max(ages)) if ages else "")
    agencies = _table(
        "agency", "to\nanswer", "open", "in a\nminute", "out a\nminute", "unsent", "its\nqueue", "webhooks"
    )
    for row in overview["agencies"]:
        counts = [str(row[name]) for name in ("requested", "open", "in_last_minute", "out_last_minute", "unsent")]
        waiting = "" if row["queue"] is None else str(row["queue"]["waiting"])
        agencies.add_row(row["agency"], *counts, waiting, ", ".join(each["state"] for each in row["webhooks"]))
    return Group(services, agencies, *_concerns(overview["concerns"]))


def _table(name: str, *columns: str) -> Table:
    """No lines between columns, and names whole: all of it is to be read in a window of eighty signs."""
    table = Table(Column(name, no_wrap=True, vertical="bottom"), *(Column(each, no_wrap=True) for each in columns))
    table.box, table.padding, table.show_edge = SIMPLE_HEAD, 0, False
    return table


def _concerns(concerns: list[dict[str, Any]]) -> Iterator[str]:
    for each in concerns:
        about = [each["service"], each["agency"], each["detail"]]
        about += [f"{each['count']} of them" if each["count"] is not None else None]
        about += [f"for {_age(each['seconds'])}" if each["seconds"] is not None else None]
        about += [f"by {each['by']}, because: {each['why']}" if each["why"] is not None else None]
        yield f"{each['level']}: {each['code']} ({', '.join(part for part in about if part)})"


def _age(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
