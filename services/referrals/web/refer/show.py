"""How the pages of the form are shown: what every one of them needs, and what only some do."""

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from services.referrals.web.refer.drafts import Draft
from services.referrals.web.refer.fields import Typed
from services.referrals.web.refer.journey import Journey
from services.referrals.web.refer.place_field import PlaceField, is_imported, search, shown
from services.referrals.web.refer.sending import Sent
from services.referrals.web.refer.step import Step
from services.referrals.web.refer.summary import parts
from services.referrals.web.refer.told import answers, child_name
from shared.directory.agency import Directory
from shared.http.problems import FieldError
from shared.http.request import Request
from shared.web.forms import Form, Sheet, wrong_of
from shared.web.pages import Pages
from shared.working_days import add_working_days

SEVERAL = "several"
"""Not something wrong: there are several places of that name, to choose from."""


def question(
    pages: Pages, request: Request, journey: Journey, step: Step, errors: list[FieldError], form: Form | None = None
) -> Response:
    """A page of the form: as it was answered before, or, with `form`, as it was typed just now."""
    view = journey.view
    typed: Typed = form.typed() if form else {k: v for each in step.fields for k, v in each.typed(view).items()}
    wrong = wrong_of([error for error in errors if error.code != SEVERAL], pages.catalogue)
    values: dict[str, Any] = {
        "sheet": Sheet(typed, wrong),
        "step": step,
        "child_number": None if step.child is None else step.child + 1,
        "child": "" if step.child is None else child_name(view, step.child),
        "place": _place(step, form, view) if step.fields and isinstance(step.fields[0], PlaceField) else None,
    }
    if step.name == "answer":
        values["answers"] = answers(view, pages.catalogue.word)
    if step.name == "borough":
        values["boroughs"] = boroughs(view.known.directory)
    return show(
        pages, request, journey, f"refer/{step.name}.html", 422 if wrong else 200, back=journey.back(step), **values
    )


def check(pages: Pages, request: Request, journey: Journey) -> Response:
    """The list of answers."""
    word = pages.catalogue.word
    about: dict[str, Any] = {
        "parts": parts(journey, word),
        "agencies": [agency.name for agency in journey.view.agencies],
    }
    return show(pages, request, journey, "refer/check.html", back=journey.back(None), **about)


def not_yet(pages: Pages, request: Request, journey: Journey, asked: Step, listed: list[dict[str, Any]]) -> Response:
    """What to do while the family has not agreed; `asked` is the page that asked it."""
    services = {each["id"]: each for each in listed}
    about: dict[str, Any] = {
        "agencies": [services[agency] for agency in journey.view.chosen],
        "back": f"/refer/{asked.path}",
    }
    return show(pages, request, journey, "refer/not-yet.html", **about)


def save(pages: Pages, request: Request, journey: Journey, draft: Draft, link: str) -> Response:
    """The address to come back to."""
    about: dict[str, Any] = {"link": link, "expires": draft.expires_at, "back": journey.next_path}
    return show(pages, request, journey, "refer/save.html", **about)


def sent(pages: Pages, request: Request, told: Sent, directory: Directory) -> Response:
    """The reference, and what happens next and when."""
    agencies = [directory.agency(agency) for agency in told.agencies]
    days = {
        agency.id: {
            "acknowledge": add_working_days(pages.today, agency.acknowledge_days),
            "first_contact": add_working_days(pages.today, agency.first_contact_days),
        }
        for agency in agencies
    }
    spelled = ", ".join("\u00a0".join(group) for group in told.reference.split("-"))
    return pages.show(request, "refer/sent.html", sent=told, agencies=agencies, days=days, spelled=spelled)


def show(pages: Pages, request: Request, journey: Journey, template: str, status: int = 200, **values: Any) -> Response:
    """A page beside the questions; all of them know the form."""
    view = journey.view
    known = view.known
    more: Mapping[str, Any] = {
        "view": view,
        "family": view.family,
        "quick": view.family or view.at("/referrer/type") is None,
        "agency_names": {agency: known.entry_name(agency) for agency in view.possible},
        "signposts": known.directory.signposts,
    }
    return pages.show(request, template, status, **{**more, **values})


def boroughs(directory: Directory) -> list[tuple[str, str]]:
    """Code and name of the boroughs about which an agency of the directory gives advice."""
    advising = [
        agency.listing for agency in directory.agencies if agency.listing["criteria"]["consultation"] is not None
    ]
    found = {area["code"]: area["name"] for listing in advising for area in listing["service_areas"] if area["code"]}
    return list(found.items())


def _place(step: Step, form: Form | None, view: Any) -> dict[str, Any]:
    """What the page of a school or a surgery needs: whether names can be looked for, and what was found."""
    (field,) = step.fields
    assert isinstance(field, PlaceField)
    text = form.text(field.pointer) if form else ""
    return {
        "field": field.pointer,
        "kind": field.kind,
        "by_name": is_imported(field.kind, view.known),
        "found": [(entry.code, shown(entry)) for entry in search(field.kind, text, view.known)] if text else [],
    }
