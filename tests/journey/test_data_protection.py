"""What is held of a family is shown to it whole, and gone when it is erased, whoever looks with whatever key."""

import json
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from services.catalogue import service_class
from shared.privacy.desk import PrivacyDesk
from shared.privacy.keyring import Keyring
from shared.privacy.rewrapping import Sealed
from shared.privacy.sealed import VERSION, SealBroken, bound_to, unseal
from shared.settings import SERVICES
from tests.support.callers import World
from tests.support.families import child, family
from tests.support.system import System, wait_until


def words_of(tag: str) -> dict[str, str]:
    """What is said of one family and of nobody else."""
    said = {
        "first_name": "Zebedee",
        "last_name": "Quillfeather",
        "note": "Gwynfryn likes marbles",
        "parent": "Ottoline Quillfeather",
        "referrer": "Peregrine Testteacher",
        "worker": "Worker Undertree",
        "written": "Rang on Thursday about the marbles",
    }
    return {name: f"{text} {tag}" for name, text in said.items()} | {"email": f"peregrine.{tag.lower()}@example.org"}


BIRTH = "2017-02-11"
WRAPPED_BYTES = 1 + 12 + 32 + 16


@pytest.fixture(scope="module")
def officer(world: World) -> dict[str, str]:
    """The environment of somebody who may protect data, as their command line has it."""
    scopes = ("--scope", "data-protection", "--scope", "operations:read")
    return {"WAYPOST_KEY": world.system.waypost("keys", "create", "operations", "officer", *scopes).strip()}


def referred(world: World, words: dict[str, str]) -> tuple[str, str, str]:
    """A family of which nobody else has the words: id, reference and tracking address; an agency has written about it."""
    usual = family()
    body = family(
        children=[child() | {name: words[name] for name in ("first_name", "last_name")} | {"date_of_birth": BIRTH}],
        notes=words["note"],
        referrer=usual["referrer"] | {"name": words["referrer"], "email": words["email"]},
        family_contact=usual["family_contact"] | {"name": words["parent"], "telephone": "01632 960977"},
    )
    answer = world.referrer.post(body, idempotency_key=f"key-{time.monotonic_ns()}").json()
    task_id = world.families_apart.wait_for(answer["id"], "referral.routed")["task_id"]
    acts(world, task_id, "note", note=words["written"])
    acts(world, task_id, "assign", worker=words["worker"])
    assert world.families_apart.read(f"{world.system.routing_url}/v1/tasks/{task_id}/referral").status_code == 200
    world.wait_until_quiet()
    return answer["id"], answer["reference"], answer["tracking_url"]


def acts(world: World, task_id: str, action: str, **said: Any) -> None:
    headers = world.system.headers("routing", "families-apart") | {"Idempotency-Key": f"{action}-{task_id}"}
    answer = requests.post(
        f"{world.system.routing_url}/v1/tasks/{task_id}/{action}", json=said, headers=headers, timeout=20
    )
    assert answer.status_code == 200, answer.text


def test_an_export_holds_what_every_service_holds_and_is_a_look(
    world: World, officer: dict[str, str], tmp_path: Path
) -> None:
    words = words_of("Alder")
    referral_id, reference, tracking = referred(world, words)

    world.system.waypost("subject-access", "export", reference, "--to", str(tmp_path), env=officer)

    found = json.loads((tmp_path / f"{reference}.json").read_text())
    page = (tmp_path / f"{reference}.html").read_text()
    assert set(found["held"]) == {"referrals", "eligibility", "routing", "notifications"}
    for secret in (*words.values(), BIRTH, "KT1 1AA", "01632 960977"):
        assert secret in json.dumps(found, ensure_ascii=False), secret
        assert secret in page, secret
    assert tracking.rpartition("/")[2] not in page
    held = found["held"]
    assert [each["source"] for each in held["routing"]["tasks"]] == ["families-apart"]
    assert {each["template"] for each in held["notifications"]["messages"]} >= {"received", "routed", "task-new"}
    assert [each["kind"] for each in held["referrals"]["agreements"]] == ["given"]
    assert [each["purpose"] for each in held["referrals"]["looks"]][-1] == "subject-access"
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    rows = world.system.rows("referrals", f"SELECT action FROM audit WHERE subject = '{referral_id}'")
    assert [row.action for row in rows] == ["subject-access.export"]


def test_whoever_may_only_see_queues_may_neither_read_nor_erase_a_family(world: World) -> None:
    headers = world.system.headers("operations", "test-operations")
    for path in ("erasures", "subject-access", "holds"):
        answer = requests.post(
            f"{world.system.operations_url}/v1/{path}",
            json={"reference": "x", "reason": "other"},
            headers=headers,
            timeout=20,
        )
        assert answer.status_code == 403, path


