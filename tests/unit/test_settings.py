"""A setting that cannot work is refused at start, in words that say what to do."""

from pathlib import Path

import pytest

from shared.settings import Settings, SettingsError


def test_with_nothing_set_everything_is_on_this_machine() -> None:
    settings = Settings.from_environment({})
    assert settings.broker == "memory://"
    assert settings.database_url("routing").endswith("/var/routing.sqlite3")
    assert settings.bind == "127.0.0.1"


@pytest.mark.parametrize("broker", ["filesystem://x", "sqlalchemy+sqlite:///x", "redis://x", "nonsense"])
def test_a_transport_that_would_deliver_nothing_is_refused(broker: str) -> None:
    with pytest.raises(SettingsError, match="memory:// for one process, amqp://"):
        Settings.from_environment({"WAYPOST_BROKER": broker})


def test_a_password_comes_from_a_file_and_may_hold_any_sign(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("p@ss/w:rd\n")
    settings = Settings.from_environment(
        {"WAYPOST_BROKER": "amqp://waypost@broker/v", "WAYPOST_BROKER_PASSWORD_FILE": str(tmp_path / "secret")}
    )
    assert settings.broker == "amqp://waypost:p%40ss%2Fw%3Ard@broker/v"


def test_each_service_has_a_database_password_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "routing").write_text("for-routing")
    settings = Settings.from_environment(
        {
            "WAYPOST_DATABASE": "postgresql+psycopg://{service}@db/waypost",
            "WAYPOST_DATABASE_PASSWORD_FILE": str(tmp_path / "{service}"),
        }
    )
    assert settings.database_url("routing") == "postgresql+psycopg://routing:for-routing@db/waypost"
    with pytest.raises(SettingsError, match="cannot be read"):
        settings.database_url("referrals")


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(SettingsError, match="WAYPOST_REFERRALS_PORT must be a port number"):
        Settings.from_environment({"WAYPOST_REFERRALS_PORT": port})
