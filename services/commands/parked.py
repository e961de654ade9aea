"""`waypost parked`: messages that failed for good, and what to do with them. Every act is written to the audit table."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.commands.operator import ask

app = typer.Typer(help="Messages that failed for good: list, retry, discard.", no_args_is_help=True)
Service = Annotated[str, typer.Argument(help="referrals, eligibility, routing or notifications.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Ids as `waypost parked list SERVICE` shows them.")]


@app.command("list")
def list_(
    service: Annotated[
        str | None, typer.Argument(help="A service's messages; without one, all grouped by error.")
    ] = None,
    error: Annotated[str | None, typer.Option(help="Only this error.")] = None,
) -> None:
    """Show what is parked: by what went wrong, or one service's messages one by one.

    Example: `waypost parked list` · `waypost parked list routing --error ValueError`
    """
    if service is None:
        table = Table("service", "error", "where", "event", "messages", "oldest")
        for group in ask("GET", "/v1/parked/groups")["groups"]:
            count, oldest = str(group["count"]), str(group["oldest"])[:19]
            table.add_row(group["service"], group["error"], group["place"], group["type"], count, oldest)
    else:
        table = Table("id", "error", "where", "event", "subject", "attempts", "parked at")
        chosen = {"service": service} | ({"error": error} if error else {})
        for row in ask("GET", "/v1/parked", params=chosen)["messages"]:
            attempts, parked_at = str(row["attempts"]), str(row["parked_at"])[:19]
            table.add_row(row["event_id"], row["error"], row["place"], row["type"], row["subject"], attempts, parked_at)
    Console().print(table)


@app.command()
def retry(
    service: Service,
    ids: Ids = None,
    error: Annotated[str | None, typer.Option(help="All that failed with this error.")] = None,
) -> None:
    """Try parked messages again: some by id, or all of one error.

    Example: `waypost parked retry routing --error OperationalError`
    """
    if not ids and not error:
        raise typer.BadParameter("name ids, or an error with --error")
    chosen = ({"ids": ids} if ids else {}) | ({"error": error} if error else {})
    done = ask("POST", "/v1/parked/retry", json={"service": service, **chosen})
    typer.echo(f"{done['retried']} will be tried again within a second.")


@app.command()
def discard(
    service: Service,
    ids: Ids = None,
    reason: Annotated[str, typer.Option(help="Why they may be given up; it is kept with your key's id.")] = "",
) -> None:
    """Give parked messages up for good, with a reason.

    Example: `waypost parked discard routing 0192… --reason "sent by a test of the mail gateway"`
    """
    if not ids or len(reason) < 3:
        raise typer.BadParameter("name ids, and say why with --reason")
    done = ask("POST", "/v1/parked/discard", json={"service": service, "ids": ids, "reason": reason})
    typer.echo(f"{done['discarded']} discarded.")
