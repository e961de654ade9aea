"""`waypost directory live`, `draft`, `try`, `publish`, `discard`, `back`: they ask the operations service."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.commands.operator import ask
from shared.directory import DirectoryError
from shared.directory.reader import files_of

Draft = Annotated[str, typer.Argument(metavar="DRAFT", help="The draft's id as `waypost directory draft` shows it.")]
ASKED_EVERY_SECONDS = 1.0


def add_to(app: typer.Typer) -> None:
    """Puts the commands beside those that read files."""
    for name, command in (("live", live), ("draft", draft), ("try", try_), ("publish", publish), ("discard", discard)):
        app.command(name)(command)
    app.command("back")(back)


def live() -> None:
    """Show which version is live, which each service goes by, who confirmed which entry when, and the drafts.

    Example: waypost directory live
    """
    seen = ask("GET", "/v1/directory")
    typer.echo(f"publication {seen['number']}  {seen['version']}")
    for each in seen["services"]:
        state = each["version"] or "does not answer"
        typer.echo(f"  {each['service']:15} {state}{'  (bound to its folder)' if each['forced'] else ''}")
    for entry in seen["entries"]:
        by = entry["confirmed_by"]
        brought = f"  brought by {by['uploaded_by']}, published by {by['actor']} {by['at'][:16]}" if by else ""
        typer.echo(f"{entry['id']:30} confirmed {entry['verified_on'] or 'by nobody'}{brought}")
    for each in seen["drafts"]:
        typer.echo(f"draft {each['id']}  {each['version']}  by {each['uploaded_by']}  {_trial(each['trial'])}")


def draft(
    paths: Annotated[list[Path], typer.Argument(metavar="FILES", help="Changed files, or one folder of all files.")],
    note: Annotated[str, typer.Option(help="What has changed, and who said so.")] = "",
) -> None:
    """Upload changed files as a draft; a folder is taken for the whole directory. Nothing goes live by this.

    Example: waypost directory draft families-apart.yaml --note "They take 19 too, says their manager"
    """
    whole = len(paths) == 1 and paths[0].is_dir()
    try:
        files = files_of(paths[0]) if whole else {path.name: path.read_text(encoding="utf-8") for path in paths}
    except (DirectoryError, OSError, UnicodeDecodeError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    made = ask("POST", "/v1/directory/drafts", json={"files": files, "whole": whole, "note": note})
    typer.echo(f"draft {made['id']}  {made['version']}")
    for each in made["changes"]:
        typer.echo(f"  {each['id']}: {each['change']} {', '.join(each['keys'])}".rstrip())
    typer.echo(f"now try it: waypost directory try {made['id']}")


def try_(draft: Draft, kind: Annotated[str, typer.Option(help="List those of one kind only.")] = "") -> None:
    """Run a draft over the facts of all past referrals, and show what would be decided otherwise, and why.

    Example: waypost directory try 0192…
    """
    ask("POST", f"/v1/directory/drafts/{draft}/trial")
    while (found := ask("GET", f"/v1/directory/drafts/{draft}"))["trial"]["state"] == "running":
        typer.echo(f"\r{found['trial']['looked']} of {found['trial']['total']}", nl=False, err=True)
        time.sleep(ASKED_EVERY_SECONDS)
    typer.echo(_trial(found["trial"]))
    table = Table("referral", "change", "agency", "was", "becomes", "because")
    for item in ask("GET", f"/v1/directory/drafts/{draft}/changes", params={"limit": 100} | _of(kind))["items"]:
        for each in item["agencies"]:
            because = ", ".join(reason["clause"] for reason in each["because"])
            row = (item["reference"], item["kind"], each["agency"], each["was"] or "-", each["becomes"] or "-", because)
            table.add_row(*row)
    Console().print(table)


def publish(draft: Draft) -> None:
    """Make a draft live at every service. Whoever uploaded it cannot; nobody can before it was tried.

    Example: waypost directory publish 0192…
    """
    number = ask("POST", f"/v1/directory/drafts/{draft}/publication")["number"]
    typer.echo(f"publication {number} is live")


def discard(draft: Draft) -> None:
    """Give a draft up.

    Example: waypost directory discard 0192…
    """
    ask("POST", f"/v1/directory/drafts/{draft}/discard")
    typer.echo("given up")


def back() -> None:
    """Go one step back: what was live before is live again, at every service.

    Example: waypost directory back
    """
    number = ask("GET", "/v1/directory")["number"]
    typer.echo(f"publication {ask('POST', '/v1/directory/back', json={'number': number})['number']} is live")


def _trial(trial: dict[str, Any]) -> str:
    if trial["state"] == "untried":
        return "not tried"
    counts = (
        ", ".join(f"{kind} {count}" for kind, count in sorted(trial["counts"].items()))
        or "nothing is decided otherwise"
    )
    return f"{trial['looked']} of {trial['total']} looked at: {counts}"


def _of(kind: str) -> dict[str, str]:
    return {"kind": kind} if kind else {}
