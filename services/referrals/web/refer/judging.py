"""A form's document held against the API's own checks and the agencies' own rules: neither is written a second time."""

from collections.abc import Mapping
from typing import Any

from services.referrals import forms
from services.referrals.check import check
from services.referrals.known import Known
from services.referrals.web.refer.document import Document, check_of, referral_of
from services.referrals.web.refer.journey import Journey, unasked
from services.referrals.web.refer.view import View
from shared.clock import Clock, london_date
from shared.http.problems import FieldError, Problem


def journey_of(document: Document, known: Known, clock: Clock) -> Journey:
    """Where the document is on its way: who can help as far as is known, and all that the API would say of it."""
    now = clock.now()
    errors: list[FieldError] = []
    outcomes: tuple[Mapping[str, Any], ...] = ()
    try:
        outcomes = tuple(check(check_of(document, london_date(now)), known, clock)["agencies"])
    except Problem as problem:
        errors += problem.errors
    view = View(document, outcomes, known, now)
    try:
        forms.NEW_REFERRAL.read(referral_of(document, unasked(view)), known, now)
    except Problem as problem:
        errors += problem.errors
    return Journey(view, errors)
