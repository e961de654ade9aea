"""How long a referral is kept after the last thing that happened to it, from the directory's file `retention.yaml`. Pure.

Each period is a number of months by the calendar, or of days. A state without a period is kept until somebody erases it.
"""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

NEVER_AGREED = "awaiting-consent"
ENDED = ("awaiting-consent", "not-eligible", "closed", "withdrawn", "entered-in-error")


@dataclass(frozen=True)
class Period:
    """So many months, or so many days."""

    months: int = 0
    days: int = 0

    def before(self, now: datetime) -> datetime:
        """The moment that lies this period before `now`; the 31st becomes a shorter month's last day."""
        month = now.year * 12 + now.month - 1 - self.months
        year, month = divmod(month, 12)
        day = min(now.day, calendar.monthrange(year, month + 1)[1])
        return now.replace(year=year, month=month + 1, day=day) - timedelta(days=self.days)

    def __str__(self) -> str:
        return f"{self.months} months" if self.months else f"{self.days} days"


Periods = Mapping[str, Period]


class _Period(Schema):
    months = fields.Integer(strict=True, validate=validate.Range(min=1, max=1200))
    days = fields.Integer(strict=True, validate=validate.Range(min=1, max=36500))

    @validates_schema
    def _one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        if len(data) != 1:
            raise ValidationError("is not one period. Give it either months or days.")


class RetentionEntry(Schema):
    """The file `retention.yaml`."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    periods = fields.Dict(
        keys=fields.String(validate=validate.OneOf(ENDED, error="is no state that a referral ends in: {choices}.")),
        values=fields.Nested(_Period),
        required=True,
    )
    verified_on = fields.Date(allow_none=True, required=True)


def periods_of(entry: Mapping[str, Any]) -> Periods:
    """The periods of a loaded entry."""
    return {state: Period(**period) for state, period in entry["periods"].items()}
