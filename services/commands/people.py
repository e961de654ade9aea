"""`waypost people`: who may sign in at the agencies' and operations' pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from shared.settings import Settings
from shared.web.people.roles import OPERATIONS, ROLES

if TYPE_CHECKING:
    from shared.web.people.staff import Staff

app = typer.Typer(
    help="People who sign in: invite, list, end. A first manager is invited here; managers invite the others by themselves.",
    no_args_is_help=True,
)
Agency = Annotated[str, typer.Option("--agency", help="The agency's id in the directory.")]
Operations = Annotated[bool, typer.Option("--operations", help="Instead of an agency: those who keep Waypost running.")]
Email = Annotated[str, typer.Argument(help="Their e-mail address at work.", metavar="E-MAIL")]
BY = "command-line"


@app.command()
def invite(
    email: Email,
    agency: Agency = "",
    operations: Operations = False,
    role: Annotated[
        str,
        typer.Option(help="agency-worker or agency-manager; operations or auditor. The first of the two by default."),
    ] = "",
) -> None:
    """Make an invitation and show its address, once: pass it on to them by a way that you trust. Nothing is sent.

    It works once and for a week; whoever opens it makes the account. Inviting again makes a new address, and the one
    before no longer works.

    Example: `waypost people invite --agency families-apart --role agency-manager manager@example.org`
    """
    from marshmallow import ValidationError

    from shared.http.fields import field_errors
    from shared.http.problems import Problem
    from shared.web.people.schemas import NewInvitationSchema

    with _staff(agency, operations) as staff:
        try:
            said = NewInvitationSchema().load({"email": email, "role": role or ROLES[staff.store.service][0]})
            made = staff.invite(**said)
        except ValidationError as error:
            _end("; ".join(f"{found.pointer.strip('/')}: {found.detail}" for found in field_errors(error)))
        except Problem as problem:
            _end(" ".join(error.detail for error in problem.errors) or problem.title)
    typer.echo(made.address)
    typer.echo(f"It works once, until {made.expires_at:%d %b %Y %H:%M} UTC.", err=True)


@app.command("list")
def list_(agency: Agency = "", operations: Operations = False) -> None:
    """Show who has an account, who had one, and who is invited.

    Example: `waypost people list --agency families-apart`
    """
    table = Table("name", "e-mail", "role", "since", "until")
    with _staff(agency, operations) as staff:
        for each in staff.everybody():
            ended = f"ended {each.ended_at:%d %b %Y}" if each.ended_at else ""
            table.add_row(each.name, each.email, each.role, f"{each.created_at:%d %b %Y}", ended)
        for one in staff.invited():
            table.add_row("(invited)", one.email, one.role, "", f"{one.expires_at:%d %b %Y}")
    Console().print(table)


@app.command()
def end(email: Email, agency: Agency = "", operations: Operations = False) -> None:
    """End somebody's account: they are signed out at once, and cannot sign in again. An open invitation ends too.

    Example: `waypost people end --agency families-apart worker@example.org`
    """
    with _staff(agency, operations) as staff:
        mine = [each for each in staff.everybody() if each.email.casefold() == email.casefold() and not each.ended_at]
        asked = [each for each in staff.invited() if each.email.casefold() == email.casefold()]
        for each in mine:
            staff.end(each.id)
            typer.echo(f"The account of {each.email} has ended.")
        for one in asked:
            staff.withdraw(one.id)
            typer.echo(f"The invitation to {one.email} is withdrawn.")
    if not mine and not asked:
        _end("nobody of this address has an account or an invitation there. `waypost people list` shows who has.")


@contextmanager
def _staff(agency: str, operations: bool) -> "Iterator[Staff]":
    import structlog

    from services.catalogue import runtime_of
    from shared import logs
    from shared.web.pages import address_of
    from shared.web.people.staff import Staff

    if bool(agency) == operations:
        raise typer.BadParameter("name either --agency ID or --operations")
    if not structlog.is_configured():
        # The command says itself what it did: what the service's code logs of it must not stand in between.
        logs.configure("warning")
    settings = Settings.from_environment()
    service, owner = (OPERATIONS, OPERATIONS) if operations else ("routing", agency)
    runtime = runtime_of(service, settings)
    known = [each.id for each in runtime.resources.directory.agencies]
    if agency and agency not in known:
        raise typer.BadParameter(f"there is no agency {agency!r} in the directory; there are {', '.join(known)}")
    try:
        yield Staff(runtime.store, owner, BY, address_of(settings, service).rstrip("/"))
    finally:
        runtime.store.database.close()


def _end(sentence: str) -> NoReturn:
    typer.echo(f"waypost: {sentence}", err=True)
    raise typer.Exit(1)
