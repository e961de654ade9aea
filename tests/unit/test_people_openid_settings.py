"""Which organisations sign people in themselves is read at start; what cannot work is refused there, with what to do."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.settings import SettingsError
from shared.web.people.openid_settings import read_registrations

RIGHT = {"issuer": "https://login.example.org/tenant", "client_id": "waypost"}


def written(folder: Path, entries: Any) -> Path:
    (folder / "secret").write_text("a secret\n")
    (folder / "openid.yaml").write_text(json.dumps(entries))
    return folder / "openid.yaml"


def test_an_entry_is_read_with_its_secret(tmp_path: Path) -> None:
    entry = RIGHT | {"client_secret_file": str(tmp_path / "secret")}
    (found,) = read_registrations(written(tmp_path, {"families-apart": entry})).values()
    assert (found.owner, found.issuer, found.client_secret) == ("families-apart", RIGHT["issuer"], "a secret")
    assert not found.addresses_are_verified
    assert read_registrations(None) == {}


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (["families-apart"], "an entry for each owner"),
        ({"families-apart": None}, "client_id, client_secret_file, issuer is missing"),
        ({"families-apart": RIGHT}, "client_secret_file is missing"),
        ({"families-apart": RIGHT | {"client_secret_file": "/not/there"}}, "cannot be read"),
        ({"families-apart": RIGHT | {"client_secret_file": "SECRET", "issuer": "http://login.example.org"}}, "https"),
        ({"families-apart": RIGHT | {"client_secret_file": "SECRET", "client_secret": "x"}}, "client_secret is"),
    ],
)
def test_an_entry_that_cannot_work_says_what_to_do(tmp_path: Path, entries: Any, said: str) -> None:
    text = json.dumps(entries).replace("SECRET", str(tmp_path / "secret"))
    with pytest.raises(SettingsError, match="WAYPOST_OPENID_FILE") as refused:
        read_registrations(written(tmp_path, json.loads(text)))
    assert said in str(refused.value)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_registrations(tmp_path / "none.yaml")
