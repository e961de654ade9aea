"""Without a mail server messages are files, whole or absent, for their owner alone; `waypost messages` shows them."""

import email
import stat
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.commands.messages import app
from services.notifications.carriers.carrier import CarrierAway, Message, NotTaken
from services.notifications.carriers.choice import carriers_for, outbox_of
from services.notifications.carriers.files import FileCarrier
from services.notifications.carriers.smtp import SmtpCarrier
from shared.settings import Settings, SettingsError
from tests.support.notifying import WRITTEN_AT

NAME = "20261120T100000Z-delivery-1.eml"


def message(number: int = 1, address: str = "reader@example.com", body: str = "Hello,\n") -> Message:
    return Message(f"delivery-{number}", address, "Referral 7KX-3FM-9QF", body, WRITTEN_AT)


def write(folder: Path, *messages: Message) -> None:
    with FileCarrier(folder, "waypost@example.org").line() as line:
        for each in messages:
            line.send(each)


def test_a_message_is_a_file_that_a_mail_program_opens(tmp_path: Path) -> None:
    write(tmp_path / "outbox", message())
    path = tmp_path / "outbox" / NAME
    mail = email.message_from_bytes(path.read_bytes(), EmailMessage, policy=default)
    assert (mail["To"], mail["Subject"]) == ("reader@example.com", "Referral 7KX-3FM-9QF")
    assert mail["Message-ID"] == "<delivery-1@example.org>"


def test_a_long_link_stays_in_one_piece(tmp_path: Path) -> None:
    link = f"https://referrals.example.org/v1/referrals/{'0' * 80}"
    write(tmp_path, message(body=f"Hello,\n\n{link}\n"))
    assert link in (tmp_path / NAME).read_text().splitlines()


def test_a_text_beyond_ascii_arrives_as_written(tmp_path: Path) -> None:
    write(tmp_path, message(body="Croeso i’r gwasanaeth\n"))
    mail = email.message_from_bytes((tmp_path / NAME).read_bytes(), EmailMessage, policy=default)
    assert mail.get_content().strip() == "Croeso i’r gwasanaeth"


def test_what_messages_have_alike_is_made_once_and_is_still_of_each(tmp_path: Path) -> None:
    bodies = ("Hello,\n", "Croeso i’r gwasanaeth\n", "Good day,\n")
    for sender in ("waypost@example.org", "waypost@example.com"):
        with FileCarrier(tmp_path / sender, sender).line() as line:
            for number, body in enumerate(bodies):
                line.send(message(number, f"reader-{number}@example.org", body))
        read = [path.read_bytes() for path in sorted((tmp_path / sender).iterdir())]
        mails = [email.message_from_bytes(each, EmailMessage, policy=default) for each in read]
        assert [(mail["From"], mail["To"]) for mail in mails] == [
            (f"Waypost <{sender}>", f"reader-{number}@example.org") for number in range(3)
        ]
        assert [mail["Content-Transfer-Encoding"] for mail in mails] == ["7bit", "quoted-printable", "7bit"]
        assert [mail.get_content().replace("\r\n", "\n") for mail in mails] == list(bodies)


def test_only_the_owner_may_look(tmp_path: Path) -> None:
    write(tmp_path / "outbox", message())
    assert stat.S_IMODE((tmp_path / "outbox").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "outbox" / NAME).stat().st_mode) == 0o600


def test_a_message_that_is_sent_again_replaces_itself(tmp_path: Path) -> None:
    write(tmp_path, message(body="Half"), message(2), message(body="Whole"))
    assert [path.name for path in sorted(tmp_path.iterdir())] == [NAME, NAME.replace("-1", "-2")]
    assert "Whole" in (tmp_path / NAME).read_text()


def test_a_half_written_message_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(CarrierAway, match="folder-unusable"):
        write(tmp_path, message())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["x@example.org\r\nBcc: y@example.org", "no-address", "", "a@b@c"])
def test_an_address_that_is_none_is_refused_for_good(tmp_path: Path, address: str) -> None:
    with pytest.raises(NotTaken, match="address-unusable") as refused:
        write(tmp_path, message(address=address))
    assert refused.value.final
    assert list(tmp_path.iterdir()) == []


def test_the_settings_choose_the_carrier() -> None:
    assert [type(each) for each in carriers_for(Settings.from_environment({}))] == [FileCarrier]
    assert [type(each) for each in carriers_for(Settings.from_environment({"WAYPOST_SMTP": "smtp://localhost"}))] == [
        SmtpCarrier
    ]


@pytest.mark.parametrize("sender", ["nobody", "nobody@", "@example.org", "no body@example.org", "nobody@example..org"])
def test_a_start_says_that_mail_cannot_come_from_what_is_no_address(sender: str) -> None:
    with pytest.raises(SettingsError, match="WAYPOST_MAIL_FROM"):
        carriers_for(Settings.from_environment({"WAYPOST_MAIL_FROM": sender}))


@pytest.fixture
def outbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the command line will look into."""
    monkeypatch.setenv("WAYPOST_DATA", str(tmp_path))
    monkeypatch.setenv("WAYPOST_NOTIFICATIONS_MANAGEMENT_PORT", "1")
    return outbox_of(Settings.from_environment())


def test_messages_are_listed_without_an_address(outbox: Path) -> None:
    write(outbox, message(), message(2))
    result = CliRunner().invoke(app, ["list"])
    assert result.output.count("2026-11-20 10:00:00  Referral 7KX-3FM-9QF") == 2
    assert NAME in result.output
    assert "@" not in result.output


def test_the_newest_messages_are_listed_when_there_are_many(outbox: Path) -> None:
    write(outbox, *(message(number) for number in range(1, 6)))
    lines = CliRunner().invoke(app, ["list", "--most", "2"]).output.splitlines()
    assert [line[-14:] for line in lines] == ["delivery-4.eml", "delivery-5.eml"]


def test_an_empty_outbox_says_so(outbox: Path) -> None:
    assert "No messages in" in CliRunner().invoke(app, ["list"]).output


def test_one_message_is_shown_as_its_reader_sees_it(outbox: Path) -> None:
    write(outbox, message())
    assert CliRunner().invoke(app, ["show", NAME]).output == "Referral 7KX-3FM-9QF\n\nHello,\n"


@pytest.mark.parametrize("name", ["absent.eml", "../keys/internal"])
def test_a_file_that_is_no_message_is_not_shown(outbox: Path, name: str) -> None:
    write(outbox, message())
    (outbox.parent / "keys").mkdir()
    (outbox.parent / "keys" / "internal").write_text("secret")
    result = CliRunner().invoke(app, ["show", name])
    assert (result.exit_code, "secret" in result.output) == (1, False)


def test_failures_are_not_to_be_had_while_the_service_is_away(outbox: Path) -> None:
    result = CliRunner().invoke(app, ["failed"])
    assert result.exit_code == 1
    assert "does not answer" in result.output
