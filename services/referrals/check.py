"""The anonymous question: which agencies could take a family like this, why, and what is missing. Nothing is stored.

The same facts and the same rules as for a referral; what was not given is not known, and the answer says where it
matters.
"""

from typing import Any

from services.referrals import forms, receipts
from services.referrals.facts import facts_of_check
from services.referrals.known import Known
from shared.clock import Clock, london_date
from shared.rules import facts_of


def check(raw: Any, known: Known, clock: Clock) -> dict[str, Any]:
    """Every agency's answer with its receipt; raises a 422 problem with all errors."""
    now = clock.now()
    body = forms.ELIGIBILITY_CHECK.read(raw, known, now)
    facts = facts_of(facts_of_check(body, london_date(now), known))
    decisions = known.directory.assess(facts, london_date(now), known.releases())
    outcomes = [
        {
            "agency": decision.agency,
            "outcome": decision.outcome,
            "children": dict(decision.children),
            "missing": [fact.replace("_", "-") for fact in decision.missing],
            "receipt": decision.receipt.to_json(),
        }
        for decision in decisions
    ]
    return {
        "directory_version": known.directory.version,
        "agencies": receipts.shown(outcomes, {}, known),
        "signposts": [
            {"id": entry.id, "name": entry.name, "telephone": entry.telephone, "website": entry.website}
            for entry in known.directory.signposts
        ],
    }
