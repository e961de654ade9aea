"""Webhooks at work, on both pairs, with receivers that are processes of their own and fail in every way they can."""

import random
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import eventlet
import pytest

from services.eligibility.handlers import HANDLERS as ELIGIBILITY_HANDLERS
from services.eligibility.service import EligibilityService
from services.routing.handlers import HANDLERS as ROUTING_HANDLERS
from services.routing.webhooks import endpoints, journal
from services.routing.webhooks.schedule import Schedule
from shared.ids import new_id
from shared.messaging.inbox import Inbox
from tests.support.deciding import KINGSTON, Family, Part
from tests.support.pairs import Pair
from tests.support.parts import SteppedClock
from tests.support.process import free_port
from tests.support.waiting import until
from tests.support.webhooks import A, B, Desk, Receiver, out_of_order


@pytest.fixture
def desk(stores: Pair, tmp_path: Path) -> Any:
    desk = Desk(stores, tmp_path)
    yield desk
    desk.store.database.close()


def heard_of(receiver: Receiver, count: int, seconds: float = 30) -> list[dict[str, Any]]:
    until(lambda: len(receiver.heard()) >= count, seconds)
    return receiver.heard()


def tried(desk: Desk, webhook_id: str, attempts: int) -> bool:
    return bool(desk.shown(A, webhook_id)["failed_attempts"] >= attempts)


def test_an_agency_hears_its_own_events_signed_and_in_order_and_nothing_of_anothers(desk: Desk, tmp_path: Path) -> None:
    port, mine, theirs = free_port(), [new_id() for _ in range(20)], new_id()
    webhook_id, secret = desk.add(A, f"http://127.0.0.1:{port}/")
    desk.tell(A, *mine, *mine)
    desk.tell(B, theirs)
    with Receiver(tmp_path, "--secret", secret, port=port) as receiver, desk.sending():
        heard = heard_of(receiver, 40)
        until(lambda: desk.shown(A, webhook_id)["delivered"] == 40)
    assert {event["subject"] for event in heard} == set(mine)
    assert all(event["same"] for event in heard)
    assert not out_of_order(heard)
    assert not receiver.heard("bad")
    assert len(receiver.lines()) == 40
    assert desk.rows("webhook_deliveries") == []


def test_what_is_told_while_it_waits_arrives_within_a_second(desk: Desk, tmp_path: Path) -> None:
    with Receiver(tmp_path) as receiver, desk.sending():
        desk.add(A, receiver.url)
        desk.tell(A, new_id())
        heard_of(receiver, 1)
        for count in range(2, 5):
            desk.tell(A, new_id())
            heard_of(receiver, count, seconds=1)


