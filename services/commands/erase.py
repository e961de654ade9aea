"""`waypost erase`: destroys what is held of one family, for good."""

from typing import Annotated

import typer

from services.commands.operator import ask

app = typer.Typer()


@app.command()
def erase(
    reference: Annotated[str, typer.Argument(help="The referral's reference.")],
    reason: Annotated[str, typer.Option(help="asked-by-family, asked-by-referrer, no-lawful-basis or other.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """Erase a referral: its key is destroyed, agencies are recalled, a tombstone of codes and times is left.

    Example: `waypost erase 7KX-3FM-9QF --reason asked-by-family`
    """
    if not reason:
        raise typer.BadParameter("say why with --reason")
    if not yes:
        typer.confirm("What is held of this family cannot be read again, by anybody. Erase it?", abort=True)
    done = ask("POST", "/v1/erasures", json={"reference": reference, "reason": reason})
    typer.echo(f"{done['reference']} {'was erased before' if done['again'] else 'is erased'}.")
    if done["seen_by"]:
        typer.echo(f"Were shown the family, and may hold notes of their own: {', '.join(done['seen_by'])}. Tell them.")
