"""The journey through the form: a question is asked only while its answer could change something, by the rules alone."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from services.referrals.known import Known
from services.referrals.web.refer.document import begun
from services.referrals.web.refer.journey import Journey
from services.referrals.web.refer.judging import journey_of
from services.referrals.web.refer.steps import family_steps
from shared.directory import load_directory
from shared.directory.reader import PACKAGED
from shared.places.places import Places
from tests.service.places_factory import SOME_POSTCODES, folder_of
from tests.support.parts import SteppedClock

LEEDS = "E08000035"
FACTS = ("who", "home", "ages", "relative", "stage")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    known = {**SOME_POSTCODES, "L1 8JQ": "E08000012", "LS1 1UR": LEEDS}
    return Places.open(folder_of(tmp_path_factory.mktemp("places"), known))


@pytest.fixture
def known(places: Places) -> Known:
    return knowing(places, PACKAGED)


def knowing(places: Places, folder: Path) -> Known:
    resources: Any = SimpleNamespace(directory=load_directory(folder), places=places)
    return Known(resources)


def a_form(home: str, *ages: int, seen: tuple[str, ...] = FACTS, **about: Any) -> dict[str, Any]:
    """A school's form on which the first questions are answered, for a parent who was sentenced."""
    return begun("family-support") | {
        "referrer": {"type": "school"},
        "home": {"postcode": home},
        "children": [{"age": age} for age in ages],
        "relative": {"relationship": "parent", "stage": "sentenced"},
        "form": {"seen": [*seen]},
        **about,
    }


def journey(document: dict[str, Any], known: Known) -> Journey:
    return journey_of(document, known, SteppedClock())


def paths(walk: Journey) -> list[str]:
    return [step.path for step in walk.asked]


def test_every_address_is_neutral_and_no_two_pages_share_one_at_a_time() -> None:
    steps = [step.path for step in family_steps(2)]
    assert [path for path in steps if steps.count(path) > 1] == ["views", "views"]
    assert not [path for path in steps if "prison" in path or "release" in path]


def test_who_can_be_helped_by_home_is_asked_for_neither_school_nor_surgery(known: Known) -> None:
    walk = journey(a_form("KT1 1AA", 9, 6), known)
    assert walk.next_path == "/refer/answer"
    assert paths(walk)[:7] == [*FACTS, "answer", "agreement"]
    assert walk.view.possible == ["families-apart"]
    # What is not asked may be told.
    assert walk.find("school-2") is not None
    assert walk.find("school-3") is None


def test_elsewhere_school_and_surgery_are_asked_child_by_child_until_the_answer_is_certain(known: Known) -> None:
    form = a_form("SM1 1AA", 9, 6)
    assert journey(form, known).next_path == "/refer/school-1"
    for child in form["children"]:
        child |= {"school": {"postcode": "SM1 1AB"}, "seen": ["school"]}
    assert journey(form, known).next_path == "/refer/surgery-1"
    form["children"][0] |= {"gp": {"postcode": "KT1 1AB"}, "seen": ["school", "surgery"]}
    walk = journey(form, known)
    assert walk.next_path == "/refer/answer"
    assert "surgery-2" not in paths(walk)


def test_who_does_not_know_is_not_asked_again_and_may_go_on(known: Known) -> None:
    form = a_form("SM1 1AA", 9)
    form["children"][0]["seen"] = ["school", "surgery"]
    walk = journey(form, known)
    assert walk.next_path == "/refer/answer"
    assert walk.view.possible == ["families-apart", "time-matters"]
    form["form"]["seen"].append("answer")
    assert journey(form, known).next_path == "/refer/services"


def test_what_no_answer_can_change_is_not_asked_and_no_name_is(known: Known) -> None:
    form = a_form("SM1 1AA", 9, relative={"relationship": "parent", "stage": "released", "released_on": "2026-01"})
    form["form"]["seen"].append("when")
    walk = journey(form, known)
    assert walk.view.hopeless
    assert paths(walk) == [*FACTS, "when", "answer"]
    assert walk.next_path == "/refer/answer"
    assert walk.ending == "/refer/answer"


def test_a_third_agency_is_one_file_and_the_form_asks_what_it_needs(places: Places, tmp_path: Path) -> None:
    for path in PACKAGED.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    third = (PACKAGED / "families-apart.yaml").read_text()
    third = third.replace("id: families-apart", "id: third").replace("E09000021", LEEDS)
    third = third.replace("fact: any_child.school", "fact: any_child.practice")
    (tmp_path / "third.yaml").write_text(third)
    known = knowing(places, tmp_path)
    helped = journey(a_form("LS1 1UR", 9), known)
    assert helped.next_path == "/refer/answer"
    assert helped.view.possible == ["third"]
    assert [agency.id for agency in helped.view.agencies] == ["third"]
    assert journey(a_form("LS1 1UR", 9), knowing(places, PACKAGED)).next_path == "/refer/school-1"


def test_agreement_is_asked_again_when_it_was_to_other_words_or_for_others(known: Known) -> None:
    form = a_form("KT1 1AA", 9, seen=(*FACTS, "answer", "agreement"))
    form["form"] |= {"agreed": "yes", "agreed_as": "school"}
    form["consent"] = {"agencies": ["families-apart"], "wording_version": "2026-11"}
    assert journey(form, known).next_path == "/refer/agreed"
    for changed in ({"agencies": ["time-matters"]}, {"wording_version": "2025-01"}):
        other = form | {"consent": form["consent"] | changed}
        assert journey(other, known).next_path == "/refer/agreement"
    assert journey(form | {"referrer": {"type": "gp"}}, known).next_path == "/refer/agreement"


def test_back_goes_page_by_page_and_from_a_changed_answer_to_the_list(known: Known) -> None:
    walk = journey(a_form("KT1 1AA", 9), known)
    assert [walk.back(step) for step in walk.asked[:3]] == ["/", "/refer/who", "/refer/home"]
    whole = a_form("KT1 1AA", 9, seen=tuple({step.name for step in family_steps(1)}))
    whole["children"][0] |= {
        "first_name": "Test",
        "last_name": "Child",
        "date_of_birth": "2017-03-14",
        "told": "yes",
        "seen": ["child", "told"],
    }
    whole["form"] |= {"agreed": "yes", "agreed_as": "school"}
    whole["consent"] = {
        "agencies": ["families-apart"],
        "wording_version": "2026-11",
        "given_by": "young-person",
        "name": "Test Parent",
        "method": "verbal",
        "given_at": "2026-11-19T12:00:00Z",
        "child_view": "agrees",
    }
    whole["family_contact"] = {"safe_contact": {"through_referrer_only": True}}
    whole["referrer"] |= {"name": "Test", "role": "Test", "organisation": "Test", "email": "t@example.org"}
    walk = journey(whole, known)
    assert walk.next is None
    assert walk.next_path == "/refer/check"
    assert {walk.back(step) for step in walk.asked} == {"/refer/check"}
    assert walk.back(None) == "/refer/you"
    del whole["referrer"]["email"]
    led_back = journey(whole, known)
    assert led_back.next_path == "/refer/you"
    (wrong,) = led_back.errors_of(led_back.next or led_back.asked[0])
    assert (wrong.pointer, wrong.code) == ("/referrer/email", "needs-a-way-to-reach")
