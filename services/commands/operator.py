"""How commands speak to the operations service: over its API, with the operations key of `WAYPOST_KEY` or of the demo."""

import json
import os
from typing import Any, NoReturn

import requests
import typer

from shared.settings import Settings


def ask(method: str, path: str, **arguments: Any) -> Any:
    """The answer as JSON; ends the command with a sentence that says what to do when there is none."""
    settings = Settings.from_environment()
    address = os.environ.get("WAYPOST_OPERATIONS_URL", f"http://127.0.0.1:{settings.ports['operations']}")
    headers = {"Authorization": f"Bearer {_key(settings)}"}
    try:
        answer = requests.request(method, address + path, headers=headers, timeout=(3, 30), **arguments)
    except requests.RequestException:
        _end(f"nothing answers at {address}. Is Waypost running? WAYPOST_OPERATIONS_URL names another address.")
    if answer.status_code in (401, 403):
        _end(
            "the operations key does not work here. `waypost keys create operations …` makes one; set it as WAYPOST_KEY."
        )
    if answer.status_code != 200:
        problem = answer.json()
        errors = [f"\n  {error['detail']}" for error in problem.get("errors", ())]
        _end(f"{problem.get('title')}. {problem.get('detail', '')}".strip() + "".join(errors))
    return answer.json()


def _key(settings: Settings) -> str:
    if os.environ.get("WAYPOST_KEY"):
        return os.environ["WAYPOST_KEY"]
    demo = settings.data / "keys" / "demo.json"
    if not demo.exists():
        _end("set WAYPOST_KEY to an operations key; `waypost keys create operations <owner>` makes one.")
    return str(json.loads(demo.read_text())["operations"])


def _end(sentence: str) -> NoReturn:
    typer.echo(f"waypost: {sentence}", err=True)
    raise typer.Exit(1)
