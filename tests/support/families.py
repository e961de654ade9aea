"""Bodies of made-up referrals for `POST /v1/referrals`, and the words in them that must never leave the referrals service.

Ages and release dates are counted from today, since the system under test has the machine's clock.
"""

from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.service.places_factory import epraccur_csv, gias_csv

KINGSTON, SURREY, RICHMOND, LIVERPOOL, HALTON, HULL = "KT1 1AA", "KT10 9RL", "TW10 6AA", "L1 8JQ", "WA8 6NB", "HU1 1AA"
KINGSTON_SCHOOL, KINGSTON_PRACTICE = "900001", "H99001"
SCHOOLS = gias_csv({"URN": KINGSTON_SCHOOL, "LA (code)": "314", "Postcode": SURREY})
"""A Kingston school, as GIAS says, whose building stands in Surrey: only its URN makes it one."""
PRACTICES = epraccur_csv({1: KINGSTON_PRACTICE, 10: KINGSTON})
PERSONAL = [
    "Test Child",
    "Test Parent",
    "Test Teacher",
    "Test School",
    "01632 960",
    *(
        spelling
        for code in (KINGSTON, SURREY, RICHMOND, LIVERPOOL, HALTON, HULL)
        for spelling in (code, code.replace(" ", ""))
    ),
    "Kingston",
    "Merseyside",
    "Made-up note",
    "telling-the-children",
    "prison",
    "sentence",
]
"""What could tell who a family is, where it lives or what it needs."""

Json = dict[str, Any]

_numbers = count(1)


def registers(folder: Path) -> list[Path]:
    """The files of schools and practices, in `folder`, for `waypost places import`."""
    schools, practices = folder / "edubasealldata20261101.csv", folder / "epraccur.csv"
    schools.write_text(SCHOOLS, encoding="cp1252")
    practices.write_text(PRACTICES)
    return [schools, practices]


def today() -> date:
    return datetime.now(ZoneInfo("Europe/London")).date()


def born(age: int, birthday_in: int = 100) -> str:
    """The date of birth of a child who is `age` and will be a year older in so many days."""
    birthday = today() + timedelta(days=birthday_in)
    if (birthday.month, birthday.day) == (2, 29):
        birthday += timedelta(days=1)
    return birthday.replace(year=birthday.year - age - 1).isoformat()


def child(age: int = 9, *, birthday_in: int = 100, **places: Json | None) -> Json:
    """Another child each time, so that nobody is taken for a duplicate; `school` and `gp` where they are told."""
    return {
        "first_name": f"Test Child {next(_numbers)}",
        "last_name": f"Test Child of {age}",
        "date_of_birth": born(age, birthday_in),
        "told": "partly",
        **places,
    }


def consent(*agencies: str) -> Json:
    return {
        "given_by": "parent-or-carer",
        "name": "Test Parent",
        "method": "verbal",
        "given_at": "2026-11-01T10:00:00Z",
        "wording_version": "2026-11",
        "agencies": list(agencies),
        "child_view": "agrees",
    }


def family(*, home: str = KINGSTON, **changes: Any) -> Json:
    """A school refers a child of nine whose parent is sentenced; consent covers both agencies."""
    usual = {
        "kind": "family-support",
        "referrer": {
            "type": "school",
            "name": "Test Teacher",
            "role": "Test Role",
            "organisation": "Test School",
            "email": "referrer@example.org",
        },
        "children": [child()],
        "relative": {"relationship": "parent", "stage": "sentenced"},
        "home": {"postcode": home},
        "family_contact": {
            "name": "Test Parent",
            "relationship": "mother",
            "telephone": "01632 960001",
            "safe_contact": {"telephone": {"safe": True, "message": False, "text": False, "name_organisation": False}},
        },
        "needs": ["telling-the-children"],
        "notes": "Made-up note.",
        "consent": consent("families-apart", "time-matters"),
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def consultation() -> Json:
    """A professional in Kingston asks for advice; there is no family in it."""
    return {
        "kind": "consultation",
        "referrer": family()["referrer"] | {"type": "professional"},
        "borough": {"code": "E09000021"},
        "question": "Made-up note: how do we begin?",
    }
