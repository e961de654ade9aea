"""A system that is put back to a backup goes on: what was in it is there once, what came after is said to be lost."""

import random
from collections import defaultdict
from pathlib import Path

import pytest

from shared.settings import SERVICES
from tests.support.callers import Agency, Referrer, by_feed
from tests.support.families import family
from tests.support.ledger import Ledger, compare, table_of
from tests.support.pairs import scale_pair
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ
from tests.support.system import EVERYTHING, System, default_system, scale_system, wait_until

pytestmark = pytest.mark.timeout(300)

BEFORE, AFTER = 15, 6
AGENCIES = ("families-apart", "time-matters")


def referred(ledger: Ledger, system: System, count: int) -> None:
    ledger.post(count)
    ledger.wait()
    wait_until(system.is_quiet, "all queues to be empty", seconds=60)


def one_id_for_each(agencies: list[Agency]) -> bool:
    """Whether of each referral one agency was asked by one event, however often it was told."""
    ids = defaultdict(set)
    for agency in agencies:
        for event in agency.heard:
            if event["type"].endswith("referral.routed.v1"):
                ids[agency.id, event["subject"]].add(event["id"])
    return all(len(each) == 1 for each in ids.values())


def assert_goes_on(system: System, ledger: Ledger, agencies: list[Agency]) -> None:
    """The first BEFORE referrals are there once, everywhere; the others are lost, and can be made again."""
    everything, referrer = ledger.entries, Referrer(system)
    wait_until(system.is_quiet, "all queues to be empty", seconds=60)
    ledger.entries = everything[:BEFORE]
    findings = compare(ledger, referrer, system, {name: by_feed(system, name) for name in AGENCIES})
    # Messages to people cannot be taken back: those about what is lost are there, and nobody knows of them.
    wrong = [each for each in findings if not each.is_right and each.place != "e-mails"]
    assert wrong == [], table_of(findings)
    ledger.entries = everything
    whole = {each.place: each for each in compare(ledger, referrer, system, {})}
    assert whole["referrals: rows"].lost == AFTER

    later = referrer.refer(family())
    agencies[0].wait_for(later, "referral.routed")
    for agency in agencies:
        agency.listen()
    assert one_id_for_each(agencies)


def test_the_default_is_lost_and_put_back(tmp_path: Path, places: Path) -> None:
    with default_system(tmp_path, places) as system:
        ledger = Ledger(Referrer(system), seed=random.randrange(1_000_000))
        agencies = [by_feed(system, name) for name in AGENCIES]
        referred(ledger, system, BEFORE)
        system.waypost("backup", str(tmp_path / "backup"))
        referred(ledger, system, AFTER)
        for agency in agencies:
            agency.listen()
        assert "Waypost runs" in refused(system, "restore", str(tmp_path / "backup"), "--yes")
        system.kill("everything")
        for path in system.data.glob("*.sqlite3*"):
            path.unlink()

        told = system.waypost("restore", str(tmp_path / "backup"), "--yes")
        system.start()

        assert "there is no telling what it was" in told
        assert_goes_on(system, ledger, agencies)


def test_at_scale_a_backup_is_put_back_and_what_was_erased_since_stays_erased(
    tmp_path: Path, places: Path, postgres: Postgres, rabbitmq: RabbitMQ
) -> None:
    with scale_system(tmp_path, places, scale_pair(postgres, rabbitmq), EVERYTHING) as system:
        officer = system.waypost("keys", "create", "operations", "officer", "--scope", "data-protection").strip()
        referrer = Referrer(system)
        ledger = Ledger(referrer, seed=random.randrange(1_000_000))
        agencies = [by_feed(system, name) for name in AGENCIES]
        referred(ledger, system, BEFORE)
        erased = Referrer(system, "another-school").post(family()).json()
        agencies[0].wait_for(erased["id"], "referral.routed")
        wait_until(system.is_quiet, "all queues to be empty")
        system.waypost("backup", str(tmp_path / "backup"))
        reason = ("--reason", "asked-by-family", "--yes")
        system.waypost("erase", erased["reference"], *reason, env={"WAYPOST_KEY": officer})
        agencies[0].wait_for(erased["id"], "task.recalled")
        referred(ledger, system, AFTER)
        assert "still runs" in refused(system, "restore", str(tmp_path / "backup"), "--yes")
        lost = [item["reference"] for item in referrer.every()][:AFTER]
        system.stop()

        told = system.waypost("restore", str(tmp_path / "backup"), "--yes")
        system.start()

        assert "1 referrals that were erased since are erased again" in told
        assert all(reference in told for reference in lost)
        wait_until(system.is_quiet, "all queues to be empty", seconds=60)
        keys = f"SELECT count(*) FROM referral_keys WHERE referral_id = '{erased['id']}'"
        assert system.rows("referrals", keys)[0][0] == 0
        assert Referrer(system, "another-school").ask(f"/{erased['id']}").status_code == 410
        later = referrer.refer(family())
        agencies[0].wait_for(later, "referral.routed")
        assert {item["id"] for item in referrer.every()} == {
            *(next(iter(entry.ids)) for entry in ledger.entries[:BEFORE]),
            later,
        }
        assert one_id_for_each(agencies)


def test_a_backup_that_was_changed_or_has_another_key_is_refused(tmp_path: Path, places: Path) -> None:
    with default_system(tmp_path, places) as system:
        folder = tmp_path / "backup"
        system.waypost("backup", str(folder))
        assert "is not empty" in refused(system, "backup", str(folder))
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
        assert len(list(folder.iterdir())) == len(SERVICES) + 1
        system.stop()
        other = tmp_path / "another-key"
        other.write_text("index {0}\nk1 {0}\n".format("A" * 43 + "="))
        told = refused(system, "restore", str(folder), "--yes", WAYPOST_MASTER_KEY_FILE=str(other))
        assert "does not open this backup" in told
        with (folder / "routing.sqlite3").open("ab") as file:
            file.write(b"x")
        assert "routing is missing or was changed" in refused(system, "restore", str(folder), "--yes")
        system.start()


def refused(system: System, *words: str, **env: str) -> str:
    with pytest.raises(AssertionError) as failed:
        system.waypost(*words, env=env)
    return str(failed.value)
