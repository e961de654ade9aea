"""`waypost trace`: all that happened to a referral, what it waits for, and what each agency could see. It names nobody."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer

from services.commands.operator import ask
from shared.clock import LONDON

app = typer.Typer()
AS_IT_SHOULD = "done"
MOMENTS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


@app.command()
def trace(
    reference: Annotated[str, typer.Argument(help="The referral's reference.")],
    at: Annotated[
        datetime | None,
        typer.Option(formats=list(MOMENTS), help="A moment, in London's time: what could each agency see then?"),
    ] = None,
) -> None:
    """Show a referral's way on one time line: every event, attempt, message, look and act, with how long each took.

    Example: `waypost trace J4K-6YM-YB7 --at "2026-11-20 10:00"`
    """
    asked = {"at": at.replace(tzinfo=LONDON).isoformat()} if at else {}
    found = ask("GET", f"/v1/trace/{quote(reference, safe='')}", params=asked)
    typer.echo(f"{found['reference']}  {found['referral_id']}  {found['kind']}  {found['status']}")
    for name in found["silent"]:
        typer.echo(f"{name} does not answer: what it did is not shown.", err=True)
    for wait in found["waits"]:
        about = [wait["what"], wait["id"], wait["error"]]
        typer.echo(
            f"waits: {wait['code']} at {wait['lane']} for {_took(wait['seconds'])} {' '.join(filter(None, about))}"
        )
    for entry in found["entries"]:
        typer.echo(_line(entry))
    typer.echo(f"What each agency could see at {_when(found['at'])}:")
    for each in found["sight"]:
        typer.echo(_seen(each))


def _line(entry: dict[str, Any]) -> str:
    told = (
        _when(entry["at"]),
        f"{entry['lane']:22}",
        entry["kind"],
        entry["code"],
        _took(entry["seconds"]),
        _state(entry),
    )
    hops = ", ".join(_hop(hop) for hop in entry["hops"])
    return " ".join(filter(None, told)) + (f" → {hops}" if hops else "")


def _hop(hop: dict[str, Any]) -> str:
    attempts = f"{hop['attempts']} attempts" if (hop["attempts"] or 1) > 1 else ""
    return " ".join(filter(None, (hop["to"], _took(hop["seconds"]), _state(hop), attempts, hop["error"])))


def _seen(each: dict[str, Any]) -> str:
    since = f" from {_when(each['since'])}" if each["since"] else ""
    until = f" until {_when(each['until'])}" if each["until"] else ""
    parts = f": {', '.join(each['parts'])}" if each["parts"] else ""
    return f"{each['agency']}: {each['level']} ({each['because']}){since}{until}{parts}"


def _state(step: dict[str, Any]) -> str:
    return "" if step["state"] == AS_IT_SHOULD else f"[{step['state']}]"


def _when(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(LONDON):%Y-%m-%d %H:%M:%S.%f}"[:-3]


def _took(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return (
        f"{seconds * 1000:.0f} ms"
        if seconds < 1
        else f"{seconds:.1f} s"
        if seconds < 600
        else f"{seconds / 60:.0f} min"
    )
