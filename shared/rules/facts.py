"""What the rules may know about a referral: codes, districts, ages in years and months. Never who somebody is.

None always means "not known". A place says what it was known by, or why it is not known. Facts that could not be of
this kind (a postcode where a district belongs, a name where an id belongs) are refused with ValueError.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

KINDS = ("family-support", "consultation")
REFERRER_TYPES = ("school", "gp", "professional", "family")
RELATIONSHIPS = ("parent", "carer", "sibling", "other")
STAGES = ("awaiting-sentence", "remand", "sentenced", "released")
BASES = ("postcode", "urn", "ods", "code", "not-given", "no-district", "not-found")

PLACE_CODE = re.compile(r"[EWSNLM]\d{8}|gias:\d{3}")
_CHILD_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]{0,79}")


@dataclass(frozen=True, slots=True)
class Interval:
    """Whole numbers from `low` to `high`, both included."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("An interval's low end is above its high end.")


@dataclass(frozen=True, slots=True)
class Place:
    """An ONS district (`E09000021`), or `gias:936` for a school authority of several districts; None is unknown.

    `basis` is what it was known by (`postcode`, `urn`, `ods`) or why it is not (`not-given`, `no-district`,
    `not-found`).
    """

    code: str | None
    basis: str

    def __post_init__(self) -> None:
        if self.basis not in BASES or (self.code is not None and not PLACE_CODE.fullmatch(self.code)):
            raise ValueError("A place is the code of a district or school authority, with one of the known bases.")


NOT_GIVEN = Place(None, "not-given")


@dataclass(frozen=True, slots=True)
class ChildFacts:
    """One referred child: an opaque id, the age in whole years, where school and practice are."""

    id: str
    age: int | None
    school: Place = NOT_GIVEN
    practice: Place = NOT_GIVEN

    def __post_init__(self) -> None:
        if not _CHILD_ID.fullmatch(self.id):
            raise ValueError("A child's id is up to 80 letters, digits and . : _ -")


@dataclass(frozen=True, slots=True)
class Facts:
    """One referral. `family-support` has at least one child; `consultation` has a borough and no child."""

    kind: str
    referrer_type: str | None
    relationship: str | None = None
    stage: str | None = None
    months_since_release: Interval | None = None
    home: Place = NOT_GIVEN
    borough: Place = NOT_GIVEN
    children: tuple[ChildFacts, ...] = ()

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("kind", self.kind, KINDS),
            ("referrer_type", self.referrer_type, REFERRER_TYPES),
            ("relationship", self.relationship, RELATIONSHIPS),
            ("stage", self.stage, STAGES),
        ):
            if value not in allowed and not (value is None and name != "kind"):
                raise ValueError(f"{name} is one of {', '.join(allowed)}.")
        if bool(self.children) != (self.kind == "family-support"):
            raise ValueError("Family support is for at least one child; a consultation names none.")


Value = str | int | Interval | None
Seen = tuple[Value, str]
"""A fact as a rule sees it: its value, and what it was known by (`given` for all but places)."""


def _given(value: Value) -> Seen:
    return value, "not-given" if value is None else "given"


FAMILY_FACTS: Mapping[str, Callable[[Facts], Seen]] = {
    "kind": lambda facts: _given(facts.kind),
    "referrer_type": lambda facts: _given(facts.referrer_type),
    "relationship": lambda facts: _given(facts.relationship),
    "stage": lambda facts: _given(facts.stage),
    "months_since_release": lambda facts: _given(facts.months_since_release),
    "home": lambda facts: (facts.home.code, facts.home.basis),
    "borough": lambda facts: (facts.borough.code, facts.borough.basis),
}
CHILD_FACTS: Mapping[str, Callable[[ChildFacts], Seen]] = {
    "age": lambda child: _given(child.age),
    "school": lambda child: (child.school.code, child.school.basis),
    "practice": lambda child: (child.practice.code, child.practice.basis),
}
ANY_CHILD = "any_child."
"""Before a child's fact, in rules for the family: it holds when it holds for any one of the children."""

NUMBERS = ("age", "months_since_release")
WORDS: Mapping[str, tuple[str, ...]] = {
    "kind": KINDS,
    "referrer_type": REFERRER_TYPES,
    "relationship": RELATIONSHIPS,
    "stage": STAGES,
}
