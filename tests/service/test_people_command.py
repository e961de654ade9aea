"""`waypost people`: the first manager is invited by the command line, and whoever leaves is ended there too."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.catalogue import migrations_of, runtime_of
from services.commands.people import app
from shared.privacy.keyfile import create_key_file
from shared.settings import Settings
from shared.web.people import records
from tests.support.pairs import Pair
from tests.support.schema import migrated

Waypost = Callable[..., Result]
MANAGER = "manager@example.org"


@pytest.fixture
def without_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Waypost:
    """Runs `waypost people …`."""
    for name, value in {"WAYPOST_DATA": str(tmp_path), "COLUMNS": "200"}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "keys").mkdir()
    create_key_file(tmp_path / "keys" / "master")
    return lambda *words: CliRunner().invoke(app, words)


@pytest.fixture
def waypost(without_database: Waypost, stores: Pair, monkeypatch: pytest.MonkeyPatch) -> Waypost:
    """The same on fresh databases."""
    for name, value in stores.environment.items():
        monkeypatch.setenv(name, value)
    for service in ("routing", "operations"):
        database = runtime_of(service, Settings.from_environment()).store.database
        migrated(database, migrations_of(service))
        database.close()
    return without_database


def test_somebody_is_invited_listed_and_ended(waypost: Waypost) -> None:
    made = waypost("invite", MANAGER, "--agency", "families-apart", "--role", "agency-manager")
    assert made.stdout.startswith("http://127.0.0.1:8001/invitations/"), made.output
    listed = waypost("list", "--agency", "families-apart").stdout
    assert MANAGER in listed
    assert "agency-manager" in listed
    assert MANAGER not in waypost("list", "--agency", "time-matters").stdout
    assert "withdrawn" in waypost("end", MANAGER, "--agency", "families-apart").stdout
    assert MANAGER not in waypost("list", "--agency", "families-apart").stdout

    store = runtime_of("routing", Settings.from_environment()).store
    with store.writing() as transaction:
        records.create(transaction, "families-apart", "agency-manager", MANAGER, "Test Manager")
    store.database.close()
    again = waypost("invite", MANAGER, "--agency", "families-apart")
    assert again.exit_code == 1
    assert "has an account already" in again.output
    assert "has ended" in waypost("end", MANAGER.upper(), "--agency", "families-apart").stdout
    assert "ended" in waypost("list", "--agency", "families-apart").stdout
    assert waypost("end", MANAGER, "--agency", "families-apart").exit_code == 1


def test_operations_invite_at_their_own_service(waypost: Waypost) -> None:
    made = waypost("invite", "duty@example.org", "--operations")
    assert made.stdout.startswith("http://127.0.0.1:8002/invitations/"), made.output
    listed = waypost("list", "--operations").stdout
    assert "duty@example.org" in listed
    assert "operations" in listed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["invite", MANAGER], "either --agency ID or --operations"),
        (["invite", MANAGER, "--agency", "nobody"], "there is no agency 'nobody'"),
        (["invite", "nonsense", "--operations"], "Write an e-mail address like name@example.org."),
        (["invite", MANAGER, "--operations", "--role", "agency-worker"], "operations, auditor"),
    ],
)
def test_what_cannot_be_done_is_said(without_database: Waypost, words: list[str], said: str) -> None:
    answer = without_database(*words)
    assert answer.exit_code
    assert said in " ".join(answer.output.replace("│", " ").split())
