"""`waypost places`: the postcode index, the registers of schools and practices, and what they say of a postcode."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from shared.places import download
from shared.places.build import build as build_index
from shared.places.build import build_if_needed, packaged_release
from shared.places.errors import PlacesError
from shared.places.importers import Imported, import_file
from shared.places.index import PostcodeIndex
from shared.places.kinds import FILES, REGISTERS, Kind
from shared.places.places import Places
from shared.places.progress import Progress as Report
from shared.places.register import Register

app = typer.Typer(
    help="Postcodes, schools and GP practices: build, import, update, look up.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
Data = Annotated[
    Path,
    typer.Option("--data", envvar="WAYPOST_DATA", help="The folder of Waypost's data; places lie in `places/` there."),
]
DEFAULT_DATA = Path("var")


@app.command()
def build(
    data: Data = DEFAULT_DATA,
    again: Annotated[
        bool, typer.Option("--again", help="Build anew; imported postcode files must be imported again.")
    ] = False,
) -> None:
    """Build the postcode index from the packaged ONS directory: every UK postcode, no network needed.

    Does nothing when the index is there and current. Schools and practices are not touched.

    Example: `waypost places build`
    """
    with _told(), _bar("Building the postcode index") as progress:
        built = build_index(data / "places", progress) > 0 if again else build_if_needed(data / "places", progress)
    typer.echo(f"Built from {packaged_release()}." if built else "The postcode index is there already.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The file as downloaded: CSV, or a zip with it.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Import an official file. What kind it is shows from what is in it:

    - GIAS establishments (`edubasealldata….csv`): schools by URN;
    - ODS `epraccur.csv`: GP practices by ODS code;
    - ONSPD or NSPL: postcodes, with those that are terminated. A file of the whole country replaces the index, one of
      an area is laid over it.

    Running services use it within five seconds.

    Example: `waypost places import ~/Downloads/edubasealldata20260201.csv`
    """
    with _told(), _bar(f"Importing {file.name}") as progress:
        imported = import_file(file, data / "places", progress)
    typer.echo(_sentence(imported))


@app.command()
def update(
    schools: Annotated[
        str,
        typer.Option(envvar="WAYPOST_SCHOOLS_URL", help="GIAS establishments; {date} stands for the day, YYYYMMDD."),
    ] = download.ADDRESSES[Kind.SCHOOLS],
    practices: Annotated[str, typer.Option(envvar="WAYPOST_PRACTICES_URL", help="ODS epraccur.")] = download.ADDRESSES[
        Kind.PRACTICES
    ],
    postcodes: Annotated[
        str | None,
        typer.Option(
            envvar="WAYPOST_POSTCODES_URL",
            help="ONSPD or NSPL. Each release has an address of its own, at geoportal.statistics.gov.uk: give it here.",
        ),
    ] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Download the official files and import them. Unchanged files are not fetched again.

    Example, for every night: `waypost places update`

    Example, when ONS has published: `waypost places update --postcodes https://…/ONSPD_NOV_2026.zip`
    """
    failed = False
    for kind, address in {Kind.SCHOOLS: schools, Kind.PRACTICES: practices, Kind.POSTCODES: postcodes}.items():
        if not address:
            continue
        try:
            with _bar(f"Downloading {kind}") as downloading, _bar(f"Importing {kind}") as importing:
                imported = download.update(kind, address, data / "places", date.today(), downloading, importing)
            typer.echo(_sentence(imported) if imported else f"{kind.capitalize()}: unchanged since the last update.")
        except PlacesError as error:
            # One source that is out of order must not keep the others from being updated.
            typer.echo(f"{kind.capitalize()}: {error}", err=True)
            failed = True
    if failed:
        raise typer.Exit(1)


@app.command("look-up")
def look_up(
    postcode: Annotated[list[str], typer.Argument(help="A postcode, with or without its space.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Show the district of a postcode, whether it is in use, and which release says so.

    Example: `waypost places look-up KT3 6JD`
    """
    with _told():
        places = Places.open(data / "places")
    found = places.postcode("".join(postcode))
    if found is None:
        typer.echo("There is no such postcode.", err=True)
        raise typer.Exit(1)
    district = f"{found.district} {places.district_name(found.district) or ''}" if found.district else "in no district"
    in_use = "whether it is in use is not recorded" if not found.recorded else "in use"
    typer.echo(f"{found.text}: {district.strip()}, {'terminated' if found.terminated else in_use}")
    typer.echo(f"Says: {places.release_of(found)}")


@app.command()
def status(data: Data = DEFAULT_DATA) -> None:
    """Show what is there: each data set, its release, how many entries, when it was imported.

    Example: `waypost places status`
    """
    folder = data / "places"
    table = Table("Data set", "Release", "Entries", "Imported", "From")
    with _told():
        for item in PostcodeIndex(folder / FILES[Kind.POSTCODES]).imports:
            table.add_row(Kind.POSTCODES, item.release, f"{item.rows:,}", item.on, item.file)
        for kind in REGISTERS:
            if (folder / FILES[kind]).exists():
                register = Register(folder / FILES[kind])
                about = register.about
                table.add_row(kind, about.release, f"{len(register):,}", about.imported_on, about.file)
            else:
                table.add_row(kind, "not imported", "", "", "")
    Console().print(table)


def _sentence(imported: Imported) -> str:
    opening = f"{imported.kind.capitalize()}: {imported.rows:,} imported, release {imported.release}."
    if imported.kind is not Kind.POSTCODES:
        return opening
    how = "They replace the index" if imported.replaced else "They are laid over the index"
    return f"{opening} {how}, which now knows {imported.total:,} postcodes."


@contextmanager
def _told() -> Iterator[None]:
    """An error that was foreseen is told in its own words, without a traceback."""
    try:
        yield
    except PlacesError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except sqlite3.DatabaseError as error:
        typer.echo(f"A register of schools or practices is damaged ({error}). Import its file again.", err=True)
        raise typer.Exit(1) from None


@contextmanager
def _bar(description: str) -> Iterator[Report]:
    """A progress bar on standard error, gone when done; where nobody watches (a log, a job), none."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(description, total=None)
        yield lambda done, of: bars.update(task, completed=done, total=of or None)
