"""`waypost restore`: puts a backup in the place of what is there, and sends again what may have been lost on the way."""

import base64
import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from services.commands.backup import MANIFEST, PART, PROBE, digest
from shared.settings import SERVICES, Settings

app = typer.Typer()
GONE_WITHIN = 10.0


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A folder that `waypost backup` made.")],
    replay_hours: Annotated[
        int, typer.Option(min=1, help="Events of so many hours before the backup are sent again, with the same ids.")
    ] = 24,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """Put a backup in the place of the databases. Stop every service first; start them afterwards.

    What came after the backup is lost, and said to be. What was erased since is erased again. SQLite's files are put
    aside, not deleted.

    Example: `waypost restore /backups/2026-11-21`
    """
    from services.commands.restored import Before, mend
    from shared.database.copying import CopyFailed, put_back

    settings = Settings.from_environment()
    manifest = _checked(folder, settings)
    taken_at = datetime.fromisoformat(manifest["taken_at"])
    if not yes:
        typer.confirm(f"Everything since {taken_at:%Y-%m-%d %H:%M:%S} UTC is lost. Go on?", abort=True)
    with _nobody_else(settings):
        before = Before.of(settings)
        urls = {name: settings.database_url(name) for name in SERVICES}
        aside = settings.data / f"before-restore-{datetime.now():%Y%m%dT%H%M%S}"
        try:
            put_back(urls, {name: folder / each["name"] for name, each in manifest["files"].items()}, aside)
        except CopyFailed as error:
            _end(str(error))
        done = mend(settings, before, taken_at - timedelta(hours=replay_hours))
    typer.echo(
        f"Restored to {taken_at:%Y-%m-%d %H:%M:%S} UTC. {done.events} events will be sent again, with the same ids."
    )
    if done.erased:
        typer.echo(f"{done.erased} referrals that were erased since are erased again.")
    if done.lost is None:
        typer.echo("What was accepted after that moment is lost; there is no telling what it was: ask those who refer.")
    elif done.lost:
        typer.echo(
            f"{len(done.lost)} referrals came after that moment and are lost. Ask those who made them to repeat them:"
        )
        for reference in done.lost:
            typer.echo(f"  {reference}")
    else:
        typer.echo("No referral came after that moment: none is lost.")
    if aside.exists():
        typer.echo(f"What was there before lies in {aside}. Delete it when all is well: it holds personal data.")


def _checked(folder: Path, settings: Settings) -> dict[str, Any]:
    """The manifest, once every file is whole and the master key at hand is the one that it was made with."""
    from shared.privacy.keyfile import KeyringError
    from shared.privacy.keyring import Keyring
    from shared.privacy.sealed import SealBroken

    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError):
        _end(f"{folder} is no backup: it has no {MANIFEST} that can be read.")
    for name in SERVICES:
        each = manifest["files"].get(name)
        path = folder / each["name"] if each else folder
        if not path.is_file() or digest(path) != each["sha256"]:
            _end(f"the copy of {name} is missing or was changed. Use another backup.")
    try:
        opened = Keyring.from_file(settings.master_key_file).open(PART, base64.b64decode(manifest["probe"]))
    except (KeyringError, SealBroken) as error:
        _end(f"the master key file does not open this backup ({error}). Put the one of its time back first.")
    if opened != PROBE:
        _end("the master key file does not open this backup.")
    return manifest


def _connected(settings: Settings) -> list[str]:
    from shared.database.copying import users_of

    return [name for name in SERVICES if users_of(settings.database_url(name))]


@contextmanager
def _nobody_else(settings: Settings) -> Iterator[None]:
    """Ends the command while a service runs; keeps one from starting on the same files meanwhile."""
    from shared.database.copying import CopyFailed

    settings.data.mkdir(parents=True, exist_ok=True)
    with (settings.data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            connected = _connected(settings)
            until = time.monotonic() + GONE_WITHIN
            # A service that has just ended leaves connections that PostgreSQL has yet to notice.
            while connected and time.monotonic() < until:
                time.sleep(0.2)
                connected = _connected(settings)
        except OSError:
            _end("Waypost runs. Stop it first.")
        except CopyFailed as error:
            _end(str(error))
        if connected:
            _end(f"{', '.join(connected)} still runs: somebody is connected to its database. Stop every service first.")
        yield


def _end(sentence: str) -> NoReturn:
    typer.echo(f"waypost: {sentence}", err=True)
    raise typer.Exit(1)
