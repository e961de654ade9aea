"""`waypost agencies rehearse`: made-up referrals for one agency, and a report of what its systems did with each."""

import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from services.commands.operator import ask

SETTLED_SECONDS = 5.0
SHORTEST = 20


def rehearse(
    agency: Annotated[str, typer.Argument(help="The agency's id in the directory.")],
    wait: Annotated[int, typer.Option(min=SHORTEST, help="Seconds that the agency has for all of it.")] = 120,
) -> None:
    """Send the agency made-up referrals, as badly as a network might, and report what it did with each.

    One plainly, one three times, one after its own recall, one late, and one that is recalled when the agency has answered
    it, or when half of the time has passed. Nobody else hears of them. Ends early when all is well; the exit code is 1
    when something is not.

    Example: `waypost agencies rehearse families-apart --wait 60`
    """
    path = f"/v1/rehearsals/{ask('POST', '/v1/rehearsals', json={'agency': agency})['id']}"
    steps = _watch(path, wait)
    missing = sum(not step["well"] for step in steps)
    typer.echo(f"{len(steps) - missing} of {len(steps)} went well.")
    raise typer.Exit(1 if missing else 0)


def _watch(path: str, wait: int) -> list[dict[str, Any]]:
    """Shows the report as it grows; answers it as it is at the end."""
    began = time.monotonic()
    well_since: float | None = None
    recalled = False
    with Live(console=Console()) as live:
        while True:
            steps: list[dict[str, Any]] = ask("GET", path)["steps"]
            live.update(_table(steps))
            passed = time.monotonic() - began
            if not recalled and (_answered(steps) or passed >= wait / 2):
                recalled = True
                ask("POST", f"{path}/recall")
            # Whoever does a thing twice has done it well before, so a moment longer is waited for.
            all_well = all(step["well"] for step in steps)
            well_since = (passed if well_since is None else well_since) if all_well else None
            if passed >= wait or (well_since is not None and passed - well_since >= SETTLED_SECONDS):
                return steps
            time.sleep(0.5)


def _answered(steps: list[dict[str, Any]]) -> bool:
    return any(step["did"] for step in steps if step["step"] == "recalled")


def _table(steps: list[dict[str, Any]]) -> Table:
    table = Table("step", "sent", "read", "did", "refused", "")
    for step in steps:
        read, mark = "yes" if step["read"] else "no", "✓" if step["well"] else "✗"
        table.add_row(
            step["step"],
            step["sent"],
            read,
            ", ".join(step["did"]),
            ", ".join(step["refused"]),
            f"{mark} {step['verdict']}",
        )
    return table