def test_of_an_erased_family_nothing_can_be_found_or_decrypted(world: World, officer: dict[str, str]) -> None:
    system, words = world.system, words_of("Birch")
    referral_id, reference, tracking = referred(world, words)
    secrets = [*words.values(), tracking.rpartition("/")[2], index_of(system, words)]
    before = whole(system, "referrals")
    assert keys_of(system, before, referral_id), "the search must find the key while it is there"
    assert index_of(system, words).encode() in before

    told = system.waypost("erase", reference, "--reason", "asked-by-family", "--yes", env=officer)

    assert "families-apart" in told
    world.families_apart.wait_for(referral_id, "task.recalled")
    world.wait_until_quiet()
    tasks = [row.id for row in system.rows("routing", f"SELECT id FROM tasks WHERE referral_id = '{referral_id}'")]
    for name in SERVICES:
        # What an event has erased lies in SQLite's log for some seconds more.
        wait_until(partial(holds_no_key, system, name, referral_id, *tasks), f"{name} to hold no key", seconds=60)
        held = whole(system, name)
        assert [secret for secret in secrets if secret.encode() in held] == [], name
        for value in opened(system, name):
            assert [secret for secret in secrets if secret.encode() in value] == [], name
    assert world.referrer.ask(f"/{referral_id}").status_code == 410
    assert [item["type"] for item in world.referrer.timeline(referral_id)].count("erased") == 1
    assert requests.get(tracking, timeout=20).status_code == 404
    assert "was erased before" in system.waypost("erase", reference, "--reason", "other", "--yes", env=officer)


def test_the_master_key_is_rotated_while_services_run(world: World, officer: dict[str, str]) -> None:
    system, words = world.system, words_of("Cedar")
    referral_id, _, _ = referred(world, words)
    env = {**officer, "WAYPOST_MASTER_KEY_FILE": str(system.settings.master_key_file)}
    old, *_ = Keyring.from_file(system.settings.master_key_file).ids[-1:]

    newest = system.waypost("keys", "rotate-master", env=env).split()[0]
    os.utime(system.settings.master_key_file, (0, 0))

    wait_until(lambda: rewrapped(system, env, newest), "everything to stand under the newest key", seconds=40)
    assert f"{old} is retired" in system.waypost("keys", "retire-master", old, env=env)
    assert world.referrer.one(referral_id)["referral"]["notes"] == words["note"]
    later = world.referrer.refer(family())
    world.families_apart.wait_for(later, "referral.routed")


def rewrapped(system: System, env: dict[str, str], newest: str) -> bool:
    """Whether every service knows the newest key, and has nothing left under an older one."""
    lines = [line for line in system.waypost("keys", "master", env=env).splitlines() if "│" in line]
    return len(lines) == len(SERVICES) and all(newest in line and "nothing" in line for line in lines)


def whole(system: System, service: str) -> bytes:
    """All that a service's database holds: SQLite's files as they lie there, or every value of every table."""
    if system.settings.database.startswith("sqlite"):
        return b"".join(path.read_bytes() for path in sorted(system.data.glob(f"{service}.sqlite3*")))
    values = []
    for table in service_class(service).metadata.tables:
        for row in system.rows(service, f"SELECT * FROM {table}"):
            values += [bytes(each) if isinstance(each, memoryview | bytes) else str(each).encode() for each in row]
    return b"\n".join(values)


def holds_no_key(system: System, service: str, *subjects: str) -> bool:
    return not keys_of(system, whole(system, service), *subjects)


def keys_of(system: System, held: bytes, *subjects: str) -> list[str]:
    """The subjects whose own key lies somewhere in these bytes, wrapped by a master key: every place is tried."""
    ciphers = list(Keyring.from_file(system.settings.master_key_file)._ciphers.values())
    found, start = [], held.find(VERSION)
    while start != -1:
        blob = held[start : start + WRAPPED_BYTES]
        for subject in subjects:
            for cipher in ciphers:
                try:
                    unseal(cipher, bound_to(subject, "key"), blob)
                except SealBroken:
                    continue
                found.append(subject)
        start = held.find(VERSION, start + 1)
    return found


def opened(system: System, service: str) -> Iterator[bytes]:
    """Every value that the master key itself seals, opened."""
    keyring = Keyring.from_file(system.settings.master_key_file)
    kept = next(
        value._kept
        for each in service_class(service).__mro__
        for value in vars(each).values()
        if isinstance(value, PrivacyDesk)
    )
    for place in kept.sealed:
        if isinstance(place, Sealed):
            for row in system.rows(service, f"SELECT * FROM {place.table.name}"):
                if row._mapping[place.column] is not None:
                    yield keyring.open(place.part(row), bytes(row._mapping[place.column]))


def index_of(system: System, words: dict[str, str]) -> str:
    """By which the child would be found again."""
    keyring = Keyring.from_file(system.settings.master_key_file)
    return keyring.blind_index("child", words["first_name"], words["last_name"], BIRTH)


def test_what_is_held_is_neither_removed_nor_erased(world: World, officer: dict[str, str]) -> None:
    system, reference = world.system, world.referrer.post(family()).json()["reference"]

    assert "closed             kept for 24 months" in system.waypost("retention", "preview", env=officer)
    assert "0 removed" in system.waypost("retention", "run", env=officer)
    system.waypost("retention", "hold", reference, "--reason", "a complaint", env=officer)
    assert f"held: {reference}" in system.waypost("retention", "report", env=officer)
    with pytest.raises(AssertionError, match="The referral is held"):
        system.waypost("erase", reference, "--reason", "other", "--yes", env=officer)
    system.waypost("retention", "release", reference, "--reason", "it is settled", env=officer)
    assert "is erased" in system.waypost("erase", reference, "--reason", "other", "--yes", env=officer)
