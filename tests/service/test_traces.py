"""What routing tells of a referral's way: what failed before it was done, webhooks, tasks and reads; on both pairs."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from sqlalchemy import insert, select, update

from services.routing import traces
from services.routing.clockwork import note_read
from services.routing.tables import metadata
from services.routing.webhooks.tables import deliveries, webhooks
from shared.contracts.envelope import read
from tests.support.deciding import READABLE, Family
from tests.support.office import AGENCY, Office
from tests.support.pairs import Pair
from tests.support.parking import park, withdrawal
from tests.support.personal import found_in

OUTBOX = metadata.tables["outbox"]
TOLD, TAKEN = (function for _, _, function in traces.ROUTES)


@pytest.fixture
def office(pair: Pair, tmp_path: Path) -> Iterator[Office]:
    office = Office(pair, tmp_path)
    yield office
    office.part.close()


def told(office: Office, referral_id: str) -> Any:
    return orjson.loads(orjson.dumps(TOLD(office.part.runtime, SimpleNamespace(), referral_id)))


def taken(office: Office, referral_id: str, *ids: str) -> Any:
    """As the listener answers `ids`."""
    request = SimpleNamespace(load=lambda schema: schema.load({"ids": list(ids)}))
    return orjson.loads(orjson.dumps(TAKEN(office.part.runtime, request, referral_id)))


def sent(office: Office) -> list[int]:
    """What waits for the relay has gone; answers the positions in the agency's feed."""
    with office.store.writing() as transaction:
        rows = transaction.execute(select(OUTBOX).where(OUTBOX.c.audience == AGENCY).order_by(OUTBOX.c.id)).all()
        for position, row in enumerate(rows, start=1):
            values = {"position": position, "sent_at": transaction.now}
            transaction.execute(update(OUTBOX).where(OUTBOX.c.id == row.id).values(**values))
        return list(range(1, len(rows) + 1))


def hook(office: Office, webhook_id: str, after: int, created: timedelta) -> None:
    counts = {"generation": 1, "delivered": 0, "failed_attempts": 0, "given_up": 0}
    at = office.part.clock.now() + created
    about = {"url": f"https://{webhook_id}.example.org", "secret": b"", "state": "enabled", "created_at": at}
    with office.store.writing() as transaction:
        transaction.execute(insert(webhooks).values(id=webhook_id, agency=AGENCY, after=after, **counts, **about))


def test_each_webhook_that_was_there_tells_what_became_of_an_event(office: Office) -> None:
    office.request()
    (position,) = sent(office)
    for name, after, created in (("went", 1, -1), ("fails", 1, -1), ("not-yet", 0, -1), ("later", 1, 1)):
        hook(office, name, after, timedelta(minutes=created))
    failed = {"attempts": 3, "problem": "timed-out", "first_failed_at": office.part.clock.now()}
    with office.store.writing() as transaction:
        key = {"webhook_id": "fails", "position": position, "event_id": "e", "subject": office.family.id}
        transaction.execute(insert(deliveries).values(**key, **failed))

    found = {each["webhook_id"]: each for each in told(office, office.family.id)["webhooks"]}

    assert set(found) == {"went", "fails", "not-yet"}
    assert [found[name]["attempts"] for name in ("went", "fails", "not-yet")] == [None, 3, None]
    assert [found[name]["passed"] in (1, True) for name in ("went", "not-yet")] == [True, False]


def test_what_was_done_and_what_stands_still_is_told_by_its_event_with_codes_alone(office: Office) -> None:
    task_id = office.request()
    family = office.family
    note_read(office.store, task_id)
    withdrawn = read(family.withdrawn(), READABLE)
    parked = park(office.part.runtime, withdrawal(family.id, reason="Test Child"), error="data-breaks-contract")
    park(office.part.runtime, withdrawal(Family().id))
    first = [row["event_id"] for row in office.part.rows("inbox", subject=family.id)]

    whole, became = told(office, family.id), taken(office, family.id, *first, withdrawn.id, task_id)

    assert [(each["agency"], each["next"]) for each in whole["moves"]] == [(AGENCY, "requested")]
    assert [each["task_id"] for each in whole["reads"]] == [task_id]
    assert {each["codes"]["agency"] for each in whole["events"]} == {AGENCY}
    assert {each["cause"] for each in whole["events"]} <= set(first)
    assert sorted((each["event_id"], each["attempts"]) for each in became["taken"]) == [
        (each, 1) for each in sorted(first)
    ]
    assert [each["event_id"] for each in became["failures"]] == [parked]
    assert withdrawn.type in became["hears"]
    assert found_in(orjson.dumps([whole, became]).decode()) == []
