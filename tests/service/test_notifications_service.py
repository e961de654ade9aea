"""The service as nameko runs it: an event in its queue becomes a message within a second, and failures can be seen."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import eventlet
import orjson
import pytest
import requests
from nameko.containers import ServiceContainer
from typer.testing import CliRunner

from services.commands.messages import app
from services.notifications.handlers import HANDLERS
from services.notifications.service import NotificationsService
from shared.contracts.notifications import NotificationFailed, NotificationSent
from shared.contracts.referrals import ReferralSubmitted
from shared.ids import new_id
from shared.messaging.broker import EVENTS, Outgoing, queue_of
from shared.messaging.runtime import RelayProvider, queue_salt
from tests.support.notifying import Notifications, submitted
from tests.support.pairs import Pair
from tests.support.process import free_port

SAID = [NotificationSent.type(), NotificationFailed.type()]
HEARD = {"notifications": [schema.type() for schema in HANDLERS], "referrals": SAID}
KEY = {"Authorization": "Bearer internal-key-of-a-test"}


class Running:
    """The service in a container, with the parts of `Notifications` to look at what it did."""

    def __init__(self, parts: Notifications) -> None:
        self.parts = parts
        self.broker = parts.runtime.broker
        parts.runtime.declare(HEARD, {})
        self.heard: list[str] = []
        self._hearing = eventlet.spawn(self._hear)
        self.port = free_port()
        configuration = {
            "runtime": parts.runtime,
            "queued_agencies": (),
            "max_workers": 10,
            "MANAGEMENT_ADDRESS": f"127.0.0.1:{self.port}",
            "INTERNAL_KEY": "internal-key-of-a-test",
        }
        self.container = ServiceContainer(NotificationsService, configuration)
        self.container.start()

    def stop(self) -> None:
        # The relay gives its connection back a moment after it is told to stop: before the pool is closed, not after.
        next(each.relay for each in self.container.dependencies if isinstance(each, RelayProvider)).stop()
        self.wait_for(lambda: self.parts.store.database.engine.pool.checkedout() == 0)  # type: ignore[attr-defined]
        self.container.stop()
        self._hearing.kill()
        self.parts.referrals.stop()

    def _hear(self) -> None:
        """Takes what the service says, as `referrals` does."""
        consumer = self.broker.consumer(queue_of("referrals", queue_salt(self.parts.runtime.resources)))
        try:
            while True:
                messages = consumer.receive(10)
                self.heard += [orjson.loads(message.body)["type"] for message in messages]
                consumer.acknowledge(messages)
        finally:
            consumer.close()

    def get(self, path: str, **arguments: Any) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.port}{path}", headers=KEY, timeout=5, **arguments)

    def tell(self, *bodies: bytes) -> None:
        messages = [
            Outgoing(number, new_id(), EVENTS, ReferralSubmitted.type(), body) for number, body in enumerate(bodies)
        ]
        publisher = self.broker.publisher()
        assert publisher.publish(messages) == dict.fromkeys(range(len(bodies)))
        publisher.close()

    def wait_for(self, ready: Callable[[], Any]) -> None:
        """Until `ready` is true; the test's time limit ends a wait in vain."""
        while not ready():
            eventlet.sleep(0.02)


@pytest.fixture
def running(pair: Pair, tmp_path: Path) -> Iterator[Running]:
    parts = Notifications(pair, tmp_path)
    service = Running(parts)
    yield service
    service.stop()


def test_an_event_becomes_a_message_and_its_end_is_told_and_counted(running: Running) -> None:
    running.tell(submitted())
    running.wait_for(lambda: running.heard == [NotificationSent.type()])
    assert len(running.parts.mails()) == 1
    assert running.parts.row().status == "sent"
    assert 'waypost_notifications_total{channel="e-mail",outcome="sent"} 1.0' in running.get("/metrics").text


def test_failures_are_listed_page_by_page_for_those_who_have_the_key(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    running.parts.referrals.answer = {"channel": None, "reason": "recipient-unknown"}
    running.tell(*(submitted(f"referral-{number}") for number in range(3)))
    running.wait_for(lambda: running.heard == [NotificationFailed.type()] * 3)

    first = running.get("/v1/deliveries", params={"limit": 2}).json()
    second = running.get("/v1/deliveries", params={"limit": 2, "cursor": first["next"]}).json()
    items = [*first["items"], *second["items"]]
    assert (len(first["items"]), second["next"]) == (2, None)
    assert {item["referral_id"] for item in items} == {"referral-0", "referral-1", "referral-2"}
    assert {(item["status"], item["problem"], item["template"]) for item in items} == {
        ("failed", "recipient-unknown", "received")
    }
    assert "address" not in items[0]
    assert running.get("/v1/deliveries", params={"status": "sent"}).json() == {"items": [], "next": None}
    assert running.get("/v1/deliveries", params={"status": "lost"}).status_code == 400
    assert running.get("/v1/deliveries", params={"cursor": "WzEsMl0"}).status_code == 400
    assert requests.get(f"http://127.0.0.1:{running.port}/v1/deliveries", timeout=5).status_code == 401

    monkeypatch.setenv("WAYPOST_DATA", str(running.parts.settings.data))
    monkeypatch.setenv("WAYPOST_NOTIFICATIONS_MANAGEMENT_PORT", str(running.port))
    lines = CliRunner().invoke(app, ["failed"]).output.splitlines()
    assert len(lines) == 3
    assert all("received" in line and "recipient-unknown after 1 attempt" in line for line in lines)
