"""What agencies could see, out of what the services told: the past that counts, and each agency's part of it. Pure."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.operations.trace_entry import Parts, fact_of, told_by
from services.operations.trace_sight import FAMILY, PARTS, Agreement, Ended, Moved, Past, at, periods

ENDS = {
    "referral.withdrawn": "referral-withdrawn",
    "referral.closed": "referral-closed",
    "referral.entered-in-error": "referral-entered-in-error",
    "referral.erased": "erased",
    "referral.reopened": None,
}
"""Events of referrals by which a look is refused from then on, with the code that it is refused with."""
_AGREED = {"consent.given": "given", "consent.withdrawn": "withdrawn", "consent.expired": "expired"}
_SUBMITTED = "referral.submitted"


def sight(parts: Parts, moment: datetime, now: datetime) -> list[dict[str, Any]]:
    """For each agency that was asked, was agreed to or looked: what it could see at a moment, and every change of it.

    Empty where routing does not answer: without its tasks nothing can be said.
    """
    if "routing" not in parts:
        return []
    past, names = past_of(parts), parts["routing"]["agencies"]
    found = []
    for agency in _agencies(past, parts):
        every = periods(past, agency, now)
        then = at(every, moment)
        looked = [
            each for each in told_by(parts, "referrals", "looks") if _showed(each, agency) and each["at"] <= moment
        ]
        found.append(
            {
                **asdict(then),
                "name": names.get(agency, agency),
                "parts": PARTS.get(past.kind, ()) if then.level == FAMILY else (),
                "looks": len(looked),
                "last_look": looked[-1]["at"] if looked else None,
                "last_parts": (looked[-1]["parts"] or ()) if looked else (),
                "periods": [asdict(each) for each in every],
            }
        )
    return found


def past_of(parts: Parts) -> Past:
    """Agreements, ends and tasks with their times."""
    own = parts["referrals"]
    facts = [(event["written_at"], fact_of(event["type"])) for event in own["events"]]
    agreements = [
        Agreement(each["at"], each["kind"], frozenset(each["scope"]), each["runs_out_at"]) for each in own["agreements"]
    ]
    if own["erased"]:
        # The records are gone. Nobody is asked without an agreement, so what was asked says what was agreed to.
        agreements = [
            Agreement(when, _AGREED.get(fact, "given"), None) for when, fact in facts if _tells_agreement(fact)
        ]
    moves = [
        Moved(each["at"], each["task_id"], each["agency"], each["next"], each["reason"])
        for each in told_by(parts, "routing", "moves")
    ]
    return Past(own["kind"], agreements, [Ended(when, ENDS[fact]) for when, fact in facts if fact in ENDS], moves)


def _tells_agreement(fact: str) -> bool:
    return fact in _AGREED or fact == _SUBMITTED


def _agencies(past: Past, parts: Parts) -> list[str]:
    """In the order in which each first came into it."""
    agreed = [(each.at, agency) for each in past.agreements for agency in sorted(each.scope or ())]
    asked = [(each.at, each.agency) for each in past.moves]
    looked = [(each["at"], each["agency"]) for each in told_by(parts, "referrals", "looks") if each["agency"]]
    return list(dict.fromkeys(agency for _, agency in sorted([*agreed, *asked, *looked])))


def _showed(look: Any, agency: str) -> bool:
    return bool(look["agency"] == agency and look["outcome"] == "shown")
