"""The people of an agency as its pages name them: who works on a task is an e-mail address there, and a name here."""

from dataclasses import dataclass

from services.routing.notes import worker_index
from shared.messaging.store import Store
from shared.privacy.keyring import normalised
from shared.web.people.person import Person
from shared.web.people.records import Listed, list_people


@dataclass(frozen=True)
class Staff:
    """Everybody of one agency, those who have left too."""

    people: tuple[Listed, ...]

    @property
    def names(self) -> dict[str, str]:
        """Names by id."""
        return {each.id: each.name for each in self.people}

    @property
    def here(self) -> list[Listed]:
        """Who has not left."""
        return [each for each in self.people if each.ended_at is None]

    def name(self, worker: str | None) -> str | None:
        """A worker by name, where it is one of them; else as the agency's program called it."""
        if worker is None:
            return None
        plain = normalised(worker)
        return next((each.name for each in self.people if normalised(each.email) == plain), worker)

    def email(self, person: Person) -> str:
        return next(each.email for each in self.people if each.id == person.id)


def staff_of(store: Store, agency: str) -> Staff:
    with store.reading() as connection:
        return Staff(tuple(list_people(connection, store.resources.keyring, agency)))


def my_index(store: Store, staff: Staff, person: Person) -> str:
    """By what the tasks that somebody works on are found."""
    return worker_index(store.resources.keyring, person.owner, staff.email(person))
