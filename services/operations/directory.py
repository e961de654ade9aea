"""Versions of the agency directory: uploaded as drafts, published by a second person, and one step back.

The highest publication is live. Each act is one transaction with its audit; bringing a publication to the services is
`directory_spread`'s, running a draft over past facts `directory_trials`'.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select, update

from services.operations.directory_kept import (
    BACK,
    DISCARDED,
    DONE,
    DRAFT,
    FIRST,
    FOLDER_ACTOR,
    PUBLISH,
    PUBLISHED,
    UNTRIED,
    changes,
    former_files,
    live,
    newest_publication,
    publications,
    version_row,
    versions,
)
from services.operations.tables import metadata
from shared.audit.record import record
from shared.database.rows import insert_or
from shared.directory import Directory, DirectoryError
from shared.directory.live import FOLDER, Published, keep
from shared.directory.reader import read_again
from shared.directory.showing import entries_of
from shared.http import problems
from shared.ids import new_id
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

MOST_CHARACTERS = 500_000


def upload(store: Store, files: Mapping[str, str], whole: bool, note: str, actor: str) -> str:
    """A draft: the live files with these in their place, or these alone where they are the `whole`. Answers its id.

    Raises a 422 problem with every mistake that `waypost directory check` would tell.
    """
    with store.reading() as connection:
        base = live(connection, store)
    laid = dict(files) if whole else {**base.files, **files}
    directory = checked(laid)
    if directory.version == read_again(base.files).version:
        raise problems.invalid([problems.FieldError("/files", "nothing-new", "The files say what the live ones say.")])
    draft_id = new_id()
    with store.writing() as transaction:
        transaction.insert(
            versions,
            **_row(transaction, draft_id, directory, laid, actor),
            state=DRAFT,
            note=note,
            based_on=base.number,
        )
        record(transaction, actor, "directory.uploaded", draft_id, directory.version)
    return draft_id


def checked(files: Mapping[str, str]) -> Directory:
    """The directory that files make; raises a 422 problem with a line for each mistake."""
    if sum(map(len, files.values())) > MOST_CHARACTERS:
        raise problems.invalid([problems.FieldError("/files", "too-long", "The files are too long together.")])
    try:
        return read_again(files)
    except DirectoryError as error:
        raise problems.invalid([problems.FieldError("/files", "mistake", line) for line in error.problems]) from None


def publish(store: Store, draft_id: str, actor: str) -> int:
    """Makes a draft live, by somebody who has not uploaded it; answers its number. Raises problems: 404, 409."""
    with store.writing() as transaction:
        draft = version_row(transaction.connection, draft_id)
        base = live(transaction.connection, store)
        if draft["state"] != DRAFT:
            raise problems.conflict("not-a-draft", "This is no draft any more")
        if draft["uploaded_by"] == actor:
            raise problems.conflict("second-person", "Somebody else has to publish what you uploaded")
        if draft["based_on"] != base.number:
            raise problems.conflict(
                "directory-changed", "Another version has gone live since", "Upload the changes again, and try them."
            )
        if draft["trial_state"] != DONE:
            raise problems.conflict("not-tried", "Run it over past facts first")
        if base.number == FOLDER:
            _begin(transaction, base.files)
        _settle(transaction, draft_id, PUBLISHED)
        number = _make_live(transaction, draft, PUBLISH, actor)
        record(transaction, actor, "directory.published", draft_id, f"publication {number}: {draft['version']}")
    return number


def back(store: Store, number: int, actor: str) -> int:
    """Makes what was live before publication `number`, which must be the live one, live again; answers the new number."""
    with store.writing() as transaction:
        newest = newest_publication(transaction.connection)
        if newest is None or newest["number"] != number:
            raise problems.conflict("directory-changed", "Another version has gone live since")
        before = transaction.execute(select(publications).where(publications.c.number == number - 1)).mappings().first()
        if before is None:
            raise problems.conflict("nothing-before", "There is no version before this one")
        row = version_row(transaction.connection, before["version_id"])
        back_to = _make_live(transaction, row, BACK, actor)
        record(transaction, actor, "directory.back", row["id"], f"publication {back_to}: {row['version']}")
    return back_to


def discard(store: Store, draft_id: str, actor: str) -> None:
    """Gives a draft up; raises problems: 404, 409."""
    with store.writing() as transaction:
        if version_row(transaction.connection, draft_id)["state"] != DRAFT:
            raise problems.conflict("not-a-draft", "This is no draft any more")
        _settle(transaction, draft_id, DISCARDED)
        record(transaction, actor, "directory.discarded", draft_id)


def _settle(transaction: Transaction, draft_id: str, state: str) -> None:
    """A draft is none any more. Whom it would have concerned has served its purpose; the counts stay."""
    still = update(versions).where(versions.c.id == draft_id, versions.c.state == DRAFT)
    if not transaction.execute(still.values(state=state)).rowcount:
        raise problems.conflict("not-a-draft", "This is no draft any more")
    transaction.execute(delete(changes).where(changes.c.version_id == draft_id))


def _begin(transaction: Transaction, files: Mapping[str, str]) -> None:
    """The folder as it is becomes the first publication, so that there is a way back to it."""
    first = _row(transaction, new_id(), checked(files), files, FOLDER_ACTOR)
    transaction.insert(versions, **first, state=PUBLISHED, note="", based_on=FOLDER)
    transaction.insert(
        publications, number=FOLDER + 1, version_id=first["id"], action=FIRST, actor=FOLDER_ACTOR, at=transaction.now
    )
    transaction.flush()


def _make_live(transaction: Transaction, version: Mapping[Any, Any], action: str, actor: str) -> int:
    newest = newest_publication(transaction.connection)
    assert newest is not None
    number = int(newest["number"]) + 1
    row = {"number": number, "version_id": version["id"], "action": action, "actor": actor, "at": transaction.now}
    if not insert_or(transaction.connection, publications, [row], "DO NOTHING", "number"):
        raise problems.conflict("directory-changed", "Another version has gone live since")
    published = Published(number, version["files"], former_files(transaction.connection, version["files"]))
    keep(transaction, metadata, published, version["version"])
    return number


def _row(
    transaction: Transaction, row_id: str, directory: Directory, files: Mapping[str, str], actor: str
) -> dict[str, Any]:
    return {
        "id": row_id,
        "version": directory.version,
        "files": dict(files),
        "entries": entries_of(directory),
        "uploaded_by": actor,
        "uploaded_at": transaction.now,
        "trial_state": UNTRIED,
        "trial_live": None,
        "trial_after": "",
        "trial_total": 0,
        "trial_looked": 0,
        "trial_counts": {},
        "trial_moved_at": None,
    }
