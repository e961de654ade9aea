"""The list of answers before the form is sent: all that was answered, part by part, and where each can be changed."""

from dataclasses import dataclass

from services.referrals.web.refer.fields import Field, Word
from services.referrals.web.refer.journey import Journey
from services.referrals.web.refer.step import Step
from services.referrals.web.refer.told import child_name
from services.referrals.web.refer.view import View

_NOT_LISTED = ("ages",)
"""Told before the dates of birth, which say it better."""


@dataclass(frozen=True)
class Row:
    """One answer, and the address where it can be changed."""

    key: str
    value: str
    change: str
    about: str


@dataclass(frozen=True)
class Part:
    """A part of the list of answers."""

    title: str
    rows: list[Row]


def parts(journey: Journey, word: Word) -> list[Part]:
    """Every answer that is sent, in the order in which it was asked for."""
    view = journey.view
    found: dict[str, list[Row]] = {}
    for step in journey.asked:
        for field in step.fields:
            if step.name not in _NOT_LISTED:
                found.setdefault(_part_of(step, view, word), []).append(_row(step, field, view, word))
    for number, _ in enumerate(view.children):
        _offer_places(journey, number, found, word)
    return [Part(title, rows) for title, rows in found.items()]


def _row(step: Step, field: Field, view: View, word: Word) -> Row:
    section = "refer-rows-family" if view.family else "refer-rows"
    code = pattern_of(field.pointer)
    try:
        key = word(section, code)
    except KeyError:
        key = word("refer-rows", code)
    whose = f" of {child_name(view, step.child)}" if step.child is not None else ""
    return Row(key, field.told(view, word), f"/refer/{step.path}", f"{key.lower()}{whose}")


def pattern_of(pointer: str) -> str:
    """`/children/*/told` for `/children/0/told`."""
    return "/".join("*" if part.isdigit() else part for part in pointer.split("/"))


def _part_of(step: Step, view: View, word: Word) -> str:
    if step.child is not None:
        return word("refer-parts", "child") + (f" {step.child + 1}" if len(view.children) > 1 else "")
    return word("refer-parts", step.name)


def _offer_places(journey: Journey, number: int, found: dict[str, list[Row]], word: Word) -> None:
    """School and surgery may be told though they were not asked for: who helps may want to come there."""
    for name in ("school", "surgery"):
        step = journey.find(f"{name}-{number + 1}")
        if step is not None and step not in journey.asked:
            found[_part_of(step, journey.view, word)].append(_row(step, step.fields[0], journey.view, word))
