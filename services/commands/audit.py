"""`waypost audit`: what people did, service by service, and whether anybody has changed the record of it."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.catalogue import runtime_of
from shared.audit.chain import Verdict
from shared.audit.reading import newest, verify_store
from shared.settings import SERVICES, Settings

app = typer.Typer(help="What people did: list it, verify that nobody changed it.", no_args_is_help=True)
Passes = Annotated[
    list[str] | None,
    typer.Option("--passes", help="A line that an earlier `verify` printed: SERVICE:NUMBER:HASH. May be repeated."),
]


@app.command("verify")
def verify_(passes: Passes = None) -> None:
    """Find any change, gap or move in the audit of every service; fails when there is one.

    Each service's last line is worth keeping elsewhere: given back with `--passes`, it shows whether the whole database
    was put back to an earlier day.

    Example: `waypost audit verify` · `waypost audit verify --passes routing:120:5f0c…`
    """
    noted = dict(_noted(text) for text in passes or ())
    if unknown := set(noted) - set(SERVICES):
        raise typer.BadParameter(f"there is no service {', '.join(sorted(unknown))}")
    console, whole = Console(soft_wrap=True), True
    for service in SERVICES:
        verdict = _verdict(service, noted.get(service))
        whole = whole and not verdict.faults
        before = f", {verdict.unchained} from before there was a chain" if verdict.unchained else ""
        console.print(f"{service}: {verdict.entries} entries{before}: {'holds' if not verdict.faults else 'BROKEN'}")
        for fault in verdict.faults:
            console.print(f"  {fault}")
        console.print(f"  {service}:{verdict.number}:{verdict.mac}", style="dim", highlight=False)
    if not whole:
        raise typer.Exit(1)


@app.command("list")
def list_(
    service: Annotated[str, typer.Argument(help="referrals, eligibility, routing, notifications or operations.")],
    subject: Annotated[str | None, typer.Option(help="Only what was done to this id.")] = None,
    action: Annotated[str | None, typer.Option(help="Only acts of this kind, like parked.discard.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest.")] = 50,
) -> None:
    """Show the newest acts at one service.

    Example: `waypost audit list routing --action review.route`
    """
    if service not in SERVICES:
        raise typer.BadParameter(f"there is no service {service}")
    store = runtime_of(service, Settings.from_environment()).store
    table = Table("number", "at", "who", "act", "on", "detail")
    try:
        with store.reading() as connection:
            for row in newest(connection, limit, subject=subject, action=action):
                at = row.at.isoformat(timespec="seconds")
                table.add_row(str(row.number or ""), at, row.actor, row.action, row.subject, row.detail)
    finally:
        store.database.close()
    Console().print(table)


def _verdict(service: str, passes: tuple[int, str] | None) -> Verdict:
    store = runtime_of(service, Settings.from_environment()).store
    try:
        return verify_store(store, passes)
    finally:
        store.database.close()


def _noted(text: str) -> tuple[str, tuple[int, str]]:
    service, _, rest = text.partition(":")
    number, _, mac = rest.partition(":")
    if not number.isdigit() or len(mac) != 64:
        raise typer.BadParameter(f"{text[:40]} is no line that `waypost audit verify` prints")
    return service, (int(number), mac)
