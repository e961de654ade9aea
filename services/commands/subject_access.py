"""`waypost subject-access`: all that is held about a family, for the person who asks for it."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from services.commands.operator import ask
from services.commands.subject_access_page import page_of

app = typer.Typer(help="All that is held about a family, as a page and as JSON.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Has commands of its own, so that `export` is named."""


@app.command()
def export(
    reference: Annotated[str, typer.Argument(help="The referral's reference.")],
    to: Annotated[Path, typer.Option(help="A folder; the page and the JSON are written there.")],
) -> None:
    """Write what every service holds about a referral to `<folder>/<reference>.html` and `.json`. The look is on record.

    Make sure first who is asking: the files hold everything, and are yours alone to read.

    Example: `waypost subject-access export 7KX-3FM-9QF --to exports`
    """
    found = ask("POST", "/v1/subject-access", json={"reference": reference})
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    for ending, text in (("json", json.dumps(found, indent=2, ensure_ascii=False)), ("html", page_of(found))):
        path = to / f"{found['reference']}.{ending}"
        _write(path, text)
        typer.echo(str(path))


def _write(path: Path, text: str) -> None:
    """Readable by its owner alone from the first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
