"""What routing holds of a referral: where it went and why, tasks with what agencies wrote, rulings. And what is sealed."""

from typing import Any

from sqlalchemy import Connection, Table, select

from services.routing.clock_tables import chases, reads
from services.routing.erasing import clear
from services.routing.notes import NOTE, WORKER, key_to_read, opened
from services.routing.tables import idempotency, metadata, moves, referrals, rulings, task_keys, tasks
from services.routing.webhooks.sealed_secrets import part_of
from services.routing.webhooks.tables import webhooks
from shared.http.first_answers import SEALED_AS
from shared.messaging.sealed_columns import sealed_messages
from shared.messaging.store import Store
from shared.privacy.desk import Kept, audited, shown
from shared.privacy.keyring import Keyring
from shared.privacy.rewrapping import Sealed, Wrapped
from shared.web.people.sealed_columns import SEALED as PEOPLE

Json = dict[str, Any]


def held(store: Store, referral_id: str) -> Json:
    """All of it. What an agency wrote says whose it is: it is the agency's, and held here for it."""
    keyring = store.resources.keyring
    with store.reading() as connection:
        known = [shown(row, "referral_id") for row in _of(connection, referrals, "referral_id", referral_id)]
        found = list(_of(connection, tasks, "referral_id", referral_id))
        ids = [task.id for task in found]
        return {
            "known": known,
            "tasks": [_task(connection, keyring, task) for task in found],
            "rulings": [
                shown(row, "id", "referral_id")
                | {"reason": keyring.open(f"ruling {row.id}", bytes(row.reason)).decode()}
                for row in _of(connection, rulings, "referral_id", referral_id)
            ],
            "acts_of_people": audited(connection, [referral_id, *ids]),
        }


def _task(connection: Connection, keyring: Keyring, task: Any) -> Json:
    key = key_to_read(connection, keyring, task.id)
    return shown(task, "referral_id", "open_agency", "worker_index", "asked_sequence") | {
        "source": task.agency,
        "worker": opened(key, WORKER, task.worker),
        "moves": [
            shown(move, "id", "task_id") | {"source": move.agency, "note": opened(key, NOTE, move.note)}
            for move in _of(connection, moves, "task_id", task.id)
        ],
        "first_read": [row.at for row in _of(connection, reads, "task_id", task.id)],
        "reminders": [shown(row, "task_id") for row in _of(connection, chases, "task_id", task.id)],
    }


def _of(connection: Connection, table: Table, column: str, value: str) -> Any:
    return connection.execute(select(table).where(table.c[column] == value).order_by(*table.primary_key))


KEPT = Kept(
    sealed=(
        Wrapped(task_keys, "task_id"),
        Sealed(idempotency, "body", lambda row: SEALED_AS),
        Sealed(rulings, "reason", lambda row: f"ruling {row.id}"),
        Sealed(webhooks, "secret", lambda row: part_of(row.id)),
        Sealed(webhooks, "old_secret", lambda row: part_of(row.id)),
        *sealed_messages(metadata),
        *PEOPLE,
    ),
    held=held,
    clear=clear,
)
