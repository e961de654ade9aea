"""`waypost retention`: what the directory's periods remove, what is held back, what was removed."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.commands.operator import ask

app = typer.Typer(help="How long referrals are kept: preview, run, report, hold, release.", no_args_is_help=True)
Reference = Annotated[str, typer.Argument(help="The referral's reference.")]
Reason = Annotated[str, typer.Option(help="Why; it is sealed with the referral, and goes with it.")]


@app.command()
def preview(most: Annotated[int, typer.Option(min=0, help="How many to show.")] = 50) -> None:
    """Show what would be removed now, by rule, and which referrals.

    Example: `waypost retention preview`
    """
    found = ask("GET", "/v1/retention")
    for state, period in found["periods"].items():
        typer.echo(f"{state:18} kept for {period:10} {found['counts'].get(state, 0)} would go now")
    if not found["periods"]:
        typer.echo("The directory has no periods: nothing is ever removed.")
    table = Table("reference", "rule", "last happened")
    for item in found["items"][:most]:
        table.add_row(item["reference"], item["rule"], item["last_at"][:10])
    if found["items"]:
        Console().print(table)


@app.command()
def run() -> None:
    """Remove now what the clock removes within a day.

    Example: `waypost retention run`
    """
    removed = 0
    while count := ask("POST", "/v1/retention")["removed"]:
        removed += count
    typer.echo(f"{removed} removed.")


@app.command()
def report() -> None:
    """Show how many were removed on which day and why, and what is held.

    Example: `waypost retention report`
    """
    found = ask("GET", "/v1/retention/report")
    table = Table("day", "rule", "removed")
    for row in found["removed"]:
        table.add_row(row["day"], row["rule"], str(row["count"]))
    Console().print(table)
    for row in found["held"]:
        typer.echo(f"held: {row['reference']}  since {row['held_at'][:10]}  by {row['held_by']}")


@app.command()
def hold(reference: Reference, reason: Reason = "") -> None:
    """Keep a referral though its time may be over.

    Example: `waypost retention hold 7KX-3FM-9QF --reason "a complaint is being looked into"`
    """
    ask("POST", "/v1/holds", json={"reference": reference, "reason": _said(reason)})
    typer.echo("It is held until it is released.")


@app.command()
def release(reference: Reference, reason: Reason = "") -> None:
    """End a hold: the periods count again.

    Example: `waypost retention release 7KX-3FM-9QF --reason "the complaint is settled"`
    """
    ask("POST", "/v1/holds/release", json={"reference": reference, "reason": _said(reason)})
    typer.echo("It is held no more.")


def _said(reason: str) -> str:
    if len(reason) < 3:
        raise typer.BadParameter("say why with --reason")
    return reason
