"""What is sealed opens for its own referral and part alone; keys rotate, and no error or log ever holds one."""

import base64
import hmac

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.privacy.keyfile import KeyringError
from shared.privacy.keyring import Keyring
from shared.privacy.sealed import SealBroken

INDEX_KEY = bytes(range(32))
CHILD = {"first_name": "Test", "last_name": "Child", "date_of_birth": "2017-03-14"}


def a_keyring(*key_ids: str) -> Keyring:
    ids = key_ids or ("k1",)
    return Keyring({key_id: bytes([number]) * 32 for number, key_id in enumerate(ids, start=1)}, INDEX_KEY)


def key_lines(*key_ids: str) -> str:
    return "".join(f"{key_id} {base64.b64encode(key_id.ljust(32, '.').encode()).decode()}\n" for key_id in key_ids)


def test_a_sealed_value_comes_back_through_the_stored_key() -> None:
    keyring = a_keyring()
    key, stored = keyring.new_key("referral-1")
    blob = key.seal("child", CHILD)
    assert b"Child" not in blob
    assert keyring.unwrap("referral-1", stored).open("child", blob) == CHILD


def test_the_same_value_sealed_twice_looks_different() -> None:
    key, _ = a_keyring().new_key("referral-1")
    assert key.seal("child", CHILD) != key.seal("child", CHILD)


def test_a_value_moved_to_another_part_does_not_open() -> None:
    key, _ = a_keyring().new_key("referral-1")
    with pytest.raises(SealBroken):
        key.open("notes", key.seal("child", CHILD))


def test_a_value_moved_to_another_referral_does_not_open_even_with_its_key_moved_along() -> None:
    keyring = a_keyring()
    key, stored = keyring.new_key("referral-1")
    other, _ = keyring.new_key("referral-2")
    with pytest.raises(SealBroken):
        other.open("child", key.seal("child", CHILD))
    with pytest.raises(SealBroken):
        keyring.unwrap("referral-2", stored)


@pytest.mark.parametrize("position", [0, 5, 20, -1])
def test_a_changed_bit_is_noticed(position: int) -> None:
    key, _ = a_keyring().new_key("referral-1")
    blob = bytearray(key.seal("child", CHILD))
    blob[position] ^= 1
    with pytest.raises(SealBroken):
        key.open("child", bytes(blob))


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x01" + b"0" * 12, b"plain text"])
def test_what_was_never_sealed_is_refused(blob: bytes) -> None:
    keyring = a_keyring()
    key, _ = keyring.new_key("referral-1")
    with pytest.raises(SealBroken):
        key.open("child", blob)
    with pytest.raises(SealBroken):
        keyring.open("unreadable", blob)


def test_after_rotation_old_keys_still_open_and_rewrapping_frees_the_old_master_key() -> None:
    key, stored = a_keyring("k1").new_key("referral-1")
    blob = key.seal("child", CHILD)
    rotated = a_keyring("k1", "k2")
    assert rotated.unwrap("referral-1", stored).open("child", blob) == CHILD

    moved = rotated.rewrap("referral-1", stored)
    assert (stored.key_id, moved.key_id) == ("k1", "k2")
    only_new = Keyring({"k2": bytes([2]) * 32}, INDEX_KEY)
    assert only_new.unwrap("referral-1", moved).open("child", blob) == CHILD
    with pytest.raises(KeyringError, match="k1"):
        only_new.unwrap("referral-1", stored)


def test_bytes_without_a_referral_are_sealed_under_a_master_key_and_survive_rotation() -> None:
    blob = a_keyring("k1").seal("unreadable", b"not json")
    assert b"not json" not in blob
    assert a_keyring("k1", "k2").open("unreadable", blob) == b"not json"
    with pytest.raises(SealBroken):
        a_keyring("k1").open("other", blob)


def test_a_blind_index_ignores_case_accents_and_spaces() -> None:
    index = a_keyring().blind_index
    assert index("child", "Zoë  Test", "2017-03-14") == index("child", " zoe test ", "2017-03-14")
    assert index("child", "Straße") == index("child", "STRASSE")


def test_a_blind_index_differs_by_value_by_purpose_by_boundary_and_by_key() -> None:
    index = a_keyring().blind_index
    other = Keyring({"k1": bytes(32)}, b"x" * 32).blind_index
    seen = {
        index("child", "test", "child"),
        index("child", "testc", "hild"),
        index("child", "test child"),
        index("contact", "test", "child"),
        other("child", "test", "child"),
    }
    assert len(seen) == 5


def test_a_blind_index_is_what_it_was_before() -> None:
    """What is stored is found by it: another way to make it must make the same."""
    key = HKDF(SHA256(), 32, salt=None, info=b"waypost blind index: child").derive(b"x" * 32)
    index = Keyring({"k1": bytes(32)}, b"x" * 32).blind_index
    expected = hmac.new(key, b"4:test5:child", "sha256").hexdigest()
    assert [index("child", "Test", "Child"), index("child", "test", " child")] == [expected, expected]


def test_a_blind_index_survives_rotation() -> None:
    assert a_keyring("k1").blind_index("child", "x") == a_keyring("k1", "k2").blind_index("child", "x")


def test_the_last_line_is_the_newest_key() -> None:
    assert Keyring.from_text("# ours\n\n" + key_lines("index", "k1", "k2"), "keys").newest == "k2"


def test_keys_can_come_from_the_environment() -> None:
    assert Keyring.from_environment({"WAYPOST_MASTER_KEYS": key_lines("index", "k1")}).newest == "k1"
    with pytest.raises(KeyringError, match="WAYPOST_MASTER_KEYS is not set"):
        Keyring.from_environment({})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no line 'index"),
        (key_lines("k1"), "has no line 'index"),
        (key_lines("index"), "no master key"),
        (key_lines("index", "k1", "k1"), "line 3: the key id k1 is there twice"),
        (key_lines("index") + "k1 c2hvcnQ=", "line 2: the key has 5 bytes where 32 are needed"),
        (key_lines("index") + "k1 sécret!", "line 2: what follows the key id is not base64"),
        (key_lines("index") + "topsecretkeywithoutid", "line 2: write '<key id>"),
    ],
)
def test_an_unusable_key_file_says_what_is_wrong_and_never_the_key(text: str, says: str) -> None:
    with pytest.raises(KeyringError, match=says) as raised:
        Keyring.from_text(text, "keys")
    for secret in ("c2hvcnQ", "sécret", "topsecret", base64.b64encode(b"k1".ljust(32, b".")).decode()):
        assert secret not in str(raised.value)


def test_nothing_about_a_key_shows_in_its_representation() -> None:
    keyring = a_keyring()
    key, _ = keyring.new_key("referral-1")
    assert "x01" not in repr(keyring) + repr(key) + str(vars(keyring)["_ciphers"])