def test_a_receiver_that_fails_half_of_the_time_hears_all_in_order_and_delays_nobody(
    desk: Desk, tmp_path: Path
) -> None:
    events, port = 1000, free_port()
    _, secret = desk.add(A, f"http://127.0.0.1:{port}/")
    order = [subject for subject in (new_id() for _ in range(events // 10)) for _ in range(10)]
    random.Random(3).shuffle(order)
    with (
        Receiver(tmp_path, "--secret", secret, "--misbehave", "11", port=port) as failing,
        Receiver(tmp_path) as other,
        desk.sending(),
    ):
        desk.add(B, other.url)
        desk.tell(A, *order)
        desk.tell(B, *(new_id() for _ in range(20)))
        heard_of(other, 20, seconds=10)
        heard_of(failing, events * 2 // 3, seconds=60)
        failing.recover()
        heard = heard_of(failing, events, seconds=60)
    assert len(heard) == events
    assert not out_of_order(heard)
    assert not failing.heard("bad")
    assert len(failing.heard("refused")) > events / 4
    assert desk.rows("webhook_deliveries") == []


def test_what_fails_holds_back_its_own_referral_alone(desk: Desk, tmp_path: Path) -> None:
    stuck, others = new_id(), [new_id() for _ in range(10)]
    with Receiver(tmp_path, "--refuse", stuck) as receiver, desk.sending():
        webhook_id, _ = desk.add(A, receiver.url)
        desk.tell(A, stuck, *others, stuck, *others)
        heard = heard_of(receiver, 20)
        assert {event["subject"] for event in heard} == set(others)
        until(lambda: desk.shown(A, webhook_id)["waiting"] == 2)
        assert desk.shown(A, webhook_id)["last_problem"] == "http-500"
        receiver.recover()
        heard = heard_of(receiver, 22)
    assert [event["sequence"] for event in heard if event["subject"] == stuck] == [1, 2]
    assert desk.rows("webhook_deliveries") == []


def test_an_agency_that_never_answers_delays_no_other(desk: Desk, tmp_path: Path) -> None:
    with Receiver(tmp_path, "--silent") as silent, Receiver(tmp_path) as other, desk.sending():
        desk.add(A, silent.url)
        desk.add(B, other.url)
        desk.tell(A, *(new_id() for _ in range(100)))
        eventlet.sleep(0.5)
        desk.tell(B, *(new_id() for _ in range(20)))
        heard_of(other, 20, seconds=3)
        silent.recover()
        heard_of(silent, 100)


def test_gone_switches_it_off_until_the_agency_switches_it_on(desk: Desk, tmp_path: Path) -> None:
    with Receiver(tmp_path, "--answer", "410") as receiver, desk.sending() as dispatcher:
        webhook_id, _ = desk.add(A, receiver.url)
        desk.tell(A, *(new_id() for _ in range(3)))
        until(lambda: desk.shown(A, webhook_id)["state"] == "disabled")
        assert desk.shown(A, webhook_id)["last_problem"] == "gone"
        receiver.recover()
        tried = len(receiver.lines())
        desk.tell(A, new_id())
        eventlet.sleep(1.5)
        assert len(receiver.lines()) == tried

        endpoints.enable(desk.store, A, webhook_id)
        dispatcher.wake()
        heard_of(receiver, 4)
        until(lambda: desk.shown(A, webhook_id)["waiting"] == 0)
        assert desk.shown(A, webhook_id)["state"] == "enabled"


def test_a_receiver_that_asks_for_time_is_left_alone(desk: Desk, tmp_path: Path) -> None:
    asked: list[float] = []
    listener = eventlet.listen(("127.0.0.1", 0))

    def later(client: Any, _: Any) -> None:
        client.recv(65536)
        asked.append(desk.store.resources.clock.now().timestamp())
        wait = b"2" if len(asked) == 1 else b"0"
        status = b"429 Slow" if len(asked) == 1 else b"200 OK"
        client.sendall(b"HTTP/1.1 " + status + b"\r\nRetry-After: " + wait + b"\r\nContent-Length: 0\r\n\r\n")

    server = eventlet.spawn(eventlet.serve, listener, later)
    with desk.sending():
        webhook_id, _ = desk.add(A, f"http://127.0.0.1:{listener.getsockname()[1]}/")
        desk.tell(A, new_id())
        until(lambda: desk.shown(A, webhook_id)["last_problem"])
        desk.tell(A, *(new_id() for _ in range(5)))
        until(lambda: len(asked) == 7)
    server.kill()
    assert min(asked[1:]) - asked[0] >= 1.9


def test_after_three_days_an_event_is_given_up_shown_and_can_be_replayed(stores: Pair, tmp_path: Path) -> None:
    clock = SteppedClock()
    desk, schedule, referral = Desk(stores, tmp_path, clock), Schedule(), new_id()
    with Receiver(tmp_path, "--answer", "500") as receiver:
        webhook_id, _ = desk.add(A, receiver.url)
        desk.tell(A, referral, referral)
        attempts = 0
        while desk.shown(A, webhook_id)["given_up"] == 0:
            attempts += 1
            with desk.sending(schedule):
                until(partial(tried, desk, webhook_id, attempts))
            clock.forward(hours=6)
        shown = desk.shown(A, webhook_id)
        assert (shown["state"], shown["given_up"], shown["last_problem"]) == ("failing", 1, "http-500")
        assert 11 <= attempts <= 13
        given_up = [row for row in desk.rows("webhook_deliveries") if row["given_up_at"]]
        assert [row["position"] for row in given_up] == [1]

        receiver.recover()
        with desk.sending(schedule):
            heard_of(receiver, 1)
            until(lambda: desk.shown(A, webhook_id)["state"] == "enabled")
        assert [event["sequence"] for event in receiver.heard()] == [2]
        endpoints.replay(desk.store, A, webhook_id, 0)
        with desk.sending(schedule):
            heard_of(receiver, 2)
        assert desk.rows("webhook_deliveries") == []
    desk.store.database.close()


def test_a_sender_that_is_killed_is_replaced_and_nothing_is_missed(stores: Pair, tmp_path: Path) -> None:
    clock = SteppedClock()
    desk, subjects = Desk(stores, tmp_path, clock), [new_id() for _ in range(60)]
    with Receiver(tmp_path, "--misbehave", "5") as receiver:
        webhook_id, _ = desk.add(A, receiver.url)
        desk.tell(A, *subjects, *subjects, *subjects)
        killed = desk.dispatcher()
        thread = eventlet.spawn(killed.run)
        heard_of(receiver, 30)
        for _, courier in killed._couriers.values():
            courier.kill()
        thread.kill()

        with desk.sending():
            eventlet.sleep(1.5)
            assert desk.shown(A, webhook_id)["holder"] == killed.holder
        receiver.recover()
        clock.forward(seconds=31)
        with desk.sending():
            heard = heard_of(receiver, 180)
            until(lambda: desk.shown(A, webhook_id)["waiting"] == 0)
    assert not out_of_order(heard)
    desk.store.database.close()


def test_of_two_processes_one_sends(desk: Desk, tmp_path: Path) -> None:
    with Receiver(tmp_path) as receiver, desk.sending() as one, desk.sending() as two:
        webhook_id, _ = desk.add(A, receiver.url)
        until(lambda: desk.shown(A, webhook_id)["holder"])
        desk.tell(A, *(new_id() for _ in range(200)))
        heard_of(receiver, 200)
        first = desk.shown(A, webhook_id)["holder"]
        assert first in (one.holder, two.holder)
        (one if first == one.holder else two).stop()
        desk.tell(A, *(new_id() for _ in range(10)))
        heard_of(receiver, 210)
        assert desk.shown(A, webhook_id)["holder"] not in (None, first)
    assert len(receiver.lines()) == 210


def test_a_lease_that_is_renewed_is_nobody_elses(stores: Pair, tmp_path: Path) -> None:
    clock = SteppedClock()
    desk = Desk(stores, tmp_path, clock)
    webhook_id, _ = desk.add(A, "http://127.0.0.1:9/")
    assert [endpoint.id for endpoint in journal.claim(desk.store, "one", renew=True)] == [webhook_id]
    for _ in range(3):
        clock.forward(seconds=20)
        assert journal.claim(desk.store, "one", renew=True)
        assert not journal.claim(desk.store, "two", renew=True)
    clock.forward(seconds=31)
    assert journal.claim(desk.store, "two", renew=False)
    assert not journal.claim(desk.store, "one", renew=True)
    desk.store.database.close()


def test_both_secrets_sign_for_a_day_after_a_rotation(stores: Pair, tmp_path: Path) -> None:
    desk, old_port, new_port = Desk(stores, tmp_path), free_port(), free_port()
    for_old, old = desk.add(A, f"http://127.0.0.1:{old_port}/")
    for_new, _ = desk.add(A, f"http://127.0.0.1:{new_port}/")
    _, until_when = endpoints.rotate(desk.store, A, for_old)
    new, _ = endpoints.rotate(desk.store, A, for_new)
    now = desk.store.resources.clock.now()
    assert timedelta(hours=23) < until_when - now <= timedelta(hours=24)
    desk.tell(A, new_id())
    with (
        Receiver(tmp_path, "--secret", old, port=old_port) as has_old,
        Receiver(tmp_path, "--secret", new, port=new_port) as has_new,
        desk.sending(),
    ):
        heard_of(has_old, 1)
        heard_of(has_new, 1)
        with desk.store.writing() as transaction:
            table = desk.runtime.metadata.tables["webhooks"]
            transaction.execute(table.update().values(old_secret_until=now))
        eventlet.sleep(1.2)
        desk.tell(A, new_id())
        until(lambda: has_old.heard("bad"))
        heard_of(has_new, 2)
    desk.store.database.close()


def test_replay_sends_again_from_a_cursor_on_in_order(desk: Desk, tmp_path: Path) -> None:
    referrals = [new_id() for _ in range(5)]
    with Receiver(tmp_path) as receiver, desk.sending() as dispatcher:
        webhook_id, _ = desk.add(A, receiver.url)
        desk.tell(A, *referrals)
        heard_of(receiver, 5)
        until(lambda: desk.shown(A, webhook_id)["delivered"] == 5)
        endpoints.replay(desk.store, A, webhook_id, 2)
        dispatcher.wake()
        until(lambda: len(receiver.lines()) == 8)
        eventlet.sleep(0.5)
    assert {line["subject"] for line in receiver.lines()[5:]} == set(referrals[2:])


def test_what_waits_is_told_as_the_feed_tells_it_when_it_goes_out(desk: Desk, stores: Pair, tmp_path: Path) -> None:
    """A family that withdraws while a webhook is down is not told of when it comes back."""
    eligibility = Part(stores, tmp_path, EligibilityService, ELIGIBILITY_HANDLERS)
    inbox, family = Inbox(desk.store, ROUTING_HANDLERS, desk.runtime.metrics), Family()
    submitted = family.submitted(home=KINGSTON)
    with Receiver(tmp_path, "--answer", "500") as receiver:
        webhook_id, _ = desk.add(A, receiver.url)
        eligibility.take(submitted)
        inbox.take([submitted, *eligibility.bodies(family.id)])
        desk.relay()
        with desk.sending():
            until(lambda: desk.shown(A, webhook_id)["failed_attempts"])
        assert not any(line["tombstone"] for line in receiver.lines()[:1])
        # No sender is at work now: one that had read the event before the withdrawal could still be heard after it.
        inbox.take([family.withdrawn()])
        desk.relay()
        receiver.recover()
        with desk.sending():
            routed, recalled = heard_of(receiver, 2)
    assert (routed["type"], routed["tombstone"]) == ("uk.waypost.routing.referral.routed.v1", True)
    assert (recalled["type"], recalled["tombstone"]) == ("uk.waypost.routing.task.recalled.v1", False)
    eligibility.close()


def test_a_deleted_webhook_hears_no_more(desk: Desk, tmp_path: Path) -> None:
    with Receiver(tmp_path, "--answer", "500") as receiver, desk.sending() as dispatcher:
        webhook_id, _ = desk.add(A, receiver.url)
        desk.tell(A, *(new_id() for _ in range(3)))
        until(lambda: desk.rows("webhook_deliveries"))
        endpoints.remove(desk.store, A, webhook_id)
        dispatcher.wake()
        eventlet.sleep(1)
        receiver.recover()
        eventlet.sleep(0.5)
        assert receiver.heard() == []
        assert desk.rows("webhook_deliveries") == desk.rows("webhooks") == []
