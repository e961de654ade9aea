"""What agencies owe is asked for when it is due, told when it is late, shown when it stays late; weeks pass in a second."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import eventlet
import pytest

from services.routing.agency_tasks import show_task
from services.routing.clockwork import chase
from services.routing.tables import moves
from tests.support.office import AGENCY, Office
from tests.support.pairs import Pair


@pytest.fixture
def office(stores: Pair, tmp_path: Path) -> Iterator[Office]:
    office = Office(stores, tmp_path)
    yield office
    office.part.close()


def test_an_agency_that_never_answers_is_reminded_and_told_once_for_each_thing_that_it_owes(office: Office) -> None:
    office.request()
    heard = [
        ("Tue 24", "due", "acknowledge"),
        ("Wed 25", "overdue", "acknowledge"),
        ("Fri 27", "due", "decide"),
        ("Mon 30", "overdue", "decide"),
    ]
    assert office.walk(21) == heard
    assert office.said(AGENCY) == heard


def test_nothing_is_rejected_or_closed_by_the_clock(office: Office) -> None:
    task_id = office.request()
    office.walk(40)
    (task,) = office.part.rows("tasks", id=task_id)
    assert task["state"] == "requested"
    assert {move["action"] for move in office.part.rows("moves", task_id=task_id)} == {"request"}


def test_a_task_that_was_looked_at_is_seen_and_still_owes_an_answer(office: Office) -> None:
    task_id = office.request()
    show_task(office.store, AGENCY, task_id)
    assert office.walk(21) == [("Fri 27", "due", "decide"), ("Mon 30", "overdue", "decide")]
    (read,) = office.part.rows("task_reads")
    office.part.clock.forward(days=1)
    show_task(office.store, AGENCY, task_id)
    assert office.part.rows("task_reads") == [read], "the first look counts"


def test_any_move_of_the_agency_shows_that_it_has_seen_the_task(office: Office) -> None:
    task_id = office.request()
    with office.store.writing() as transaction:
        (row,) = office.part.rows("moves", task_id=task_id)
        row = {str(name): value for name, value in row.items() if name != "id"}
        transaction.insert(moves, **row | {"action": "note", "role": "agency", "next": "requested"})
    assert office.at(25) == 0


def test_an_accepted_task_owes_that_the_family_is_reached(office: Office) -> None:
    task_id = office.request()
    office.put(task_id, state="accepted")
    assert office.walk(21) == [("Fri 04", "due", "contact"), ("Mon 07", "overdue", "contact")]


def test_a_task_that_waits_or_is_dealt_with_owes_nothing(office: Office) -> None:
    families = {}
    for state in ("on-hold", "in-progress", "completed", "rejected", "failed"):
        office.put(office.request(), state=state)
        families[state] = office.family
    office.walk(21)
    said = {}
    for state, office.family in families.items():
        said[state] = office.said()
    assert said == {state: [] for state in families}


def test_a_recall_is_chased_until_it_is_acknowledged(office: Office) -> None:
    task_id = office.request()
    office.part.take(office.family.withdrawn())
    assert office.walk(5) == [("Mon 23", "due", "recall"), ("Tue 24", "overdue", "recall")]
    assert [(item["what"], item["escalated"]) for item in office.late()["items"]] == [("recall", False)]
    office.put(task_id, recall_acknowledged_at=office.part.clock.now())
    assert office.late() == {"overdue": 0, "escalated": 0, "items": []}
    assert office.at(27) == 0


def test_an_acknowledged_recall_is_not_chased(office: Office) -> None:
    task_id = office.request()
    office.part.take(office.family.withdrawn())
    office.put(task_id, recall_acknowledged_at=office.part.clock.now())
    assert office.walk(10) == []


def test_nobody_is_chased_at_night_or_on_a_day_off(office: Office) -> None:
    office.request()
    assert office.at(24, hour=7) == 0
    assert office.at(28) == 0, "a Saturday"
    assert office.at(24, hour=8) == 1


def test_after_days_of_standstill_no_reminder_comes_too_late(office: Office) -> None:
    office.request()
    office.at(1, month=12)
    assert office.said() == [("Tue 01", "overdue", "acknowledge"), ("Tue 01", "overdue", "decide")]


def test_what_stays_late_is_escalated_and_shown_until_the_agency_moves(office: Office) -> None:
    task_id = office.request()
    office.at(25)
    assert (office.late()["overdue"], office.late()["escalated"]) == (1, 0)
    office.at(26)
    (item,) = office.late()["items"]
    assert {name: str(item[name]) for name in ("task_id", "agency", "what", "due", "escalated", "reference")} == {
        "task_id": task_id,
        "agency": AGENCY,
        "what": "acknowledge",
        "due": "2026-11-24",
        "escalated": "True",
        "reference": office.family.reference,
    }
    office.put(task_id, state="rejected")
    assert office.late() == {"overdue": 0, "escalated": 0, "items": []}


def test_replicas_that_chase_at_once_tell_once(stores: Pair, tmp_path: Path) -> None:
    offices = [Office(stores, tmp_path), Office(stores, tmp_path), Office(stores, tmp_path)]
    families = []
    for _ in range(10):
        offices[0].request()
        families.append(offices[0].family)
    for office in offices:
        office.part.clock.moment = datetime(2026, 11, 24, 9, tzinfo=UTC)
    counts = [thread.wait() for thread in [eventlet.spawn(chase, office.store) for office in offices]]
    assert sum(counts) == 10
    for offices[0].family in families:
        assert offices[0].said() == [("Tue 24", "due", "acknowledge")]
    for office in offices:
        office.part.close()
