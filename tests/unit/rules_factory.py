"""Small families to hold against the rules: one child of nine, a parent in prison, every place known and far away."""

from dataclasses import replace
from datetime import date
from typing import Any

from shared.directory import AgencyDecision, Directory, load_directory
from shared.rules import NOT_GIVEN, ChildFacts, Facts, Place

KINGSTON, RICHMOND, HULL, HALTON = "E09000021", "E09000027", "E06000010", "E06000006"
LIVERPOOL, WIRRAL, LEEDS = "E08000012", "E08000015", "E08000035"
SURREY_SCHOOL = "gias:936"
ELMBRIDGE = "E07000207"

DIRECTORY = load_directory()
RECEIVED = date(2026, 11, 21)
RELEASES = {"postcodes": "2026-08"}


def home(code: str | None) -> Place:
    return Place(code, "postcode" if code else "no-district")


def school(code: str | None) -> Place:
    return Place(code, "urn") if code else NOT_GIVEN


def practice(code: str | None) -> Place:
    return Place(code, "ods") if code else NOT_GIVEN


def a_child(
    name: str = "child-1", age: int | None = 9, school_in: str | None = LEEDS, gp_in: str | None = LEEDS
) -> ChildFacts:
    return ChildFacts(name, age, school(school_in), practice(gp_in))


def a_family(*children: ChildFacts, lives_in: str | None = LEEDS, **facts: Any) -> Facts:
    base = Facts(
        kind="family-support",
        referrer_type="school",
        relationship="parent",
        stage="sentenced",
        home=home(lives_in),
        children=children or (a_child(),),
    )
    return replace(base, **facts)


def a_consultation(borough: str, referrer_type: str = "professional") -> Facts:
    return Facts(kind="consultation", referrer_type=referrer_type, borough=Place(borough, "postcode"))


def decisions(facts: Facts, directory: Directory = DIRECTORY) -> dict[str, AgencyDecision]:
    return {decision.agency: decision for decision in directory.assess(facts, RECEIVED, RELEASES)}


def outcomes(facts: Facts, directory: Directory = DIRECTORY) -> dict[str, str]:
    return {agency: decision.outcome for agency, decision in decisions(facts, directory).items()}
