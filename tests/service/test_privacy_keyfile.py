"""A master key file is made once, for its owner alone, and is added to, never replaced."""

import stat
from pathlib import Path

import pytest

from shared.privacy.keyfile import KeyringError, add_key, create_key_file
from shared.privacy.keyring import Keyring


def test_a_new_file_is_private_and_works(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master"
    create_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Keyring.from_file(path).newest == "k1"
    assert [file.name for file in path.parent.iterdir()] == ["master"]


def test_an_existing_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "master"
    create_key_file(path)
    before = path.read_text()
    with pytest.raises(FileExistsError):
        create_key_file(path)
    assert path.read_text() == before
    assert [file.name for file in tmp_path.iterdir()] == ["master"]


def test_an_added_key_wraps_and_the_old_one_still_opens(tmp_path: Path) -> None:
    path = tmp_path / "master"
    create_key_file(path)
    key, stored = Keyring.from_file(path).new_key("referral-1")
    assert add_key(path) == "k2"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rotated = Keyring.from_file(path)
    assert rotated.newest == "k2"
    assert rotated.unwrap("referral-1", stored).open("notes", key.seal("notes", "x")) == "x"


def test_a_missing_file_is_named_and_the_way_out_told(tmp_path: Path) -> None:
    with pytest.raises(KeyringError, match=r"master cannot be read \(No such file"):
        Keyring.from_file(tmp_path / "master")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master"
    path.write_bytes(bytes(range(200, 250)))
    with pytest.raises(KeyringError, match="is not text"):
        Keyring.from_file(path)
