"""What operations see comes from the services as they are: what stands still, what cannot be sent, alarms, the last hour."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from sqlalchemy import func, insert, select

from services.notifications.tables import deliveries
from services.notifications.watch import watched as watched_messages
from services.operations import samples
from services.operations.broker import alarms
from services.operations.domain import overview
from services.operations.service import OperationsService
from services.referrals.tables import metadata as referrals_metadata
from services.referrals.watch import watched as watched_referrals
from services.routing.tables import metadata as routing_metadata
from services.routing.watch import watched as watched_agencies
from services.routing.webhooks.tables import deliveries as webhook_deliveries
from services.routing.webhooks.tables import webhooks
from shared.messaging.backlog import Backlog
from shared.messaging.runtime import Runtime
from tests.support.pairs import Pair, default_pair
from tests.support.parts import SteppedClock, hearer_metadata, runtime_for, tell
from tests.support.people import signed_in_at
from tests.support.people_service import Browser, House, running
from tests.support.process import free_port
from tests.support.rabbitmq import RabbitMQ

NOBODY: Any = SimpleNamespace()


@pytest.fixture
def hearer(pair: Pair, tmp_path: Path) -> Iterator[Runtime]:
    runtime = runtime_for(pair, tmp_path, "routing", hearer_metadata(), SteppedClock())
    with runtime.store.database.writing() as connection:
        runtime.metadata.create_all(connection)
    runtime.declare({"routing": []}, {})
    yield runtime
    runtime.store.database.close()


def concerns(row: dict[str, Any]) -> list[str]:
    return [each["code"] for each in overview([row])["concerns"]]


def test_a_batch_that_is_in_hand_and_goes_nowhere_is_named_within_half_a_minute(hearer: Runtime) -> None:
    clock: Any = hearer.resources.clock
    backlog = Backlog(hearer)
    with hearer.store.writing() as transaction:
        row = {"event_id": "e-1", "type": "t", "subject": "s-1", "taken_at": transaction.now}
        transaction.insert(hearer.metadata.tables["inbox"], **row)
    hearer.metrics.in_flight = 200
    assert backlog.counts()["standing_seconds"] == 0
    clock.forward(seconds=15)
    found = backlog.counts()
    assert (found["standing_seconds"], found["in_last_minute"]) == (15, 1)
    assert "standing-still" in concerns(found | {"consumers": 1})
    clock.forward(minutes=2)
    assert backlog.counts()["standing_seconds"] == 135

    hearer.metrics.in_flight = 0
    assert backlog.counts()["standing_seconds"] is None


def test_what_is_unsent_and_what_went_is_counted(hearer: Runtime) -> None:
    tell(hearer)
    tell(hearer)
    clock: Any = hearer.resources.clock
    clock.forward(seconds=31)
    found = Backlog(hearer).counts()
    assert (found["unsent"], found["out_last_minute"], found["oldest_seconds"]["unsent"]) == (2, 2, 31)
    clock.forward(seconds=31)
    assert Backlog(hearer).counts()["out_last_minute"] == 0


@pytest.fixture
def operations(pair: Pair, tmp_path: Path) -> Iterator[House]:
    house = House(pair, tmp_path, OperationsService)
    yield house
    house.close()


def look(came: int) -> dict[str, Any]:
    row = {"service": "routing", "waiting": 0, "in_last_minute": came, "out_last_minute": 1}
    return {"services": [row, {"service": "referrals", "unreachable": True}], "agencies": []}


def test_of_each_minute_one_look_is_kept_whoever_looks(operations: House) -> None:
    store, table = operations.store, operations.runtime.metadata.tables["samples"]
    assert samples.is_due(store)
    samples.keep(store, look(5))
    assert not samples.is_due(store)
    samples.keep(store, look(99))
    operations.clock.forward(minutes=1)
    samples.keep(store, look(7))
    hour = samples.last_hour(store)
    assert list(hour) == ["routing"]
    assert (len(hour["routing"]), hour["routing"][-3:]) == (60, [None, 6, 8])

    operations.clock.forward(hours=3)
    samples.keep(store, look(1))
    with store.reading() as connection:
        assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 1


def test_messages_that_cannot_be_sent_are_told_with_what_is_in_the_way(pair: Pair, tmp_path: Path) -> None:
    runtime = runtime_for(pair, tmp_path, "notifications", deliveries.metadata, SteppedClock())
    with runtime.store.database.writing() as connection:
        deliveries.create(connection)
        now = runtime.resources.clock.now()
        row = {
            **dict.fromkeys(("event_id", "correlation_id", "referral_id", "template", "audience", "link"), "x"),
            **{"words": {}, "attempts": 1, "due_at": now, "created_at": now - timedelta(seconds=40)},
        }
        ends = [("1", "pending", "login-refused"), ("2", "pending", None), ("3", "failed", "recipient-refused")]
        rows = [{"id": number, "status": status, "problem": problem, **row} for number, status, problem in ends]
        connection.execute(insert(deliveries), rows)
    watch = watched_messages(runtime, NOBODY)
    runtime.store.database.close()
    assert watch["delayed"] == [{"problem": "login-refused", "count": 1, "oldest_seconds": 40}]
    assert (watch["messages"]["count"], watch["failed_lately"]["count"]) == (2, 1)


def test_referrals_that_nobody_has_assessed_are_counted_by_how_long_they_wait(pair: Pair, tmp_path: Path) -> None:
    runtime = runtime_for(pair, tmp_path, "referrals", referrals_metadata, SteppedClock())
    table = referrals_metadata.tables["referrals"]
    with runtime.store.database.writing() as connection:
        table.create(connection)
        for number, status in enumerate(("screening", "screening", "routed")):
            texts = {name: f"{name[:9]}{number}" for name in ("id", "reference", "kind", "owner", "referrer_type")}
            rest = {"details": b"", "facts": {}, "tracking_hash": bytes([number]) * 32, "decided_sequence": 0}
            at = runtime.resources.clock.now() - timedelta(minutes=12 + number)
            connection.execute(insert(table).values(**texts, **rest, status=status, received_at=at))
    watch = watched_referrals(runtime, NOBODY)
    runtime.store.database.close()
    assert watch == {"screening": {"count": 2, "oldest_seconds": 780}}


def test_a_webhook_that_fails_is_told_of_its_agency(pair: Pair, tmp_path: Path) -> None:
    runtime = runtime_for(pair, tmp_path, "routing", routing_metadata, SteppedClock())
    now = runtime.resources.clock.now()
    with runtime.store.database.writing() as connection:
        routing_metadata.create_all(connection)
        counts = {"after": 3, "generation": 1, "delivered": 0, "failed_attempts": 2, "given_up": 0}
        about = {"url": "https://example.org", "secret": b"", "state": "failing", "last_problem": "timed-out"}
        connection.execute(insert(webhooks).values(id="w", agency="families-apart", created_at=now, **counts, **about))
        failed = {"attempts": 2, "problem": "timed-out", "first_failed_at": now - timedelta(seconds=9), "due_at": now}
        connection.execute(
            insert(webhook_deliveries).values(webhook_id="w", position=1, event_id="e", subject="s", **failed)
        )
    watch = watched_agencies(runtime, NOBODY)
    runtime.store.database.close()
    (mine,) = [each for each in watch["agencies"] if each["agency"] == "families-apart"]
    (webhook,) = mine["webhooks"]
    assert (webhook["state"], webhook["waiting"], webhook["oldest_seconds"]) == ("failing", 1, 9)
    row = {"service": "routing", "unreachable": False, "watch": watch, "broker": "ok", "consumers": 1, "parked": 0}
    assert concerns(row | {"oldest_seconds": {"unsent": None}}) == ["webhook-failing"]


def test_the_broker_s_alarm_is_named_at_once_and_ends(rabbitmq: RabbitMQ) -> None:
    assert alarms(None) == []
    assert alarms(rabbitmq.management_url) == []
    rabbitmq.ctl("set_vm_memory_high_watermark", "0.000001")
    try:
        assert _soon(rabbitmq, ["memory"])
    finally:
        rabbitmq.ctl("set_vm_memory_high_watermark", "0.8")
    assert _soon(rabbitmq, [])
    assert alarms(f"http://nobody:wrong@127.0.0.1:{free_port()}") == ["management-away"]


def _soon(rabbitmq: RabbitMQ, expected: list[str]) -> bool:
    """Within twenty seconds: RabbitMQ's management tells of its node as it was some seconds ago."""
    deadline = time.monotonic() + 20
    while alarms(rabbitmq.management_url) != expected:
        assert time.monotonic() < deadline, alarms(rabbitmq.management_url)
        time.sleep(0.2)
    return True


def test_the_overview_names_every_service_that_does_not_answer(tmp_path: Path) -> None:
    with running(OperationsService, default_pair(tmp_path), tmp_path) as house:
        browser = Browser(house)
        browser.cookies |= signed_in_at(house.runtime, "operations", "auditor")
        page = browser.get("/").text
        assert browser.status == 200
        assert "Something has stopped." in page
        for name in ("Referrals", "Eligibility", "Routing", "Notifications"):
            assert f"{name} does not answer" in page
        assert "Nobody can refer a family at the moment" in page
        browser.get("/parked")
        assert "Routing does not answer, so what is parked there is not shown." in browser.text
        address = "http://{}:{}".format(*house.address)
        assert requests.get(address + "/overview/live", timeout=10, allow_redirects=False).status_code == 303
