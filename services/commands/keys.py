"""`waypost keys`: API keys of referrers, agencies and operations; and the master keys."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.commands import master_keys
from shared.settings import Settings

SCOPES = {
    "referrals": ["referrals:write", "referrals:read"],
    "routing": ["events:read", "tasks:read", "tasks:write"],
    "operations": ["operations:read", "operations:write"],
}
NAMED_ONLY = {
    "routing": ["people:read", "people:write"],
    "operations": ["people:read", "people:write", "data-protection"],
}
"""Scopes that a key has only when they are named: to invite somebody, or to erase a family, is more than the day's work."""

app = typer.Typer(
    help="API keys: create, list, revoke. Master keys: rotate, see, retire. An API key is shown once; only its hash is stored.",
    no_args_is_help=True,
)
app.command("rotate-master")(master_keys.rotate)
app.command("master")(master_keys.show)
app.command("retire-master")(master_keys.retire)
Service = Annotated[str, typer.Argument(help="referrals (referrers), routing (agencies) or operations.")]


@app.command()
def create(
    service: Service,
    owner: Annotated[str, typer.Argument(help="The organisation; for routing the agency's id in the directory.")],
    name: Annotated[str, typer.Option(help="What the key is for, so that it can be told apart later.")] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="A scope; may be repeated. By default all of the service's but those about people and data protection."
        ),
    ] = None,
) -> None:
    """Make a key and show it, once.

    Example: `waypost keys create routing families-apart --name "case system"`
    """
    from shared.http.stored_keys import create_key

    scopes = scope or _scopes(service)
    known = [*_scopes(service), *NAMED_ONLY.get(service, [])]
    wrong = set(scopes) - set(known)
    if wrong:
        raise typer.BadParameter(f"{service} has no scope {sorted(wrong)[0]}; it has {', '.join(known)}")
    typer.echo(create_key(_store(service), owner, scopes, name))


@app.command("list")
def list_(service: Service) -> None:
    """Show a service's keys, without their secrets.

    Example: `waypost keys list referrals`
    """
    from shared.http.stored_keys import list_keys

    table = Table("id", "owner", "name", "scopes", "created", "revoked")
    for key in list_keys(_store(service)):
        revoked = f"{key.revoked_at:%d %b %Y}" if key.revoked_at else ""
        table.add_row(key.id, key.owner, key.name, " ".join(key.scopes), f"{key.created_at:%d %b %Y}", revoked)
    Console().print(table)


@app.command()
def revoke(
    service: Service, key_id: Annotated[str, typer.Argument(help="The id, the part between wp_ and the next _.")]
) -> None:
    """End a key; running services notice within five seconds.

    Example: `waypost keys revoke referrals k3v9x2m1qa`
    """
    from shared.http.stored_keys import revoke_key

    if not revoke_key(_store(service), key_id):
        typer.echo(
            f"waypost: {service} has no working key {key_id}. `waypost keys list {service}` shows them.", err=True
        )
        raise typer.Exit(1)
    typer.echo(f"{key_id} no longer works.")


def _scopes(service: str) -> list[str]:
    if service not in SCOPES:
        raise typer.BadParameter(f"keys belong to one of {', '.join(SCOPES)}")
    return SCOPES[service]


def _store(service: str) -> Any:
    from services.catalogue import runtime_of

    _scopes(service)
    return runtime_of(service, Settings.from_environment()).store
