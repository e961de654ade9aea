"""Messages by SMTP, against a mail server in a process of its own that refuses, dawdles and hangs up."""

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import eventlet
import pytest

from services.notifications.carriers.carrier import CarrierAway, Message, NotTaken
from services.notifications.carriers.smtp import SmtpCarrier, read_smtp_url
from tests.support import mail_server
from tests.support.certificates import self_signed
from tests.support.notifying import WRITTEN_AT
from tests.support.process import Process, free_port

STEP = 0.5


class MailServer:
    """The process, and what it has kept."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder / "mails"
        self.folder.mkdir()
        self.port = free_port()
        command: list[str | Path] = [sys.executable, mail_server.__file__, str(self.port), self.folder, *options]
        self._process = Process(command, log=folder / "mail_server.log").start()
        self._process.wait_for_line("ready")

    def kept(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("*.json"))]

    def kill(self) -> None:
        self._process.kill()


Started = Callable[..., MailServer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Started]:
    servers: list[MailServer] = []

    def start(*options: str) -> MailServer:
        servers.append(MailServer(tmp_path, *options))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


def carrier(url: str, *, sender: str = "waypost@example.org", whole: float = 5.0) -> SmtpCarrier:
    return SmtpCarrier(read_smtp_url(url), sender, step=STEP, whole=whole)


def message(name: str = "reader", number: int = 1, domain: str = "example.com") -> Message:
    return Message(f"delivery-{number}", f"{name}@{domain}", "Referral 7KX-3FM-9QF", "Hello,\n\nA link.\n", WRITTEN_AT)


def refusal_of(server: MailServer, name: str, **options: Any) -> NotTaken:
    with (
        pytest.raises(NotTaken) as raised,
        carrier(f"smtp://127.0.0.1:{server.port}", **options).line() as line,
    ):
        line.send(message(name))
    return raised.value


def test_a_batch_arrives_whole_over_one_connection(start: Started) -> None:
    server = start()
    with carrier(f"smtp://127.0.0.1:{server.port}").line() as line:
        for number in range(3):
            line.send(message(number=number))
    kept = server.kept()
    assert [mail["connection"] for mail in kept] == [1, 1, 1]
    assert {(mail["from"], *mail["to"]) for mail in kept} == {("waypost@example.org", "reader@example.com")}
    mail = message_from_string(kept[0]["text"], EmailMessage, policy=default)
    assert mail["From"] == "Waypost <waypost@example.org>"
    assert mail["To"] == "reader@example.com"
    assert mail["Subject"] == "Referral 7KX-3FM-9QF"
    assert mail["Message-ID"] == "<delivery-0@example.org>"
    assert mail["Date"].datetime == WRITTEN_AT
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().split() == ["Hello,", "A", "link."]


@pytest.mark.parametrize(
    ("name", "code", "final"),
    [
        ("refused", "recipient-refused", True),
        ("later", "recipient-deferred", False),
        ("spam", "message-refused", True),
        ("full", "message-deferred", False),
    ],
)
def test_what_the_server_says_of_a_message_is_final_or_passes(
    start: Started, name: str, code: str, final: bool
) -> None:
    refusal = refusal_of(start(), name)
    assert (type(refusal), refusal.code, refusal.final) == (NotTaken, code, final)


@pytest.mark.parametrize("name", ["refused", "later", "spam", "full"])
def test_after_a_refused_message_the_line_still_works(start: Started, name: str) -> None:
    server = start()
    with carrier(f"smtp://127.0.0.1:{server.port}").line() as line:
        with pytest.raises(NotTaken):
            line.send(message(name))
        line.send(message())
    assert [mail["to"] for mail in server.kept()] == [["reader@example.com"]]


@pytest.mark.parametrize(("name", "code"), [("hangup", "connection-lost"), ("busy", "carrier-busy")])
def test_a_server_that_hangs_up_is_away(start: Started, name: str, code: str) -> None:
    refusal = refusal_of(start(), name)
    assert (type(refusal), refusal.code) == (CarrierAway, code)


def test_a_server_that_does_not_answer_is_given_up_after_a_step(start: Started) -> None:
    server, begun = start(), time.monotonic()
    refusal = refusal_of(server, "slow")
    assert (type(refusal), refusal.code) == (CarrierAway, "connection-lost")
    assert time.monotonic() - begun < STEP + 3


def test_a_server_that_answers_byte_by_byte_is_given_up_too(start: Started) -> None:
    server, begun = start(), time.monotonic()
    refusal = refusal_of(server, "drip", whole=1.0)
    assert (type(refusal), refusal.code) == (CarrierAway, "connection-lost")
    assert time.monotonic() - begun < 1.0 + 3


def test_while_a_server_does_not_answer_everything_else_goes_on(start: Started) -> None:
    server = start()
    turns = []

    def turn() -> None:
        while True:
            turns.append(time.monotonic())
            eventlet.sleep(0.01)

    turning = eventlet.spawn(turn)
    refusal_of(server, "slow")
    turning.kill()
    assert max(later - earlier for earlier, later in itertools.pairwise(turns)) < STEP / 2


def test_a_sender_that_the_server_refuses_is_ours_to_mend_not_the_messages_end(start: Started) -> None:
    refusal = refusal_of(start(), "reader", sender="stranger@example.org")
    assert (type(refusal), refusal.code) == (CarrierAway, "sender-refused")


def test_an_address_that_the_server_cannot_take_is_final(start: Started) -> None:
    server = start()
    with carrier(f"smtp://127.0.0.1:{server.port}").line() as line:
        with pytest.raises(NotTaken, match="address-not-supported") as refused:
            line.send(message(domain="bücher.example"))
        with pytest.raises(NotTaken, match="address-unusable") as unusable:
            line.send(message("bücher"))
        line.send(message())
    assert refused.value.final
    assert unusable.value.final
    assert len(server.kept()) == 1


def test_no_server_is_a_carrier_that_is_away() -> None:
    with pytest.raises(CarrierAway, match="carrier-away"), carrier(f"smtp://127.0.0.1:{free_port()}").line():
        pass


def test_a_server_that_is_killed_in_mid_batch_is_away_and_what_it_took_is_taken(start: Started) -> None:
    server = start()
    with carrier(f"smtp://127.0.0.1:{server.port}").line() as line:
        line.send(message())
        server.kill()
        with pytest.raises(CarrierAway, match="connection-lost"):
            line.send(message(number=2))
    assert len(server.kept()) == 1


def test_the_password_opens_and_a_wrong_one_is_told_apart(start: Started) -> None:
    server = start("--password", "right/word")
    with carrier(f"smtp://waypost:right%2Fword@127.0.0.1:{server.port}").line() as line:
        line.send(message())
    assert len(server.kept()) == 1
    with (
        pytest.raises(CarrierAway, match="login-refused"),
        carrier(f"smtp://waypost:wrong@127.0.0.1:{server.port}").line(),
    ):
        pass


# eventlet leaves the socket of a handshake that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <eventlet.green.ssl:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed <eventlet.green.ssl:ResourceWarning")
def test_starttls_encrypts_and_a_certificate_that_nobody_trusts_is_refused(
    start: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path / "certificate.pem", "localhost", valid_for=timedelta(days=1))
    server = start("--certificate", str(certificate))
    url = f"smtp://localhost:{server.port}?starttls=1"
    with pytest.raises(CarrierAway, match="carrier-away"), carrier(url).line():
        pass
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with carrier(url).line() as line:
        line.send(message())
    assert [mail["encrypted"] for mail in server.kept()] == [True]


def test_a_server_that_offers_no_starttls_gets_nothing_in_the_clear(start: Started) -> None:
    server = start()
    with (
        pytest.raises(CarrierAway, match="carrier-away"),
        carrier(f"smtp://127.0.0.1:{server.port}?starttls=1").line() as line,
    ):
        line.send(message())
    assert server.kept() == []


def test_what_a_server_says_is_never_repeated(start: Started) -> None:
    refusal = refusal_of(start(), "refused")
    assert "example.com" not in repr(refusal)
    assert refusal.__cause__ is None
    assert refusal.__suppress_context__
    assert "reader@example.com" not in repr(message())
