"""`waypost agencies`: an operator gives an agency access to its queue, changes its password, and takes access away."""

from collections.abc import Callable
from pathlib import Path

import amqp
import pytest
from typer.testing import CliRunner, Result

from services.commands.agencies import app
from shared.privacy.keyfile import create_key_file
from tests.support.rabbitmq import RabbitMQ

Waypost = Callable[..., Result]
AGENCY = "families-apart"


@pytest.fixture
def waypost(rabbitmq: RabbitMQ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Waypost:
    """Runs `waypost agencies …` on a broker that nobody has used."""
    (tmp_path / "keys").mkdir()
    create_key_file(tmp_path / "keys" / "master")
    monkeypatch.setenv("WAYPOST_DATA", str(tmp_path))
    monkeypatch.setenv("WAYPOST_BROKER", rabbitmq.url(rabbitmq.new_vhost()))
    monkeypatch.setenv("WAYPOST_BROKER_MANAGEMENT", rabbitmq.management_url)
    return lambda *words: CliRunner().invoke(app, words)


def test_access_is_given_changed_and_taken_away(waypost: Waypost, rabbitmq: RabbitMQ) -> None:
    assert not has_access(waypost)

    first = told(waypost("provision", AGENCY))
    assert has_access(waypost)
    assert can_read(rabbitmq, first)

    second = told(waypost("rotate", AGENCY))
    assert {**second, "password": ""} == {**first, "password": ""}
    assert can_read(rabbitmq, second)
    assert not can_read(rabbitmq, first)

    assert waypost("revoke", AGENCY).output == f"{AGENCY} can no longer connect.\n"
    assert not has_access(waypost)
    assert not can_read(rabbitmq, second)
    assert waypost("revoke", AGENCY).output == f"{AGENCY} had no access.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["rotate", AGENCY], "families-apart has no access yet. `waypost agencies provision families-apart` gives it."),
        (["provision", "nobody"], "no agency 'nobody' hears by queue in the directory."),
        (["rotate", "nobody"], "no agency 'nobody' hears by queue in the directory."),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do(waypost: Waypost, words: list[str], sentence: str) -> None:
    answer = waypost(*words)
    assert answer.exit_code == 1
    assert sentence in answer.output


def test_without_rabbitmq_the_feed_is_pointed_to(waypost: Waypost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYPOST_BROKER", "memory://")
    assert not has_access(waypost)
    answer = waypost("provision", AGENCY)
    assert answer.exit_code == 1
    assert "they read GET /v1/events" in answer.output


def told(answer: Result) -> dict[str, str]:
    """What a command shows, by its label."""
    assert answer.exit_code == 0, answer.output
    return {line[:12].strip(): line[12:].strip() for line in answer.output.splitlines()}


def has_access(waypost: Waypost) -> bool:
    answer = waypost("list")
    assert answer.exit_code == 0, answer.output
    (line,) = (line for line in answer.output.splitlines() if AGENCY in line)
    return "yes" in line


def can_read(rabbitmq: RabbitMQ, access: dict[str, str]) -> bool:
    connection = amqp.Connection(
        f"127.0.0.1:{rabbitmq.port}", access["user"], access["password"], virtual_host=access["virtual host"]
    )
    try:
        connection.connect()
    except amqp.AccessRefused:
        return False
    with connection:
        assert connection.channel().basic_get(access["queue"]) is None
        return True
