"""What a family says reaches the agencies that have it in hand, and a person where nobody has been in touch; on both pairs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.routing.tables import moves
from shared.contracts.envelope import EventSchema
from shared.contracts.referrals import ContactChanged, ReferralNotContacted
from shared.contracts.routing import TaskAlerted
from tests.support.office import AGENCY, Office
from tests.support.pairs import Pair


@pytest.fixture
def office(stores: Pair, tmp_path: Path) -> Iterator[Office]:
    office = Office(stores, tmp_path)
    yield office
    office.part.close()


def says(office: Office, schema: type[EventSchema], on: datetime) -> None:
    """The family, through referrals."""
    data = {"reference": office.family.reference, "by": "family"}
    body = office.family._event(schema, data)
    office.part.take(body.replace(b"2026-11-20T10:00:00", on.strftime("%Y-%m-%dT%H:%M:%S").encode()))


def alerts(office: Office, audience: str | None = AGENCY) -> list[str]:
    told = office.part.told(office.family.id, audience)
    return [event.data["what"] for event in told if event.type == TaskAlerted.type()]


def late(office: Office) -> list[tuple[str, bool]]:
    items: list[dict[str, Any]] = office.late()["items"]
    return [(item["what"], item["escalated"]) for item in items]


AFTER, LATER = datetime(2026, 12, 5, 9, tzinfo=UTC), datetime(2026, 12, 20, 9, tzinfo=UTC)


def test_that_nobody_was_in_touch_is_told_to_the_agency_and_shown_to_operations(office: Office) -> None:
    task_id = office.request()
    office.put(task_id, state="accepted")

    says(office, ReferralNotContacted, AFTER)

    assert alerts(office) == alerts(office, None) == ["not-contacted"]
    assert (late(office), office.late()["escalated"]) == ([("not-contacted", True)], 1)


def test_it_is_settled_when_the_agency_moves_and_stands_anew_when_it_is_said_again(office: Office) -> None:
    task_id = office.request()
    office.put(task_id, state="accepted")
    says(office, ReferralNotContacted, AFTER)
    with office.store.writing() as transaction:
        moved = {"action": "note", "role": "agency", "actor": "worker", "state": "accepted", "next": "accepted"}
        at = datetime(2026, 12, 6, 9, tzinfo=UTC)
        transaction.insert(moves, task_id=task_id, at=at, reason=None, note=None, **moved)
    assert late(office) == []

    says(office, ReferralNotContacted, LATER)

    assert late(office) == [("not-contacted", True)]
    assert alerts(office) == ["not-contacted", "not-contacted"]


@pytest.mark.parametrize("state", ["rejected", "on-hold", "completed", "cancelled"])
def test_an_agency_that_owes_the_family_no_word_is_not_asked_for_one(office: Office, state: str) -> None:
    office.put(office.request(), state=state)
    says(office, ReferralNotContacted, AFTER)
    assert (alerts(office), late(office)) == ([], [])


def test_a_first_contact_that_is_not_due_yet_is_not_asked_for(office: Office) -> None:
    office.put(office.request(), state="accepted")
    says(office, ReferralNotContacted, datetime(2026, 12, 4, 9, tzinfo=UTC))
    assert (alerts(office), late(office)) == ([], [])


@pytest.mark.parametrize(("state", "told"), [("requested", []), ("accepted", ["details-changed"]), ("on-hold", [])])
def test_details_that_were_put_right_are_told_to_whoever_works_with_the_family(
    office: Office, state: str, told: list[str]
) -> None:
    office.put(office.request(), state=state)
    office.part.take(office.family.amended(consent=[AGENCY]))
    assert alerts(office) == told


def test_another_way_to_reach_the_family_is_told_to_whoever_has_it_in_hand(office: Office) -> None:
    task_id = office.request()
    for state in ("on-hold", "rejected"):
        office.put(task_id, state=state)
        says(office, ContactChanged, AFTER)
    assert alerts(office) == ["contact-changed"]
    assert late(office) == []
