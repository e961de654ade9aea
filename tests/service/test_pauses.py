"""What operations pause waits and is not lost, in every replica and over restarts, and goes on when they resume."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.notifications.deliveries import CHANNELS as E_MAIL
from services.routing.feed import Feed
from services.routing.paused import CHANNELS
from services.routing.webhooks.schedule import Schedule
from shared.audit.reading import newest
from shared.contracts.referrals import ReferralWithdrawn
from shared.http.problems import Problem
from shared.messaging.backlog import Backlog
from shared.messaging.inbox import Inbox
from shared.messaging.pauses import EMAIL, FEED, HANDLING, LOOK_SECONDS, QUEUE, WEBHOOK, Pauses, pause, paused, resume
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store
from tests.support.notifying import Notifications, routed, submitted
from tests.support.pairs import Pair
from tests.support.parking import withdrawal
from tests.support.parts import SteppedClock, heard, hearer_metadata, note, runtime_for
from tests.support.waiting import until
from tests.support.webhooks import Desk, Receiver

APART, MATTERS = "families-apart", "time-matters"
BY, WHY = "key:1", "they move to another machine"


class Replica:
    """One of a service that hears."""

    def __init__(self, pair: Pair, folder: Path) -> None:
        self.runtime: Runtime = runtime_for(pair, folder, "routing", hearer_metadata(), SteppedClock())
        self.store = self.runtime.store
        self.inbox = Inbox(self.store, {ReferralWithdrawn: note}, self.runtime.metrics)


@pytest.fixture
def replicas(pair: Pair, tmp_path: Path) -> Iterator[list[Replica]]:
    """Three; the last has not looked at anything before the test does."""
    found = [Replica(pair, tmp_path) for _ in range(3)]
    with found[0].store.database.writing() as connection:
        found[0].runtime.metadata.create_all(connection)
    found[0].runtime.declare({"routing": []}, {})
    yield found
    for each in found:
        each.store.database.close()


def waiting(store: Store) -> list[int]:
    return [each["waiting"] for each in paused(store, {**CHANNELS, **E_MAIL})]


def acts(store: Store) -> list[tuple[str, str, str]]:
    with store.reading() as connection:
        return [(row.action, row.subject, row.detail) for row in reversed(newest(connection, 10, None))]


def test_what_is_heard_while_handling_is_paused_is_kept_in_every_replica_and_handled_afterwards(
    replicas: list[Replica],
) -> None:
    first, second, third = replicas
    bodies, now = [withdrawal() for _ in range(3)], [0.0]
    second.store.pauses = Pauses(second.store, lambda: now[0])
    assert not second.store.pauses.handling
    second.inbox.take(bodies[:1])

    pause(first.store, BY, WHY, HANDLING)
    with pytest.raises(Problem, match="already-paused"):
        pause(second.store, "key:2", "me too", HANDLING)
    now[0] += LOOK_SECONDS
    for each in replicas:  # As when the broker brings again what was not acknowledged.
        each.inbox.take(bodies)

    assert [each.inbox.retry_due() for each in replicas] == [0, 0, 0]
    assert len(heard(first.runtime)) == 1
    assert waiting(third.store) == [2]
    counts = Backlog(first.runtime).counts()
    assert (counts["due_for_retry"], counts["oldest_seconds"]["due_for_retry"]) == (2, None)
    (told,) = paused(first.store, {})
    assert (told["actor"], told["reason"], told["seconds"]) == (BY, WHY, 0.0)

    resume(third.store, BY, HANDLING)
    now[0] += LOOK_SECONDS
    assert second.inbox.retry_due() == 2
    second.inbox.take(bodies)
    assert len(heard(first.runtime)) == 3
    assert Backlog(first.runtime).counts()["due_for_retry"] == 0
    with pytest.raises(Problem, match="not-found"):
        resume(first.store, BY, HANDLING)
    assert acts(first.store) == [("pause.handling", "routing", WHY), ("resume.handling", "routing", "")]


@pytest.fixture
def desk(pair: Pair, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(pair, tmp_path)
    yield desk
    desk.store.database.close()


def test_what_is_for_an_agency_whose_queue_is_paused_stays_in_the_outbox_and_holds_up_no_other(desk: Desk) -> None:
    feed = Feed(desk.store)
    pause(desk.store, BY, WHY, QUEUE, APART)
    desk.write(APART, "r-1", "r-2")
    desk.tell(MATTERS, "r-3")

    assert (len(feed.read(APART, 0, 10)), len(feed.read(MATTERS, 0, 10))) == (0, 1)
    assert waiting(desk.store) == [2]
    counts = Backlog(desk.runtime)
    desk.runtime.declare({"routing": []}, {})
    found = counts.counts()
    assert (found["unsent"], found["oldest_seconds"]["unsent"]) == (2, None)

    resume(desk.store, BY, QUEUE, APART)
    desk.relay()
    assert [body.count(b"r-1") > 0 for _, body in feed.read(APART, 0, 10)] == [True, False]


def test_a_paused_feed_says_so_and_loses_nothing(desk: Desk) -> None:
    feed = Feed(desk.store)
    pause(desk.store, BY, WHY, FEED, APART)
    desk.tell(APART, "r-1")
    with pytest.raises(Problem, match="feed-paused") as refused:
        feed.require(APART)
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "60"})
    feed.require(MATTERS)
    assert waiting(desk.store) == [1]
    resume(desk.store, BY, FEED, APART)
    feed.require(APART)


def test_paused_webhooks_get_what_waited_when_they_go_on_even_what_had_failed_before(
    desk: Desk, tmp_path: Path
) -> None:
    with Receiver(tmp_path, "--refuse", "r-1") as apart, Receiver(tmp_path) as matters:
        desk.add(APART, apart.url)
        desk.add(MATTERS, matters.url)
        with desk.sending(Schedule(first=600.0)) as dispatcher:
            desk.tell(APART, "r-1")
            until(lambda: desk.rows("webhook_deliveries"))
            pause(desk.store, BY, WHY, WEBHOOK, APART)
            until(lambda: len(dispatcher._couriers) == 1)
            desk.tell(APART, "r-2")
            desk.tell(MATTERS, "r-3")
            until(matters.heard)
            assert apart.heard() == []
            assert waiting(desk.store) == [2]

            apart.process.kill()
            with Receiver(tmp_path, port=apart.port) as mended:
                resume(desk.store, BY, WEBHOOK, APART)
                until(lambda: {event["subject"] for event in mended.heard()} == {"r-1", "r-2"})
        assert desk.rows("webhook_deliveries") == []


def test_e_mails_to_an_agency_wait_and_those_to_others_go(pair: Pair, tmp_path: Path) -> None:
    notifications = Notifications(pair, tmp_path)
    pause(notifications.store, BY, WHY, EMAIL, APART)
    notifications.take(submitted(), routed())
    while notifications.sender.send_due():
        pass
    unsent = [row.template for row in notifications.rows() if row.status == "pending"]
    assert unsent == ["task-new"]
    assert waiting(notifications.store) == [1]

    resume(notifications.store, BY, EMAIL, APART)
    assert notifications.sender.send_due() == 1
    assert "pending" not in {row.status for row in notifications.rows()}
    notifications.referrals.stop()
    notifications.store.database.close()
