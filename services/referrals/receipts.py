"""Receipts as the referrer sees them: with the agency's name, and with the day on which a child reaches an age.

Receipts speak of ages; only this service knows dates of birth, and adds "will be 5 on 3 December" when it shows one.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.referrals.known import Known
from shared.rules.times import birthday

Json = dict[str, Any]


def shown(outcomes: list[Json], births: Mapping[str, date], known: Known) -> list[Json]:
    """The outcomes of `eligibility.assessed`, for people. `births` is the date of birth by child id; may be empty."""
    return [
        {
            "agency": item["agency"],
            "name": known.entry_name(item["agency"]),
            "outcome": item["outcome"],
            "children": item["children"],
            "missing": item["missing"],
            "receipt": item["receipt"] | {"would_change": _dated(item["receipt"], births)},
        }
        for item in outcomes
    ]


def _dated(receipt: Json, births: Mapping[str, date]) -> list[Json]:
    received_on = date.fromisoformat(receipt["received_on"])
    return [_with_date(change, births, received_on) for change in receipt.get("would_change", [])]


def _with_date(change: Json, births: Mapping[str, date], received_on: date) -> Json:
    born = births.get(change.get("child") or "")
    if change["code"] != "will-reach-age" or born is None:
        return change
    day = birthday(born, change["age"])
    return change | {"on": day.isoformat(), "text": f"will be {change['age']} on {_spoken(day, received_on)}"}


def _spoken(day: date, now: date) -> str:
    """3 December; with the year where it is not this one."""
    return f"{day.day} {day:%B}" + ("" if day.year == now.year else f" {day.year}")
