"""`waypost contracts`: what is published about HTTP and events, generated from the code that serves them."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer()

FOLDER = Path("docs/contracts")


@app.command()
def contracts(
    folder: Annotated[Path, typer.Option(help="Where to write.")] = FOLDER,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when a file is stale.")] = False,
) -> None:
    """Write OpenAPI of each HTTP service, AsyncAPI, and the JSON Schema of each event.

    Example: `waypost contracts --check`
    """
    wanted = {folder / name: json.dumps(document, indent=1) + "\n" for name, document in documents().items()}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    stale += [path for path in folder.rglob("*.json") if path not in wanted]
    if check:
        for path in stale:
            typer.echo(f"stale: {path}", err=True)
        raise typer.Exit(1 if stale else 0)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path in wanted:
            path.write_text(wanted[path])
        else:
            path.unlink()
    typer.echo(f"{len(stale)} of {len(wanted)} files written to {folder}")


def documents() -> dict[str, dict[str, Any]]:
    """Every document by its file name."""
    from services.catalogue import service_class
    from shared.contracts.export import asyncapi, event_schema
    from shared.contracts.registry import EVENTS
    from shared.http.openapi import openapi_of
    from shared.messaging.runtime import InboxProvider
    from shared.settings import HTTP_PORTS, SERVICES
    from shared.version import VERSION

    found = {f"events/{schema.type()}.json": event_schema(schema) for schema in EVENTS}
    heard_by = {}
    for name in SERVICES:
        inbox = getattr(service_class(name), "inbox", None)
        if isinstance(inbox, InboxProvider):
            heard_by[name] = [schema.type() for schema in inbox.handlers]
    found["asyncapi.json"] = asyncapi(VERSION, heard_by)
    for name in HTTP_PORTS:
        found[f"openapi.{name}.json"] = openapi_of(service_class(name))
    return found
