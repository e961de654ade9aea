"""All commands of `waypost`, each loaded when it is asked for."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

COMMANDS = {
    "run": "Start services (all of them, or those you name).",
    "migrate": "Bring databases and broker to what this version needs.",
    "queues": "See where every message is.",
    "parked": "Messages that failed for good: list, retry, discard.",
    "trace": "All that happened to a referral, and what each agency could see.",
    "reviews": "Referrals that wait for a person: list, show, decide.",
    "pause": "Let a service or an agency's channel wait; or show what is paused.",
    "resume": "Let it go on.",
    "messages": "What was sent to people, and what could not be.",
    "audit": "What people did: list it, verify that nobody changed it.",
    "keys": "API keys: create, list, revoke.",
    "people": "People who sign in: invite, list, end.",
    "agencies": "Agencies' own queues: provision, rotate, revoke, list.",
    "retention": "How long referrals are kept: preview, run, report, hold, release.",
    "subject-access": "All that is held about a family, as a page and as JSON.",
    "erase": "Erase a referral for good.",
    "backup": "Copy every database, as all were at one moment, while services run.",
    "restore": "Put a backup in the place of the databases, and send again what may have been lost.",
    "directory": "The agency directory: check, list, show; what is live, drafts, publish, back.",
    "places": "Postcodes, schools and practices: build, import, update, look up.",
    "contracts": "Write OpenAPI, AsyncAPI and JSON Schemas to docs/contracts.",
}


class Lazily(TyperGroup):
    """Loads a command's module when it is asked for: `waypost queues` need not wait for what `waypost run` imports."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        app = import_module(f"services.commands.{cmd_name.replace('-', '_')}").app
        command = get_command(app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def command_line() -> None:
    """Does what the words after `waypost` say."""
    help_text = "Waypost: routes a referral to the agency that can help, and proves what it did."
    app = typer.Typer(
        cls=Lazily, help=help_text, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
    )
    app.callback()(lambda: None)
    app(prog_name="waypost")
