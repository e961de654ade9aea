"""What keeps a service from starting is told to whoever starts it, and to nobody else."""

from pathlib import Path

import eventlet
import pytest
from nameko.extensions import DependencyProvider
from sqlalchemy import MetaData

from shared.runner import Runner
from shared.settings import SettingsError
from tests.support.pairs import default_pair
from tests.support.parts import settings_for


class Refused(DependencyProvider):
    def setup(self) -> None:
        raise SettingsError("It cannot be.")


class RefusedLater(DependencyProvider):
    def setup(self) -> None:
        eventlet.sleep(0.01)
        raise SettingsError("It cannot be.")


class AtOnce:
    name, metadata, part = "routing", MetaData(), Refused()


class Later:
    name, metadata, part = "routing", MetaData(), RefusedLater()


class Well:
    name, metadata = "referrals", MetaData()


@pytest.mark.parametrize("cls", [AtOnce, Later])
def test_a_start_that_fails_raises_why_and_shows_no_traceback(
    cls: type, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    runner = Runner(settings_for(default_pair(tmp_path), tmp_path))
    for each in (Well, cls):
        runner.add_service(each)

    with pytest.raises(SettingsError, match="It cannot be"):
        runner.start()

    eventlet.sleep(0)
    assert "".join(capfd.readouterr()) == ""
