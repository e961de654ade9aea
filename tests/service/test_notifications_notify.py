"""Messages by GOV.UK Notify, against a server in a process of its own that checks the token and answers as Notify does."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import eventlet
import pytest

from services.notifications.carriers.carrier import CarrierAway, Message, NotTaken
from services.notifications.carriers.choice import carriers_for
from services.notifications.carriers.files import FileCarrier
from services.notifications.carriers.notify import NotifyCarrier, NotifyKey
from services.notifications.carriers.smtp import SmtpCarrier
from services.notifications.receipts import Receipts
from shared.settings import Settings, SettingsError
from tests.support import notify_server
from tests.support.notifying import PAGE, WRITTEN_AT, Notifications, routed, submitted
from tests.support.pairs import Pair
from tests.support.process import Process, free_port

SERVICE, SECRET = "26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0"
KEY = NotifyKey.read(f"made-up_key-{SERVICE}-{SECRET}")
EMAIL_TEMPLATE, TEXT_TEMPLATE = "9d751e0e-f929-4891-82a1-a3e1c3c18ee3", "2a53a9ff-1d22-4f47-9dd0-7e0a2b1d7b1c"


class NotifyServer:
    """The process, and what it has kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "notify"
        self.folder.mkdir()
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command: list[str | Path] = [sys.executable, notify_server.__file__, str(port), self.folder, SERVICE, SECRET]
        self._process = Process(command, log=folder / "notify_server.log").start()
        self._process.wait_for_line("ready")

    def kept(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in self.folder.glob("*.json")]

    def carrier(self, channel: str = "e-mail", key: NotifyKey = KEY, whole: float = 10.0) -> NotifyCarrier:
        template = TEXT_TEMPLATE if channel == "text" else EMAIL_TEMPLATE
        return NotifyCarrier(channel, self.url, key, template, whole=whole)

    def kill(self) -> None:
        self._process.kill()


@pytest.fixture
def notify(tmp_path: Path) -> Iterator[NotifyServer]:
    server = NotifyServer(tmp_path)
    yield server
    server.kill()


def message(address: str) -> Message:
    return Message("delivery-1", address, "A subject", "A body", WRITTEN_AT)


def send(carrier: NotifyCarrier, address: str) -> str | None:
    with carrier.line() as line:
        return line.send(message(address))


def test_an_email_carries_subject_body_and_the_deliverys_id_under_our_token(notify: NotifyServer) -> None:
    assert send(notify.carrier(), "reader@example.org")
    assert notify.kept() == [
        {
            "path": "/v2/notifications/email",
            "email_address": "reader@example.org",
            "template_id": EMAIL_TEMPLATE,
            "personalisation": {"subject": "A subject", "body": "A body"},
            "reference": "delivery-1",
        }
    ]


def test_a_text_carries_its_body_alone(notify: NotifyServer) -> None:
    assert send(notify.carrier("text"), "01632 960002")
    assert notify.kept() == [
        {
            "path": "/v2/notifications/sms",
            "phone_number": "01632 960002",
            "template_id": TEXT_TEMPLATE,
            "personalisation": {"body": "A body"},
            "reference": "delivery-1",
        }
    ]


@pytest.mark.parametrize(
    ("name", "code", "final", "away"),
    [
        ("refused", "recipient-refused", True, False),
        ("template", "request-refused", False, False),
        ("team", "request-refused", False, False),
        ("busy", "carrier-busy", False, True),
        ("broken", "carrier-broken", False, True),
        ("hangup", "carrier-away", False, True),
    ],
)
def test_only_what_is_said_of_the_address_is_final_and_nothing_is_repeated(
    notify: NotifyServer, name: str, code: str, final: bool, away: bool
) -> None:
    with pytest.raises(NotTaken) as refused:
        send(notify.carrier(), f"{name}@example.org")
    assert (str(refused.value), refused.value.final) == (code, final)
    assert isinstance(refused.value, CarrierAway) == away


@pytest.mark.parametrize("key", [NotifyKey(SERVICE, SERVICE), NotifyKey(SECRET, SECRET)])
def test_a_wrong_key_is_our_fault_not_the_messages(notify: NotifyServer, key: NotifyKey) -> None:
    with pytest.raises(CarrierAway, match="login-refused"):
        send(notify.carrier(key=key), "reader@example.org")


def test_a_server_that_dawdles_without_end_is_given_up(notify: NotifyServer) -> None:
    with eventlet.Timeout(10), pytest.raises(CarrierAway, match="carrier-away"):
        send(notify.carrier(whole=0.5), "drip@example.org")


def test_notify_away_is_a_carrier_away(notify: NotifyServer) -> None:
    notify.kill()
    with pytest.raises(CarrierAway, match="carrier-away"):
        send(notify.carrier(), "reader@example.org")


def test_what_was_taken_is_taken_even_if_its_id_cannot_be_read(notify: NotifyServer) -> None:
    assert send(notify.carrier(), "garbled@example.org") is None


@pytest.fixture
def notifications(stores: Pair, tmp_path: Path) -> Iterator[Notifications]:
    service = Notifications(stores, tmp_path)
    yield service
    service.close()


