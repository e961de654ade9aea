"""Whether an agency can take a referral: facts in, three-valued rules over them, a receipt out.

Everything here is pure: no clock, no files, no network, the standard library alone. The rules themselves are data (see
`shared.directory`); this package knows no agency.
"""

from shared.rules.facts import NOT_GIVEN, ChildFacts, Facts, Interval, Place
from shared.rules.receipt import ELIGIBLE, INELIGIBLE, NEEDS_INFORMATION, OUTCOMES, REVIEW, Receipt
from shared.rules.thin import facts_of
from shared.rules.times import age_on, birthday, months_since

__all__ = [
    "ELIGIBLE",
    "INELIGIBLE",
    "NEEDS_INFORMATION",
    "NOT_GIVEN",
    "OUTCOMES",
    "REVIEW",
    "ChildFacts",
    "Facts",
    "Interval",
    "Place",
    "Receipt",
    "age_on",
    "birthday",
    "facts_of",
    "months_since",
]
