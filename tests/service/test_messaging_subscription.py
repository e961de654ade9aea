"""When a service takes what has come: at once, or with what follows it."""

from collections.abc import Iterator
from pathlib import Path

import eventlet
import pytest
from eventlet.queue import Queue
from nameko.containers import ServiceContainer

from shared.contracts.referrals import ReferralClosed, ReferralWithdrawn
from shared.ids import new_id
from shared.messaging import subscription as subscriptions
from shared.messaging.broker import EVENTS, Outgoing
from shared.messaging.subscription import subscription
from tests.support.pairs import Pair
from tests.support.parts import hearer_metadata, runtime_for

FIRST, SECOND = ReferralWithdrawn.type(), ReferralClosed.type()


class Hearer:
    """Tells a test what it is given, batch by batch."""

    name = "routing"
    batches: Queue

    @subscription(followed=(ReferralWithdrawn,))
    def receive(self, bodies: list[bytes]) -> None:
        self.batches.put(bodies)


class Listening:
    """A container with the hearer, and a publisher."""

    def __init__(self, pair: Pair, folder: Path) -> None:
        self.runtime = runtime_for(pair, folder, "routing", hearer_metadata())
        self.runtime.declare({"routing": [FIRST, SECOND]}, {})
        Hearer.batches = Queue()
        self._publisher = self.runtime.broker.publisher()
        self.container = ServiceContainer(Hearer, {"runtime": self.runtime, "max_workers": 10})
        self.container.start()

    def publish(self, *messages: tuple[str, bytes]) -> None:
        """In this order. Returns at once: the in-process broker's publisher waits until all is held."""
        outgoing = [Outgoing(key, new_id(), EVENTS, kind, body) for key, (kind, body) in enumerate(messages)]
        eventlet.spawn(self._publisher.publish, outgoing)

    def taken(self) -> list[bytes]:
        """The next batch; the test's time limit ends a wait in vain."""
        batch: list[bytes] = Hearer.batches.get()
        return batch

    def stop(self) -> None:
        self.container.stop()
        self._publisher.close()
        self.runtime.store.database.close()


@pytest.fixture
def listening(pair: Pair, tmp_path: Path) -> Iterator[Listening]:
    listening = Listening(pair, tmp_path)
    yield listening
    listening.stop()


def test_what_something_follows_is_taken_with_it(
    listening: Listening, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "COMPANY_WITHIN", 60.0)
    if pair.name == "default":  # The relay there waits until all is taken, so nothing else does.
        listening.publish((FIRST, b"one"))
        assert listening.taken() == [b"one"]
        return
    listening.publish((FIRST, b"one"), (FIRST, b"another"), (SECOND, b"two"))
    assert listening.taken() == [b"one", b"another", b"two"]


def test_what_nothing_follows_is_taken_after_a_moment(listening: Listening) -> None:
    listening.publish((FIRST, b"one"))
    assert listening.taken() == [b"one"]


def test_what_follows_nothing_is_taken_at_once(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "COMPANY_WITHIN", 60.0)
    listening.publish((SECOND, b"two"))
    assert listening.taken() == [b"two"]