def sent_to(notifications: Notifications, carrier: NotifyCarrier, name: str) -> Receipts:
    """A message to this reader has been taken over; what asks for its receipt."""
    notifications.referrals.answer = {"channel": "e-mail", "address": f"{name}@example.org", "link": PAGE}
    notifications.take(submitted())
    notifications.sender_with(carrier).send_due()
    assert notifications.row().status == "sent"
    return Receipts(notifications.store, [carrier])


def test_a_delivered_message_is_known_to_be_and_asked_after_no_more(
    notifications: Notifications, notify: NotifyServer
) -> None:
    receipts = sent_to(notifications, notify.carrier(), "reader")
    assert receipts.ask() == 0, "asked too early"
    answers = []
    for _ in range(4):
        notifications.clock.forward(minutes=2)
        answers.append((receipts.ask(), notifications.row().receipt))
    assert answers == [(1, None), (1, "delivered"), (0, "delivered"), (0, "delivered")]
    assert [event["type"].split(".")[-2] for event in notifications.published()] == ["sent"]


@pytest.mark.parametrize(("name", "reason"), [("gone", "permanent-failure"), ("full", "temporary-failure")])
def test_a_message_that_did_not_arrive_has_failed_and_that_is_told_once(
    notifications: Notifications, notify: NotifyServer, name: str, reason: str
) -> None:
    receipts = sent_to(notifications, notify.carrier(), name)
    for _ in range(4):
        notifications.clock.forward(minutes=10)
        receipts.ask()
    row = notifications.row()
    assert (row.status, row.problem, row.receipt) == ("failed", reason, reason)
    failed = [event["data"] for event in notifications.published() if ".failed." in event["type"]]
    assert [(data["delivery_id"], data["reason"], data["channel"]) for data in failed] == [(row.id, reason, "e-mail")]


def test_a_receipt_that_never_comes_is_asked_for_ever_more_rarely_and_given_up(
    notifications: Notifications, notify: NotifyServer
) -> None:
    receipts = sent_to(notifications, notify.carrier(), "lost")
    asked = 0
    for _ in range(5 * 24):
        notifications.clock.forward(hours=1)
        asked += receipts.ask()
    assert (notifications.row().status, notifications.row().receipt) == ("sent", "not-known")
    assert 90 < asked < 100


def test_while_notify_is_away_the_receipt_waits(notifications: Notifications, notify: NotifyServer) -> None:
    receipts = sent_to(notifications, notify.carrier(), "reader")
    notify.kill()
    notifications.clock.forward(minutes=2)
    receipts.ask()
    assert (notifications.row().receipt, notifications.row().receipt_due_at > notifications.clock.now()) == (None, True)


def test_a_receipt_that_two_replicas_ask_for_ends_the_message_once(
    notifications: Notifications, notify: NotifyServer
) -> None:
    receipts = sent_to(notifications, notify.carrier(), "gone")
    both = [receipts, Receipts(notifications.store, [notify.carrier()])]
    for _ in range(3):
        notifications.clock.forward(minutes=10)
        for thread in [eventlet.spawn(each.ask) for each in both]:
            thread.wait()
    assert [event["type"].split(".")[-2] for event in notifications.published()] == ["sent", "failed"]


def test_a_family_is_told_by_a_text_through_notify(notifications: Notifications, notify: NotifyServer) -> None:
    notifications.referrals.family = {"channel": "text", "address": "01632 960002", "may_text": True, "link": PAGE}
    notifications.take(routed(kind="family-support"))
    notifications.sender_with(notify.carrier(), notify.carrier("text")).send_due()
    (text,) = [kept for kept in notify.kept() if kept["path"].endswith("/sms")]
    assert text["personalisation"]["body"].endswith(PAGE)
    assert len(notify.kept()) == 3


def chosen(folder: Path, **given: str) -> list[tuple[type, str]]:
    (folder / "key").write_text(f"made-up_key-{SERVICE}-{SECRET}\n")
    carriers = carriers_for(
        Settings.from_environment({f"WAYPOST_{name.upper()}": text for name, text in given.items()})
    )
    return [(type(carrier), carrier.channel) for carrier in carriers]


def test_the_settings_choose_what_goes_by_notify(tmp_path: Path) -> None:
    key = {"notify_key_file": str(tmp_path / "key")}
    both = key | {"notify_email_template": EMAIL_TEMPLATE, "notify_text_template": TEXT_TEMPLATE}
    assert chosen(tmp_path, **both) == [(NotifyCarrier, "e-mail"), (NotifyCarrier, "text")]
    assert chosen(tmp_path, **both, smtp="smtp://localhost") == [(SmtpCarrier, "e-mail"), (NotifyCarrier, "text")]
    assert chosen(tmp_path, **key, notify_text_template=TEXT_TEMPLATE) == [
        (FileCarrier, "e-mail"),
        (NotifyCarrier, "text"),
    ]
    assert chosen(tmp_path) == [(FileCarrier, "e-mail")]


def test_settings_that_cannot_work_are_refused_and_the_key_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "short").write_text(f"made-up-{SECRET}")
    for file in ({}, {"notify_key_file": str(tmp_path / "none")}, {"notify_key_file": str(tmp_path / "short")}):
        with pytest.raises(SettingsError, match="WAYPOST_NOTIFY_KEY_FILE") as refused:
            chosen(tmp_path, notify_text_template=TEXT_TEMPLATE, **file)
        assert SECRET not in str(refused.value)
    assert SECRET not in repr(KEY)
