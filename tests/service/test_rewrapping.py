"""A master key is rotated while services run: all that it sealed is put under the new one, and the old one can go."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary

from services.catalogue import service_class
from services.referrals.data_protection import KEPT
from shared.privacy import keyring as keyrings
from shared.privacy.desk import PrivacyDesk
from shared.privacy.keyfile import KeyringError, add_key, remove_key
from shared.privacy.keyring import Keyring
from shared.privacy.rewrapping import rewrap, waiting
from shared.settings import SERVICES
from tests.support.deciding import PAIRS, pair_in
from tests.support.referring import ReferralsDesk, a_referral

UNDER_THE_SUBJECTS_KEY = {
    ("referrals", "details"),
    ("children", "sealed"),
    ("consents", "sealed"),
    ("holds", "reason"),
    ("holds", "released_for"),
    ("tasks", "worker"),
    ("moves", "note"),
}
NOT_SEALED = {("outbox", "body"), ("referrals", "tracking_hash"), ("drafts", "secret_hash")}


@pytest.fixture(params=PAIRS)
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ReferralsDesk]:
    monkeypatch.setattr(keyrings, "RELOAD_SECONDS", 0.0)
    folder = tmp_path_factory.mktemp("rewrapping")
    made = ReferralsDesk(pair_in(request, folder), folder)
    yield made
    made.close()


def key_file(desk: ReferralsDesk) -> Path:
    return desk.runtime.resources.settings.master_key_file


def test_everything_is_put_under_the_new_key_and_the_old_one_can_go(desk: ReferralsDesk) -> None:
    store, body = desk.runtime.store, a_referral()
    first = desk.post("/v1/referrals", body, once="the-same")
    for _ in range(3):
        desk.refer()
    desk.inbox.take([b"not an event"])

    assert add_key(key_file(desk)) == "k2"
    assert waiting(store, KEPT.sealed) == {"k1": 4 + 1 + 1, "unknown": 0}
    later = desk.refer()
    assert desk.rows("referral_keys", referral_id=later)[0]["key_id"] == "k2"

    assert rewrap(store, KEPT.sealed) == 6
    assert waiting(store, KEPT.sealed) == {"k1": 0, "unknown": 0}
    assert rewrap(store, KEPT.sealed) == 0
    remove_key(key_file(desk), "k1")
    assert waiting(store, KEPT.sealed) == {"unknown": 0}
    assert desk.get(first["id"])["referral"]["notes"] == body["notes"]
    assert desk.post("/v1/referrals", body, once="the-same")["id"] == first["id"]
    (failure,) = desk.rows("failures")
    assert desk.inbox.failures.body_of(failure["event_id"], failure["body"]) == b"not an event"


def test_batches_do_all_and_what_was_changed_meanwhile_is_left_alone(
    desk: ReferralsDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.privacy.rewrapping.BATCH", 2)
    for number in range(5):
        desk.post("/v1/referrals", a_referral(), once=f"key-{number}")
    add_key(key_file(desk))

    assert rewrap(desk.runtime.store, KEPT.sealed) == 10
    assert {row["key_id"] for row in desk.rows("referral_keys")} == {"k2"}


def test_a_key_taken_away_too_early_is_counted_as_unknown(desk: ReferralsDesk) -> None:
    desk.refer()
    add_key(key_file(desk))
    remove_key(key_file(desk), "k1")

    assert waiting(desk.runtime.store, KEPT.sealed) == {"unknown": 1}
    with pytest.raises(KeyringError):
        rewrap(desk.runtime.store, KEPT.sealed)


def test_a_keyring_meets_a_key_that_another_process_has_seen_before_it(tmp_path: Path) -> None:
    from shared.privacy.keyfile import create_key_file

    path = tmp_path / "master"
    create_key_file(path)
    slow = Keyring.from_file(path)
    add_key(path)
    sealed = Keyring.from_file(path).seal("a part", b"a value")

    assert slow.open("a part", sealed) == b"a value"


def test_a_key_file_that_cannot_be_used_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from shared.privacy.keyfile import create_key_file

    monkeypatch.setattr(keyrings, "RELOAD_SECONDS", 0.0)
    path, other = tmp_path / "master", tmp_path / "other"
    create_key_file(path)
    create_key_file(other)
    keyring = Keyring.from_file(path)
    sealed = keyring.seal("a part", b"a value")
    for spoiled in (b"k1 not-a-key\n", other.read_bytes()):
        path.write_bytes(spoiled)
        assert keyring.newest == "k1"
        assert keyring.open("a part", sealed) == b"a value"


@pytest.mark.parametrize("name", SERVICES)
def test_every_sealed_column_is_known(name: str) -> None:
    service = service_class(name)
    kept = next(each._kept for each in vars_of(service) if isinstance(each, PrivacyDesk))
    known = {(place.table.name, place.column) for place in kept.sealed} | UNDER_THE_SUBJECTS_KEY | NOT_SEALED
    sealed = {
        (table.name, column.name)
        for table in service.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }

    assert sealed - known == set()


def vars_of(service: type) -> list[object]:
    return [value for each in service.__mro__ for value in vars(each).values()]
