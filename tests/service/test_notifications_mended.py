"""When what stood in the way of all messages is mended, all of them go: nobody waits for the next try that was due."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import eventlet
import pytest

from services.notifications.carriers.carrier import CarrierAway, Line, Message
from services.notifications.sender import Sender
from tests.support.notifying import Notifications, submitted
from tests.support.pairs import Pair
from tests.support.waiting import until

MANY = 3


class Carrier:
    """Does not let us in until somebody has mended the password."""

    channel = "e-mail"

    def __init__(self) -> None:
        self.mended = False
        self.taken: list[Message] = []
        self.refused = 0

    @contextmanager
    def line(self) -> Iterator[Line]:
        if not self.mended:
            self.refused += 1
            raise CarrierAway("login-refused")
        yield self

    def send(self, message: Message) -> None:
        self.taken.append(message)


@pytest.fixture
def notifications(stores: Pair, tmp_path: Path) -> Iterator[Notifications]:
    service = Notifications(stores, tmp_path)
    yield service
    service.close()


def refused(notifications: Notifications, carrier: Carrier) -> Sender:
    """A sender that has tried them all in vain; the clock stands, so none is due by itself."""
    notifications.take(*(submitted(f"referral-{number}") for number in range(MANY)))
    sender = notifications.sender_with(carrier)
    with pytest.raises(CarrierAway):
        sender.send_due()
    assert sender.send_due() == 0
    return sender


def test_a_start_tries_one_message_and_the_others_follow_when_it_goes(notifications: Notifications) -> None:
    carrier = Carrier()
    refused(notifications, carrier)
    carrier.mended = True

    restarted = notifications.sender_with(carrier)
    thread = eventlet.spawn(restarted.run)

    def all_went() -> bool:
        restarted.wake()
        return len(carrier.taken) == MANY

    until(all_went)
    until(lambda: {row.status for row in notifications.rows()} == {"sent"})
    restarted.stop()
    thread.wait()


def test_a_start_that_is_refused_again_costs_one_message_a_try_and_no_other(notifications: Notifications) -> None:
    carrier = Carrier()
    refused(notifications, carrier)
    restarted = notifications.sender_with(carrier)
    thread = eventlet.spawn(restarted.run)
    until(lambda: carrier.refused == 2)
    restarted.stop()
    thread.wait()
    assert sorted(row.attempts for row in notifications.rows()) == [1, 1, 2]
