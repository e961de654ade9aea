"""What people are called whose ids stand in the audit: for the console's pages alone, where colleagues know one another."""

from shared.messaging.store import Store
from shared.web.people.records import list_people
from shared.web.people.roles import OPERATIONS


def names_of(store: Store) -> dict[str, str]:
    """The names of operations' people, those who have ended too, by the id under which they act."""
    with store.reading() as connection:
        found = list_people(connection, store.resources.keyring, OPERATIONS)
    return {f"p:{each.id}": each.name for each in found}
