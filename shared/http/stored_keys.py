"""A service's API keys in its own database: looked up for each caller, made and revoked by the command line."""

from typing import Any

from sqlalchemy import select, update

from shared.http.keys import KeyRow, key_row, new_key
from shared.messaging.store import Store


def find_key(container: Any, key_id: str) -> KeyRow | None:
    """The key of a service by its id: what `Access(find_key)` asks."""
    store: Store = container.config["runtime"].store
    table = store.metadata.tables["api_keys"]
    with store.reading() as connection:
        row = connection.execute(select(table).where(table.c.id == key_id)).first()
    return None if row is None else key_row(row._mapping)


def create_key(store: Store, owner: str, scopes: list[str], name: str) -> str:
    """Makes a key and answers its text, which is stored nowhere."""
    with store.writing() as transaction:
        text, row = new_key(owner, scopes, name, transaction.now)
        transaction.insert(store.metadata.tables["api_keys"], **vars(row))
    return text


def list_keys(store: Store) -> list[KeyRow]:
    """Every key, the oldest first."""
    table = store.metadata.tables["api_keys"]
    with store.reading() as connection:
        rows = connection.execute(select(table).order_by(table.c.created_at)).all()
    return [key_row(row._mapping) for row in rows]


def revoke_key(store: Store, key_id: str) -> bool:
    """Ends a key; False when there is none of this id that still works."""
    table = store.metadata.tables["api_keys"]
    with store.writing() as transaction:
        ended = transaction.execute(
            update(table).where(table.c.id == key_id, table.c.revoked_at.is_(None)).values(revoked_at=transaction.now)
        )
    return bool(ended.rowcount)
