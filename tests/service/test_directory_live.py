"""The directory while all runs: a draft is tried over past facts, a second person publishes it, and one step leads back."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import eventlet
import orjson
import pytest

from services.operations import directory, directory_kept, directory_reading, directory_trials
from services.operations.desks import Desks
from services.operations.directory_spread import spread, told
from services.operations.service import OperationsService
from services.referrals.service import ReferralsService
from shared.directory import load_directory
from shared.directory.desk import LiveDirectory
from shared.directory.reader import files_of
from shared.http.management import Management
from shared.http.problems import Problem
from tests.support.deciding import PAIRS, pair_in
from tests.support.pairs import Pair
from tests.support.parts import runtime_for
from tests.support.people_service import House, Running, running
from tests.support.referring import ReferralsDesk

WITHIN = 20
ANNE, BOB = "key:p:anne", "key:p:bob"
NAME = "families-apart.yaml"
KINGSTON_HOMES, RICHMOND_HOMES = "in: [E09000021]", "in: [E09000027]"


class Office:
    """Operations without nameko, and referrals as it runs, with two families of Kingston."""

    def __init__(self, pair: Pair, folder: Path, referrals: Running) -> None:
        self.pair, self.folder, self.referrals = pair, folder, referrals
        self.operations = House(pair, folder, OperationsService)
        self.store = self.operations.store
        address = referrals.container.shared_extensions[Management].address
        settings = self.store.resources.settings
        ports = {**settings.management_ports, "referrals": int(address.rpartition(":")[2])}
        self.desks = Desks(replace(settings, management_ports=ports), "internal-key-of-a-test")

    def upload(self, old: str, new: str, actor: str = ANNE) -> str:
        """A draft in which one file says something else."""
        text = files_of()[NAME]
        assert old in text
        return directory.upload(self.store, {NAME: text.replace(old, new)}, False, "", actor)

    def tried(self, draft_id: str) -> dict[str, Any]:
        directory_trials.begin(self.store, self.desks, draft_id, ANNE)
        deadline = time.monotonic() + WITHIN
        while (draft := directory_reading.show_draft(self.store, draft_id))["trial"]["state"] != "done":
            assert time.monotonic() < deadline, draft["trial"]
            eventlet.sleep(0.02)
        return draft

    def changes(self, draft_id: str) -> list[dict[str, Any]]:
        with self.store.reading() as connection:
            query = directory_kept.changes.select().where(directory_kept.changes.c.version_id == draft_id)
            return [dict(row) for row in connection.execute(query).mappings()]

    def at_referrals(self) -> tuple[int, str]:
        (found,) = [each for each in told(self.desks) if each["service"] == "referrals"]
        return found["number"], found["version"]


@pytest.fixture(params=PAIRS)
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    pair = pair_in(request, tmp_path)
    desk = ReferralsDesk(pair, tmp_path)
    desk.refer()
    desk.refer(children=[{"first_name": "Test", "last_name": "Twin", "date_of_birth": "2016-03-14", "told": "no"}])
    desk.runtime.store.database.close()
    with running(ReferralsService, pair, tmp_path) as referrals:
        office = Office(pair, tmp_path, referrals)
        yield office
        office.operations.close()


def refused(act: Callable[[], Any]) -> str:
    with pytest.raises(Problem) as caught:
        act()
    return caught.value.code


def test_a_draft_is_tried_published_by_somebody_else_and_taken_back(office: Office) -> None:
    before = load_directory().version
    draft_id = office.upload(KINGSTON_HOMES, RICHMOND_HOMES)
    assert refused(lambda: directory.publish(office.store, draft_id, ANNE)) == "second-person"
    assert refused(lambda: directory.publish(office.store, draft_id, BOB)) == "not-tried"

    draft = office.tried(draft_id)
    assert (draft["trial"]["looked"], draft["trial"]["counts"]) == (2, {"newly-out": 2})
    assert [(each["id"], each["change"], each["keys"]) for each in draft["changes"]] == [
        ("families-apart", "changed", ["criteria"])
    ]
    first = office.changes(draft_id)[0]
    (agency,) = first["agencies"]
    assert (agency["agency"], agency["was"], agency["becomes"]) == ("families-apart", "eligible", "needs-information")
    (reason,) = agency["because"]
    assert (reason["clause"], reason["was"], reason["becomes"]) == ("home-in-kingston", "true", "false")
    assert office.at_referrals() == (0, before), "a draft changes nothing"

    assert directory.publish(office.store, draft_id, BOB) == 2
    assert office.changes(draft_id) == [], "whom it concerns is kept no longer than it is needed"
    spread(office.store, office.desks)
    assert office.at_referrals() == (2, draft["version"])
    assert office.referrals.runtime.resources.directory.version == draft["version"]
    replica = runtime_for(office.pair, office.folder, "referrals", ReferralsService.metadata)
    assert replica.resources.directory.version == draft["version"], "a start goes by what was published"
    replica_live = LiveDirectory(replica.store)

    assert directory.back(office.store, 2, ANNE) == 3
    spread(office.store, office.desks)
    assert office.at_referrals() == (3, before)
    replica_live.look()
    assert (replica_live.number, replica.resources.directory.version) == (3, before)
    replica.store.database.close()
    acts = [row["action"] for row in office.operations.rows(office.operations.runtime.metadata.tables["audit"])]
    assert acts == [f"directory.{act}" for act in ("uploaded", "tried", "published", "back")]
    seen = directory_reading.overview(office.store)
    assert [(each["number"], each["action"]) for each in seen["publications"]] == [
        (3, "back"),
        (2, "publish"),
        (1, "folder"),
    ]


def test_what_cannot_be_used_or_is_outdated_is_refused_and_who_confirmed_an_entry_is_known(office: Office) -> None:
    with pytest.raises(Problem) as caught:
        office.upload("capacity: open", "capacity: full")
    (mistake,) = caught.value.errors
    assert mistake.detail == f"{NAME}: capacity: is not any of open, waiting-list, closed."
    assert refused(lambda: office.upload("capacity: open", "capacity: open")) == "invalid"

    confirmed = office.upload("verified_on: null", "verified_on: 2026-11-18")
    outdated = office.upload(KINGSTON_HOMES, RICHMOND_HOMES)
    assert office.tried(confirmed)["trial"]["counts"] == {}
    office.tried(outdated)
    directory.publish(office.store, confirmed, BOB)
    assert refused(lambda: directory.publish(office.store, outdated, BOB)) == "directory-changed"
    assert refused(lambda: directory.back(office.store, 1, ANNE)) == "directory-changed"
    entry = next(e for e in directory_reading.overview(office.store)["entries"] if e["id"] == "families-apart")
    assert (entry["verified_on"], entry["confirmed_by"]["uploaded_by"], entry["confirmed_by"]["actor"]) == (
        "2026-11-18",
        ANNE,
        BOB,
    )
    assert orjson.loads(orjson.dumps(directory_reading.overview(office.store)))["drafts"][0]["outdated"]
    directory.discard(office.store, outdated, ANNE)
    assert refused(lambda: directory_trials.begin(office.store, office.desks, outdated, ANNE)) == "not-a-draft"


def test_an_agency_that_is_left_out_is_asked_nothing_and_still_known(office: Office) -> None:
    draft_id = directory.upload(
        office.store, {name: text for name, text in files_of().items() if name != NAME}, True, "", ANNE
    )
    assert office.tried(draft_id)["trial"]["counts"] == {"newly-out": 2}
    directory.publish(office.store, draft_id, BOB)
    spread(office.store, office.desks)
    live = office.referrals.runtime.resources.directory
    assert [agency.id for agency in live.agencies] == ["time-matters"]
    assert live.agency("families-apart").name == "Families Apart"
