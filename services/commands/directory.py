"""`waypost directory`: check, list and show the files that say which agencies there are and whom they take.

What is live, drafts, publishing and going back are in `directory_versions`: they ask the operations service.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from services.commands import directory_versions
from shared.directory import Agency, Directory, DirectoryError, Signpost, load_directory, services_list

app = typer.Typer(help="The agencies that Waypost refers to, and their rules.", no_args_is_help=True)
directory_versions.add_to(app)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--folder", envvar="WAYPOST_DIRECTORY", help="A folder of agency files; else those that come with Waypost."
    ),
]


@app.command()
def check(folder: Folder = None) -> None:
    """Say whether every file can be used, and what to correct where one cannot.

    Example: waypost directory check --folder agencies
    """
    directory = _load(folder)
    counts = f"agencies: {len(directory.agencies)}, signposts: {len(directory.signposts)}"
    typer.echo(f"{directory.version} · {counts} · no mistakes")
    kept = ", ".join(f"{state} {period}" for state, period in directory.retention.items())
    typer.echo(f"referrals are kept: {kept or 'for ever, since no retention.yaml says how long'}")


@app.command("list")
def list_entries(folder: Folder = None) -> None:
    """One line for each entry: its id, its name, whether anybody has confirmed it.

    Example: waypost directory list
    """
    directory = _load(folder)
    for entry in _entries(directory):
        typer.echo(f"{entry.id:30} {_kind(entry):10} {_verified(entry):22} {entry.name}")


@app.command()
def show(entry_id: Annotated[str, typer.Argument(metavar="ID")], folder: Folder = None) -> None:
    """One entry as the public list of services has it, in JSON.

    Example: waypost directory show families-apart
    """
    directory = _load(folder)
    for service in services_list(directory):
        if service["id"] == entry_id:
            typer.echo(json.dumps(service, indent=2, ensure_ascii=False))
            return
    known = ", ".join(entry.id for entry in _entries(directory))
    typer.echo(f"No entry '{entry_id}'. There are: {known}.", err=True)
    raise typer.Exit(1)


def _load(folder: Path | None) -> Directory:
    try:
        return load_directory(folder)
    except DirectoryError as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(1) from None


def _entries(directory: Directory) -> list[Agency | Signpost]:
    return [*directory.agencies, *directory.signposts]


def _kind(entry: Agency | Signpost) -> str:
    return "agency" if isinstance(entry, Agency) else "signpost"


def _verified(entry: Agency | Signpost) -> str:
    return f"verified {entry.verified_on}" if entry.verified_on else "unverified"
