"""People and their sessions as they are stored, on both pairs: what is readable there, and when somebody is signed out."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from services.operations.service import OperationsService
from services.routing.service import RoutingService
from shared.ids import new_id
from shared.web.people import records, sessions, tables
from tests.support.deciding import PAIRS, pair_in
from tests.support.pairs import Pair
from tests.support.people_service import House as Database

IDLE = timedelta(minutes=30)
AGENCY = "families-apart"


class House(Database):
    """A service's database with people in it, and a clock."""

    def person(self, email: str = "", **about: Any) -> str:
        email = email or f"worker-{new_id()}@example.org"
        given = {"owner": AGENCY, "role": "agency-worker", "name": "Test Worker"} | about
        with self.store.writing() as transaction:
            return records.create(transaction, email=email, **given)

    def signs_in(self, person_id: str) -> str:
        with self.store.writing() as transaction:
            return sessions.start(transaction, person_id)

    def who(self, secret: str) -> str | None:
        found = sessions.find(self.store, secret, IDLE)
        return found[1].id if found else None


@pytest.fixture(scope="module", params=PAIRS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("people")
    house = House(pair_in(request, folder), folder, RoutingService)
    yield house
    house.close()


@pytest.mark.parametrize("service", [RoutingService, OperationsService])
def test_the_migrations_make_the_tables_that_the_code_knows(stores: Pair, tmp_path: Path, service: Any) -> None:
    house = House(stores, tmp_path, service)
    try:
        with house.store.reading() as connection:
            context = MigrationContext.configure(connection, opts={"include_object": _is_of_people})
            assert compare_metadata(context, service.metadata) == []
    finally:
        house.close()


def _is_of_people(thing: Any, name: str, kind: str, reflected: bool, compared: Any) -> bool:
    return kind != "table" or name in tables.metadata.tables


def test_nothing_stored_of_somebody_can_be_read_without_the_keys(house: House) -> None:
    secret = house.signs_in(house.person("Worker@example.org", name="Test Worker", totp_secret="JBSWY3DPEHPK3PXP"))
    with house.store.reading() as connection:
        stored = [str(row) for table in tables.metadata.sorted_tables for row in connection.execute(select(table))]
    for text in ("worker@", "Worker@", "Test Worker", "JBSWY3DPEHPK3PXP", secret):
        assert not any(text in row for row in stored), text


def test_the_cookie_finds_the_person_and_no_other_does(house: House) -> None:
    secret = house.signs_in(house.person(role="agency-manager"))
    found = sessions.find(house.store, secret, IDLE)
    assert found is not None
    person = found[1]
    assert (person.name, person.role, person.owner) == ("Test Worker", "agency-manager", AGENCY)
    assert "people:write" in person.key.scopes
    assert (person.key.owner, person.key.id) == (AGENCY, f"p:{person.id}")
    assert house.who(secret[:-1] + "x") is None


def test_a_session_ends_when_idle_and_not_while_it_is_used(house: House) -> None:
    person = house.person()
    secret = house.signs_in(person)
    for _ in range(4):
        house.clock.forward(minutes=29)
        assert house.who(secret) == person
    house.clock.forward(minutes=31)
    assert house.who(secret) is None


def test_a_session_ends_after_twelve_hours_however_busy(house: House) -> None:
    secret = house.signs_in(house.person())
    for _ in range(12 * 3 - 1):
        house.clock.forward(minutes=20)
        assert house.who(secret)
    house.clock.forward(minutes=21)
    assert house.who(secret) is None


def test_signing_out_everywhere_may_leave_the_session_in_hand(house: House) -> None:
    person, other = house.person(), house.person()
    here, there, others = house.signs_in(person), house.signs_in(person), house.signs_in(other)
    found = sessions.find(house.store, here, IDLE)
    assert found is not None
    with house.store.writing() as transaction:
        sessions.end_all(transaction, person, but=found[0].id)
    assert [house.who(secret) for secret in (here, there, others)] == [person, None, other]
    with house.store.writing() as transaction:
        sessions.end_all(transaction, person)
    assert house.who(here) is None


def test_nobody_ends_anothers_session(house: House) -> None:
    person, other = house.person(), house.person()
    secret = house.signs_in(person)
    found = sessions.find(house.store, secret, IDLE)
    assert found is not None
    with house.store.writing() as transaction:
        sessions.end(transaction, other, found[0].id)
    assert house.who(secret) == person


def test_an_address_belongs_to_one_person_who_has_not_ended(house: House) -> None:
    first = house.person("one.worker@example.org")
    with pytest.raises(IntegrityError):
        house.person("One.WORKER@example.org ")
    with house.store.writing() as transaction:
        records.change(transaction, first, ended_at=transaction.now)
    assert house.person("one.worker@example.org") != first


def test_accounts_at_a_provider_that_differ_in_case_alone_are_two(house: House) -> None:
    keyring = house.store.resources.keyring
    indexes = {records.openid_index(keyring, "https://id.example.org", subject) for subject in ("abc", "aBc")}
    assert len(indexes) == 2
