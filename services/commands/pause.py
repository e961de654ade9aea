"""`waypost pause`: let a service, or an agency's channel, wait; without a name, what is paused. In the audit, like `resume`."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.commands.operator import ask

app = typer.Typer()


@app.command()
def pause(
    target: Annotated[
        str | None,
        typer.Argument(help="A service, or an agency with .webhook, .queue, .feed or .e-mail behind it."),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; it is shown on the overview. No names of families.")] = "",
) -> None:
    """Let what comes for a service or an agency wait, until `waypost resume`. Nothing is lost. Without a name: show pauses.

    Example: `waypost pause families-apart.webhook --reason "they move to another machine"`
    """
    if target is None:
        table = Table("paused", "since", "by", "waiting", "because")
        found = ask("GET", "/v1/pauses")
        for each in found["items"]:
            about = (each["target"], each["since"][:16], each["actor"])
            table.add_row(*about, str(each["waiting"]), each["reason"])
        Console().print(table)
        for service in found["silent"]:
            typer.echo(f"{service} does not answer: what is paused there is not shown.")
        return
    if len(reason) < 3:
        raise typer.BadParameter("say why with --reason")
    ask("POST", "/v1/pauses", json={"target": target, "reason": reason})
    typer.echo(f"{target} is paused within a few seconds. `waypost resume {target}` ends it.")
