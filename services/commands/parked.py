"""`waypost parked`: messages that failed for good, and what to do with them. Every act is written to the audit."""

import sys
import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from services.commands.operator import ask

app = typer.Typer(help="Messages that failed for good: list, show, retry, mend, discard.", no_args_is_help=True)
Service = Annotated[str, typer.Argument(help="referrals, eligibility, routing or notifications.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Ids as `waypost parked list SERVICE` shows them.")]
Group = Annotated[int | None, typer.Option(help="All of a group, by its number in `waypost parked list`.")]
Error = Annotated[str | None, typer.Option(help="All that failed with this error.")]
Event = Annotated[str | None, typer.Option("--type", help="All of this event type.")]
Subject = Annotated[str | None, typer.Option(help="All about this referral, by its id.")]
Pace = Annotated[int, typer.Option(min=1, max=1000, help="How many a second.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask first.")]
LOOK_SECONDS = 1.0


@app.command("list")
def list_(
    service: Annotated[
        str | None, typer.Argument(help="A service's messages; without one, all grouped by error.")
    ] = None,
    group: Group = None,
    error: Error = None,
    kind: Event = None,
    subject: Subject = None,
    most: Annotated[int, typer.Option(min=1, max=100, help="How many messages to show.")] = 50,
) -> None:
    """Show what is parked: by what went wrong, or one service's messages one by one.

    Example: `waypost parked list` · `waypost parked list routing --group 3`
    """
    chosen = _chosen(group, error, kind, subject)
    if service is None:
        table = Table("service", "group", "error", "where", "event", "messages", "oldest")
        for row in ask("GET", "/v1/parked/groups", params=chosen)["groups"]:
            about = (row["error"], row["place"], row["type"])
            table.add_row(row["service"], str(row["id"]), *about, str(row["count"]), str(row["oldest"])[:19])
    else:
        table = Table("id", "error", "where", "event", "subject", "attempts", "parked at")
        for row in ask("GET", "/v1/parked", params={"service": service, "limit": most, **chosen})["messages"]:
            attempts, parked_at = str(row["attempts"]), str(row["parked_at"])[:19]
            table.add_row(row["event_id"], row["error"], row["place"], row["type"], row["subject"], attempts, parked_at)
    asked = chosen or service
    Console().print(table if table.row_count else "Nothing that fits is parked." if asked else "Nothing is parked.")


@app.command()
def show(service: Service, event_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Show one message: what went wrong, and its body with all hidden but codes and ids.

    Example: `waypost parked show routing 0192…`
    """
    typer.echo(orjson.dumps(_message(service, event_id), option=orjson.OPT_INDENT_2))


@app.command()
def retry(
    service: Service,
    ids: Ids = None,
    group: Group = None,
    error: Error = None,
    kind: Event = None,
    subject: Subject = None,
    pace: Pace = 20,
    yes: Yes = False,
) -> None:
    """Try parked messages again: some by id, or all that match, at a pace.

    Example: `waypost parked retry routing --error OperationalError --pace 50`
    """
    chosen = _chosen(group, error, kind, subject)
    if ids:
        done = ask("POST", "/v1/parked/retry", json={"service": service, "ids": ids})
        typer.echo(f"{done['retried']} will be tried again within a second.")
    elif chosen:
        _many({"service": service, "action": "retry", "pace": pace, **chosen}, "Try them again?", yes)
    else:
        raise typer.BadParameter("name ids, or what to match, such as --error")


@app.command()
def discard(
    service: Service,
    ids: Ids = None,
    group: Group = None,
    error: Error = None,
    kind: Event = None,
    subject: Subject = None,
    pace: Pace = 100,
    reason: Annotated[str, typer.Option(help="Why they may be given up; it is kept with your key's id.")] = "",
    yes: Yes = False,
) -> None:
    """Give parked messages up for good, with a reason: some by id, or all that match.

    Example: `waypost parked discard routing 0192… --reason "sent by a test of the mail gateway"`
    """
    chosen = _chosen(group, error, kind, subject)
    if len(reason) < 3 or not (ids or chosen):
        raise typer.BadParameter("name ids, or what to match, and say why with --reason")
    if ids:
        done = ask("POST", "/v1/parked/discard", json={"service": service, "ids": ids, "reason": reason})
        typer.echo(f"{done['discarded']} discarded.")
    else:
        asked = {"service": service, "action": "discard", "pace": pace, "reason": reason, **chosen}
        _many(asked, "Give them up for good?", yes)


@app.command()
def mend(
    service: Service,
    event_id: Annotated[str, typer.Argument(metavar="ID")],
    file: Annotated[
        Path | None, typer.Argument(help="The mended message as JSON; `-` reads it from the input.")
    ] = None,
) -> None:
    """Put a message right that broke its contract, and have it tried again. Without a file, print what there is to mend.

    Example: `waypost parked mend routing 0192… > message.json`, then `waypost parked mend routing 0192… message.json`
    """
    if file is None:
        typer.echo(orjson.dumps(_message(service, event_id)["body"], option=orjson.OPT_INDENT_2))
        return
    text = sys.stdin.read() if str(file) == "-" else file.read_text()
    path = f"/v1/parked/{quote(service, safe='')}/messages/{quote(event_id, safe='')}/mend"
    done = ask("POST", path, json={"text": text})
    typer.echo(f"Kept as version {done['version']}; it is tried within a second.")


def _chosen(group: int | None, error: str | None, kind: str | None, subject: str | None) -> dict[str, Any]:
    named = {"group": group, "error": error, "type": kind, "subject": subject}
    return {name: value for name, value in named.items() if value is not None}


def _message(service: str, event_id: str) -> Any:
    return ask("GET", f"/v1/parked/{quote(service, safe='')}/messages/{quote(event_id, safe='')}")


def _many(asked: dict[str, Any], question: str, yes: bool) -> None:
    """Says how many first; then shows how far it has come until it is done. Ctrl-C leaves it running."""
    which = {name: asked[name] for name in ("service", "group", "error", "type") if name in asked}
    groups = ask("GET", "/v1/parked/groups", params=which)["groups"]
    about = "" if "subject" in asked else f"{sum(group['count'] for group in groups)} messages. "
    if not yes and not typer.confirm(about + question):
        raise typer.Exit(1)
    job = ask("POST", "/v1/parked/jobs", json=asked)
    path = f"/v1/parked/{quote(asked['service'], safe='')}/jobs/{job['id']}"
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=Console(stderr=True)
    ) as progress:
        bar = progress.add_task("handed over", total=job["total"])
        while job["state"] == "running":
            time.sleep(LOOK_SECONDS)
            job = ask("GET", path)
            progress.update(bar, completed=job["moved"])
    typer.echo(f"{job['moved']} of {job['total']} handed over.")
    if asked["action"] == "retry":
        counts = (job["succeeded"], job["under_way"], job["failed_again"])
        typer.echo("{} had their effect, {} are still being tried, {} failed for good again.".format(*counts))
