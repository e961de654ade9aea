"""`waypost messages`: what was written for people, and what could not be delivered. No address is shown."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Annotated, Any

import requests
import typer

from services.notifications.carriers.choice import outbox_of
from shared.resources import Resources
from shared.settings import Settings

app = typer.Typer(help="E-mails to agencies and referrers.", no_args_is_help=True)


@app.command("list")
def list_messages(
    most: Annotated[int, typer.Option("--most", min=1, help="How many to show, the newest.")] = 50,
) -> None:
    """The e-mails that were written as files, the newest last. With a mail server (WAYPOST_SMTP) none are.

    Example: waypost messages list --most 10
    """
    folder = outbox_of(Settings.from_environment())
    paths = sorted(folder.glob("*.eml"))
    if not paths:
        typer.echo(f"No messages in {folder}.")
    for path in paths[-most:]:
        email = _read(path)
        typer.echo(f"{email['Date'].datetime:%Y-%m-%d %H:%M:%S}  {email['Subject']:48}  {path.name}")


@app.command()
def show(name: Annotated[str, typer.Argument(metavar="FILE", help="A file's name, as `list` shows it.")]) -> None:
    """One message as its reader sees it.

    Example: waypost messages show 20261121T101500Z-0b6d….eml
    """
    path = outbox_of(Settings.from_environment()) / Path(name).name
    if not path.is_file():
        typer.echo(f"No message {path.name}. `waypost messages list` has them all.", err=True)
        raise typer.Exit(1)
    email = _read(path)
    typer.echo(f"{email['Subject']}\n\n{email.get_content()}", nl=False)


@app.command()
def failed() -> None:
    """The messages that were never delivered, the newest first, and why. Asks the running service.

    Example: waypost messages failed
    """
    for item in _failed(Settings.from_environment()):
        typer.echo(
            f"{item['ended_at'][:19]}  {item['reference'] or '-':11}  {item['template']:18}  {item['audience']:8}  "
            f"{item['problem']} after {item['attempts']} attempt(s)"
        )


def _read(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=default)


def _failed(settings: Settings) -> list[dict[str, Any]]:
    url = f"http://{settings.management_hosts['notifications']}:{settings.management_ports['notifications']}/v1/deliveries"
    session = requests.Session()
    session.trust_env = False  # A proxy or a .netrc of the machine is not to have the internal key.
    try:
        key = Resources(settings).internal_key
        answer = session.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=10, allow_redirects=False)
    except (OSError, requests.RequestException) as error:
        typer.echo(f"The notifications service does not answer ({type(error).__name__}). Does it run?", err=True)
        raise typer.Exit(1) from None
    if answer.status_code != 200:
        typer.echo(f"The notifications service answered {answer.status_code}. Is the internal key the same?", err=True)
        raise typer.Exit(1)
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
