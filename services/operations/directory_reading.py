"""What is told of the agency directory's versions: what is live, who confirmed which entry, drafts, and what they change."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from services.operations.directory_kept import DRAFT, FOLDER_ACTOR, changes, live, publications, version_row, versions
from shared.directory.reader import read_again
from shared.directory.showing import changes_between, entries_of
from shared.http.pages import as_page, read_page
from shared.http.request import Request
from shared.messaging.store import Store

LATEST = 20
_ABOUT = ("id", "version", "state", "note", "uploaded_by", "uploaded_at", "based_on")
_OF_PUBLICATION = ("number", "version_id", "version", "action", "actor", "at", "note", "uploaded_by")


def overview(store: Store) -> dict[str, Any]:
    """The live version with its entries, the last publications, and the drafts, the newest first."""
    with store.reading() as connection:
        published = live(connection, store)
        history = _history(connection)
        drafts = select(versions).where(versions.c.state == DRAFT).order_by(versions.c.id.desc())
        waiting = [_draft(row, published.number) for row in connection.execute(drafts).mappings()]
    directory = read_again(published.files)
    return {
        "number": published.number,
        "version": directory.version,
        "entries": [{**entry, **_confirmed(entry, history)} for entry in entries_of(directory)],
        "publications": [{name: each[name] for name in _OF_PUBLICATION} for each in history[:LATEST]],
        "drafts": waiting,
    }


def show_draft(store: Store, draft_id: str) -> dict[str, Any]:
    """One draft, or what was one, beside what is live; raises a 404 problem."""
    with store.reading() as connection:
        row = version_row(connection, draft_id)
        published = live(connection, store)
    directory = read_again(row["files"])
    return {
        **_draft(row, published.number),
        "entries": entries_of(directory),
        "changes": changes_between(read_again(published.files), directory),
    }


def list_changes(store: Store, draft_id: str, request: Request) -> dict[str, Any]:
    """The referrals that a draft would decide otherwise, in the order in which they came; raises a 404 problem."""
    page = read_page(request.args, int)
    query = select(changes).where(changes.c.version_id == draft_id).order_by(changes.c.number)
    if "kind" in request.args:
        query = query.where(changes.c.kind == request.args["kind"])
    if page.after:
        query = query.where(changes.c.number > page.after[0])
    with store.reading() as connection:
        version_row(connection, draft_id)
        rows = connection.execute(query.limit(page.limit + 1)).mappings().all()
    return as_page(rows, page, lambda row: (row["number"],), _change)


def _change(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("referral_id", "reference", "kind", "agencies")}


def _draft(row: Mapping[Any, Any], live_number: int) -> dict[str, Any]:
    return {
        **{name: row[name] for name in _ABOUT},
        "outdated": row["based_on"] != live_number,
        "trial": {
            "state": row["trial_state"],
            "looked": row["trial_looked"],
            "total": row["trial_total"],
            "counts": row["trial_counts"],
        },
    }


def _history(connection: Connection) -> list[dict[str, Any]]:
    """Every publication, the newest first, with who uploaded it and its files."""
    query = (
        select(publications, versions.c.version, versions.c.note, versions.c.uploaded_by, versions.c.entries)
        .join(versions, versions.c.id == publications.c.version_id)
        .order_by(publications.c.number.desc())
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def _confirmed(entry: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The publication that brought the day on which an entry was confirmed; null where nobody has, or the folder did."""
    if entry["verified_on"] is None:
        return {"confirmed_by": None}
    brought = None
    for publication in history:
        if _verified_on(publication["entries"], entry["id"]) != entry["verified_on"]:
            break
        brought = publication
    if brought is None or brought["uploaded_by"] == FOLDER_ACTOR:
        return {"confirmed_by": None}
    return {"confirmed_by": {name: brought[name] for name in ("number", "at", "actor", "uploaded_by")}}


def _verified_on(entries: Sequence[Mapping[str, Any]], entry_id: str) -> str | None:
    return next((each["verified_on"] for each in entries if each["id"] == entry_id), None)
