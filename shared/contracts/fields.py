"""The only kinds of field that an event may have: ids, codes, times, counts, districts, links and receipts.

None of them can hold a sentence that somebody typed. That is how events stay thin: a name does not fit into any field, and
a test refuses every event that uses another kind.
"""

from typing import Any

from marshmallow import fields, validate

CODE = r"^[a-z0-9]+(?:[-.:][A-Za-z0-9]+)*$"
ID = r"^[A-Za-z0-9][A-Za-z0-9.:_-]{0,79}$"
PLACE = r"^(?:[EWSNLM]\d{8}|gias:\d{3})$"
REFERENCE = r"^[346789BCDFGHJKMNPQRTWXY]{3}(?:-[346789BCDFGHJKMNPQRTWXY]{3}){2}$"
MONTH = r"^\d{4}-(?:0[1-9]|1[0-2])$"


class _Pattern(fields.String):
    pattern = ""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=validate.Regexp(self.pattern, error="invalid"), **options)


class Id(_Pattern):
    """An identifier that a machine made."""

    pattern = ID


class Code(_Pattern):
    """A word of a fixed vocabulary: lower case, dashes."""

    pattern = CODE


class PlaceCode(_Pattern):
    """An ONS district (`E09000021`), or `gias:936` for a school authority of several districts."""

    pattern = PLACE


class Reference(_Pattern):
    """A referral's reference, as people say it."""

    pattern = REFERENCE


class Month(_Pattern):
    """A month, `2026-08`."""

    pattern = MONTH


class Moment(fields.AwareDateTime):
    """A moment with its zone, ISO 8601."""


class Day(fields.Date):
    """A London date. Never a date of birth: ages travel in years."""


class Count(fields.Integer):
    """A whole number: an age in years, a number of months, a position."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(min=0, max=10_000), **options)


class Flag(fields.Boolean):
    """Yes or no."""


class Link(_Pattern):
    """An address of ours that holds only ids."""

    pattern = r"^https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._-]+)*/?$"


class Release(_Pattern):
    """A data set's release, `NSPL_NOV_2021` or `2026.1.1`."""

    pattern = r"^[A-Za-z0-9][A-Za-z0-9 ._:+-]{0,79}$"


class Receipt(fields.Dict):
    """A decision's receipt: codes, districts, ages, and sentences of the agency directory, which is public."""
