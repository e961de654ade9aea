"""Rotating the master key while services run: `waypost keys rotate-master`, `master`, `retire-master`.

Where services run in containers, these change the key file on the machine that holds it; services see the change when it
is the file's folder, not the file alone, that they are given.
"""

import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.commands.operator import ask
from shared.settings import Settings

SEEN_AFTER = 60
"""Seconds after a new key in which some process may still seal with the one before."""


def rotate() -> None:
    """Add a master key. Running services wrap with it within seconds, and put all that is older under it by themselves.

    Example: `waypost keys rotate-master`
    """
    from shared.privacy.keyfile import add_key

    path = Settings.from_environment().master_key_file
    typer.echo(f"{add_key(path)} is the newest master key now. Back up {path}, apart from the databases.")
    typer.echo("`waypost keys master` shows how far the rest has come.")


def show() -> None:
    """Show which master keys each service knows, and how much still stands under older ones.

    Example: `waypost keys master`
    """
    table = Table("service", "newest", "older", "still under older keys")
    for name, found in _asked().items():
        if found.get("unreachable"):
            table.add_row(name, "does not answer")
            continue
        *older, newest = found["keys"]
        under = ", ".join(f"{key_id}: {count}" for key_id, count in found["waiting"].items() if count)
        table.add_row(name, newest, ", ".join(older), under or "nothing")
    Console().print(table)


def retire(key_id: Annotated[str, typer.Argument(help="The id of an older master key, such as k1.")]) -> None:
    """Take an older master key out of the file. Refuses while anything stands under it.

    What was backed up before can only be read with it: keep a copy as long as such backups, and destroy both together.

    Example: `waypost keys retire-master k1`
    """
    from shared.privacy.keyfile import remove_key
    from shared.privacy.keyring import Keyring

    path = Settings.from_environment().master_key_file
    *older, newest = Keyring.from_file(path).ids
    if key_id not in older:
        _refuse(f"{key_id} is {'the newest master key' if key_id == newest else 'no master key of the file'}.")
    if time.time() - path.stat().st_mtime < SEEN_AFTER:
        _refuse(f"the key file was changed in the last {SEEN_AFTER} seconds. Wait a minute: services may still use it.")
    for name, found in _asked().items():
        if found.get("unreachable"):
            _refuse(f"{name} does not answer. Every service must run, so that each can say that nothing is left.")
        if found["keys"][-1] != newest:
            _refuse(f"{name} does not know {newest} yet. Restart it where its key file is mounted as a single file.")
        left = found["waiting"].get(key_id, 0) + found["waiting"]["unknown"]
        if left:
            _refuse(f"{left} values of {name} still stand under {key_id} or an unknown key. Wait, and look again.")
    remove_key(path, key_id)
    typer.echo(f"{key_id} is retired. Keep a copy of it for as long as you keep backups from before today.")


def _asked() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = ask("GET", "/v1/master-keys")["services"]
    return services


def _refuse(sentence: str) -> None:
    typer.echo(f"waypost: {sentence}", err=True)
    raise typer.Exit(1)
