"""`waypost resume`: end what `waypost pause` began."""

from typing import Annotated
from urllib.parse import quote

import typer

from services.commands.operator import ask

app = typer.Typer()


@app.command()
def resume(target: Annotated[str, typer.Argument(help="As `waypost pause` shows it.")]) -> None:
    """Let a service or an agency's channel go on; what waited follows by itself, the oldest first.

    Example: `waypost resume families-apart.webhook`
    """
    done = ask("DELETE", f"/v1/pauses/{quote(target, safe='')}")
    typer.echo(f"{target} goes on; it was paused since {done['since'][:16]}.")
