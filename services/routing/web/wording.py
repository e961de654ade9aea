"""What the agency's pages say of days and actors: pure."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from shared.web import formats

SYSTEM_KEY = "An agency’s program"
WAYPOST = "Waypost"
_BY_PERSON = "key:p:"


class Due(NamedTuple):
    """When something is due, in words, with the class of a tag where it presses."""

    text: str
    tag: str


def due_words(due: date, today: date) -> Due:
    """`by 24 November`, `today`, `2 days late`; the year where it is another."""
    days = (today - due).days
    if days > 0:
        return Due(f"{formats.plural(days, 'day')} late", "late")
    if days == 0:
        return Due("today", "due")
    return Due(f"by {due.day} {due:%B}" + ("" if due.year == today.year else f" {due.year}"), "")


def ages_words(count: int, ages: list[int]) -> str:
    """`2 children, aged 9 and 6`; `1 child` where no age is known."""
    if not count:
        return ""
    children = formats.plural(count, "child", "children")
    return f"{children}, aged {formats.joined([str(age) for age in ages])}" if len(ages) == count else children


def actor_words(actor: str, names: Mapping[str, str]) -> str:
    """Who made a move: the person by name (`names` by id), else the agency's program, else Waypost."""
    if actor.startswith(_BY_PERSON):
        return names.get(actor.removeprefix(_BY_PERSON), "Somebody who has left")
    return SYSTEM_KEY if actor.startswith("key:") else WAYPOST
