"""One parked message: what is known of it, its body as people may see it, and how it is mended.

A message that broke its contract can be put right by hand: the mended body is checked as the reader would, must stay the same
message, and is tried at once. How it came and every mended version are kept, sealed, for good.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from marshmallow import ValidationError
from sqlalchemy import Row, func, select

from shared.audit.record import record
from shared.contracts.envelope import LARGEST, EventSchema, Unreadable, read
from shared.http import problems
from shared.http.fields import field_errors
from shared.messaging.parked import make_due, plain
from shared.messaging.redacting import MASK, parsed, redacted, restored
from shared.messaging.store import Store

MENDABLE = frozenset({"data-breaks-contract", "envelope-incomplete", "not-a-cloudevent", "not-json"})
"""What mending can put right; after any other error the message is right, and something else is not."""
_SAME = ("id", "source", "type", "subject")

Schemas = Mapping[str, EventSchema]


def shown(store: Store, schemas: Schemas, event_id: str) -> dict[str, Any]:
    """A kept message with its body redacted, and its versions without theirs; raises a 404 problem.

    One that was mended, tried and had its effect is still found, by its versions.
    """
    failures, versions = store.metadata.tables["failures"], store.metadata.tables["parked_versions"]
    with store.reading() as connection:
        row = connection.execute(select(failures).where(failures.c.event_id == event_id)).first()
        kept = connection.execute(
            select(versions).where(versions.c.event_id == event_id).order_by(versions.c.version)
        ).all()
    if row is None and not kept:
        raise problems.not_found()
    about = {name: value for name, value in plain(row).items() if name != "body"} if row else {"event_id": event_id}
    body = _opened(store, row) if row else _opened_version(store, kept[-1])
    return about | {
        "state": _state(row),
        "mendable": row is not None and row.parked_at is not None and row.error in MENDABLE,
        "body": redacted(body, schemas),
        "versions": [
            {
                "version": each.version,
                "at": each.at,
                "actor": each.actor,
                "body": redacted(_opened_version(store, each), schemas),
            }
            for each in kept
        ],
    }


def mend(store: Store, schemas: Schemas, actor: str, event_id: str, text: str) -> int:
    """Puts `text` in place of a parked message's body and lets it be tried; answers the number of the new version.

    What is still masked stays as it was. Raises problems: 404; 409 when it is no longer parked or mending is not what it
    needs; 422 with the pointers of what breaks the contract.
    """
    failures, versions = store.metadata.tables["failures"], store.metadata.tables["parked_versions"]
    with store.writing() as transaction:
        row = transaction.execute(select(failures).where(failures.c.event_id == event_id).with_for_update()).first()
        if row is None:
            raise problems.not_found()
        if row.parked_at is None or row.error not in MENDABLE:
            raise problems.conflict("not-mendable", "This message cannot be mended", "It is not parked for its body.")
        original = _opened(store, row)
        mended = _checked(text, original, row, schemas)
        known = transaction.execute(
            select(func.count()).select_from(versions).where(versions.c.event_id == event_id)
        ).scalar_one()
        if not known:
            _keep(transaction, store, event_id, 1, "as it came", original)
            known = 1
        _keep(transaction, store, event_id, known + 1, actor, mended)
        event = read(mended, schemas)
        transaction.execute(
            failures.update()
            .where(failures.c.event_id == event_id)
            .values(
                body=store.resources.keyring.seal(event_id, mended),
                size=len(mended),
                type=event.type,
                subject=event.subject,
            )
        )
        make_due(transaction, store, [event_id])
        record(transaction, actor, "parked.mend", event_id, f"version {known + 1}")
    return int(known) + 1


def _keep(transaction: Any, store: Store, event_id: str, version: int, actor: str, body: bytes) -> None:
    sealed = store.resources.keyring.seal(version_part(event_id, version), body)
    values = {"event_id": event_id, "version": version, "at": transaction.now, "actor": actor[:80], "body": sealed}
    transaction.execute(store.metadata.tables["parked_versions"].insert().values(**values))


def _checked(text: str, original: bytes, row: Row[Any], schemas: Schemas) -> bytes:
    """The mended body; raises a 422 problem that says what is wrong where."""
    try:
        typed = orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError):
        raise _wrong("", "not-json", "This is not JSON.") from None
    before = parsed(original)
    document = restored(typed, before)
    if not isinstance(document, dict):
        raise _wrong("", "not-a-cloudevent", "An event is an object.")
    wrong = [*_changed(document, before, row), *_of_contract(document, schemas)]
    if wrong:
        raise problems.invalid(wrong)
    body = orjson.dumps(document)
    if len(body) > LARGEST:
        raise _wrong("", "too-large", "This is too large.")
    try:
        read(body, schemas)
    except Unreadable as error:
        raise _wrong("", error.code, "The envelope is not complete.") from None
    return body


def _changed(document: dict[str, Any], before: Any, row: Row[Any]) -> Iterable[problems.FieldError]:
    """It must stay the same message: about the same referral, of the same kind, from the same service."""
    known = before if isinstance(before, dict) else {}
    given = {name: known.get(name) for name in _SAME}
    if row.type != "unreadable":
        given |= {"id": row.event_id, "type": row.type, "subject": row.subject}
    for name in _SAME:
        came = given[name]
        if isinstance(came, str) and document.get(name) != came and _readable(name, came):
            yield problems.FieldError(f"/{name}", "changed", "This must stay as it came.")


def _readable(name: str, value: str) -> bool:
    """Whether what came there was what belongs there; if not, it has to change."""
    return bool(redacted(orjson.dumps({name: value}), {})[name] != MASK)


def _of_contract(document: dict[str, Any], schemas: Schemas) -> Iterable[problems.FieldError]:
    schema = schemas.get(str(document.get("type")))
    if schema is None:
        yield problems.FieldError("/type", "not-handled", "This service handles no event of this type.")
        return
    try:
        schema.load(document.get("data") or {})
    except ValidationError as error:
        for each in field_errors(error):
            yield problems.FieldError(f"/data{each.pointer}", each.code, each.detail)


def _wrong(pointer: str, code: str, said: str) -> problems.Problem:
    return problems.invalid([problems.FieldError(pointer, code, said)])


def _opened(store: Store, row: Row[Any]) -> bytes:
    return store.resources.keyring.open(row.event_id, bytes(row.body))


def _opened_version(store: Store, row: Row[Any]) -> bytes:
    return store.resources.keyring.open(version_part(row.event_id, row.version), bytes(row.body))


def version_part(event_id: str, version: int) -> str:
    """What a version of a message is sealed as."""
    return f"{event_id} version {version}"


def _state(row: Row[Any] | None) -> str:
    if row is None:
        return "gone"
    return "parked" if row.parked_at is not None else "due"
