"""Bodies, read whole: what the fields say and what the checks say, in one answer with every error that was found."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError

from services.referrals import checks, schemas
from services.referrals.known import Known
from shared.contracts.quick import loader
from shared.http import problems
from shared.http.fields import field_errors
from shared.http.problems import FieldError

Check = Callable[[Any, Known, datetime], Iterator[FieldError]]


class Form:
    """A schema, and the checks of what it lets through."""

    def __init__(self, schema: Schema, check: Check) -> None:
        self._load = loader(schema)
        self._check = check

    def read(self, raw: Any, known: Known, now: datetime) -> dict[str, Any]:
        """The body, loaded; raises a 422 problem with all errors."""
        told: list[FieldError] = []
        try:
            body = self._load(raw)
        except ValidationError as error:
            told = field_errors(error)
            body = _let_through(raw, error.valid_data)
        found = list(self._check(body, known, now))
        if told or found:
            pointers = {error.pointer for error in told}
            told += [error for error in found if not _said(error, pointers)]
            raise problems.invalid(sorted(set(told), key=lambda each: (each.pointer, each.code)))
        loaded: dict[str, Any] = body
        return loaded


def _let_through(raw: Any, valid: Any) -> Any:
    """What marshmallow let through, without lists that lost items: their places would point at the wrong ones."""
    if isinstance(raw, dict):
        valid = valid if isinstance(valid, dict) else {}
        return {name: _let_through(raw[name], value) for name, value in valid.items() if name in raw}
    if isinstance(raw, list):
        if not isinstance(valid, list) or len(valid) != len(raw):
            return []
        return [_let_through(*pair) for pair in zip(raw, valid, strict=True)]
    return valid


def _said(error: FieldError, pointers: set[str]) -> bool:
    """Whether a field's own error has said it: what could not be read is not missing."""
    if error.code == "required" and any(pointer.startswith(f"{error.pointer}/") for pointer in pointers):
        return True
    if error.code == "nothing-given" and pointers:
        return True
    about = [error.pointer, *(f"{error.pointer}/{name}" for name in checks.ONE_OF.get(error.code, ()))]
    return any(pointer in pointers for pointer in about)


NEW_REFERRAL = Form(schemas.NewReferral(), checks.new_referral)
AMENDMENT = Form(schemas.Amendment(), checks.amendment)
CONSENT_CHANGE = Form(schemas.ConsentChange(), checks.consent_change)
WITHDRAWAL = Form(schemas.Withdrawal(), checks.nothing)
REOPENING = Form(schemas.Reopening(), checks.nothing)
ENTERED_IN_ERROR = Form(schemas.EnteredInError(), checks.nothing)
CONTACT_CHANGE = Form(schemas.ContactChange(), checks.contact_change)
NOT_CONTACTED = Form(schemas.NotContacted(), checks.nothing)
ACCESS_CODE = Form(schemas.AccessCode(), checks.nothing)
ACCESS = Form(schemas.Access(), checks.nothing)
ELIGIBILITY_CHECK = Form(schemas.EligibilityCheck(), checks.eligibility_check)
