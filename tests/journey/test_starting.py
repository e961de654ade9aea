"""A start that cannot be says why in a sentence, and ends; whose setting it is makes no difference."""

from pathlib import Path

import pytest

from tests.support.system import system_by_default


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("WAYPOST_STOP_SECONDS", "soon", "WAYPOST_STOP_SECONDS "),
        ("WAYPOST_SMTP", "http://mail.example.org", "WAYPOST_SMTP is no address of a mail server."),
        ("WAYPOST_MAIL_FROM", "no body@example.org", "WAYPOST_MAIL_FROM is no e-mail address."),
        ("WAYPOST_OPENID_FILE", "nowhere.yaml", "WAYPOST_OPENID_FILE cannot be read as YAML."),
    ],
)
def test_a_start_that_a_setting_forbids_says_which_and_ends(
    places: Path, tmp_path: Path, setting: str, value: str, sentence: str
) -> None:
    system = system_by_default(tmp_path, places)
    with pytest.raises(AssertionError, match=f"\nwaypost: {sentence}|failed: waypost: {sentence}") as refused:
        system.waypost("run", env={setting: value})
    assert "Traceback" not in str(refused.value)
