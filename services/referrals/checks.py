"""What no single field can tell: checks across fields, and against places, directory and today. All errors at once.

They run on what the fields let through, so parts may be missing. An error is a JSON pointer and a code; the sentences
are in `DETAILS`, and never hold what was sent.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from services.referrals.domain import OLDEST_AGE, released
from services.referrals.known import Known
from shared.clock import london_date
from shared.http.fields import REQUIRED
from shared.http.problems import FieldError
from shared.rules.times import age_on

Part = Mapping[str, Any]

CLOCKS_DIFFER = timedelta(minutes=5)

_NEEDED = {"family-support": ("children", "relative", "home"), "consultation": ("borough", "question")}
_FOREIGN = {
    "family-support": ("borough", "question"),
    "consultation": ("children", "relative", "home", "family_contact", "needs", "notes", "consent"),
}
_CHILD_PLACES = (("school", "urn", "needs-urn-or-postcode"), ("gp", "ods_code", "needs-ods-code-or-postcode"))

ONE_OF = {
    "needs-a-way-to-reach": ("email", "telephone"),
    "needs-code-or-postcode": ("code", "postcode"),
    "needs-given-or-withdrawn": ("given", "withdrawn"),
    "needs-ods-code-or-postcode": ("ods_code", "postcode"),
    "needs-urn-or-postcode": ("urn", "postcode"),
}
"""The codes that miss one of several fields."""

DETAILS = {
    "borough-does-not-exist": "Write a district's ONS code like E09000021.",
    "in-the-future": "This has not happened yet.",
    "in-the-past": "This day is over already.",
    "needs-a-way-to-reach": "Give an e-mail address or a telephone number.",
    "needs-code-or-postcode": "Give one of the two: the borough's code, or a postcode in it.",
    "needs-ods-code-or-postcode": "Give the practice's ODS code, its postcode, or both.",
    "needs-urn-or-postcode": "Give the school's URN, its postcode, or both.",
    "needs-given-or-withdrawn": "Give one of the two: given, or withdrawn.",
    "no-safe-way": "Give a telephone number, e-mail or address and call it safe, or set through_referrer_only.",
    "not-a-need": "Write the code of a need that the directory names.",
    "not-an-agency": "Write the id of an agency in the directory.",
    "not-for-family": "A consultation is asked by a school, a GP or a professional.",
    "not-a-child-of-this-referral": "Write the id of a child of this referral.",
    "not-for-this-kind": "Referrals of this kind do not have this.",
    "nothing-given": "Give at least one thing that is new.",
    "only-when-released": "A release date is for a relative who was released.",
    "over-25": "Referrals are for children and young people under 26.",
    "postcode-does-not-exist": "No postcode is written like this.",
    "required": REQUIRED,
}


def error(pointer: str, code: str) -> FieldError:
    return FieldError(pointer, code, DETAILS[code])


def new_referral(body: Part, known: Known, now: datetime) -> Iterator[FieldError]:
    """A referral of either kind, as received at `now`."""
    kind, referrer = body.get("kind", ""), body.get("referrer") or {}
    for name in _NEEDED.get(kind, ()):
        if name not in body:
            yield error(f"/{name}", "required")
    for name in _FOREIGN.get(kind, ()):
        if body.get(name) is not None:
            yield error(f"/{name}", "not-for-this-kind")
    yield from _referrer(referrer)
    if kind == "consultation" and referrer.get("type") == "family":
        yield error("/referrer/type", "not-for-family")
    yield from _listed(body.get("preferred_agencies"), "/preferred_agencies", known.agencies, "not-an-agency")
    yield from borough_errors(body.get("borough"), known)
    if kind != "consultation":
        yield from _family(body, referrer, known, now)


def _family(body: Part, referrer: Part, known: Known, now: datetime) -> Iterator[FieldError]:
    today = london_date(now)
    for number, child in enumerate(body.get("children") or []):
        yield from child_errors(child, f"/children/{number}", known, today)
    yield from relative_errors(body.get("relative") or {}, today)
    yield from postcode_errors(body.get("home") or {}, "/home", known)
    contact = body.get("family_contact")
    if contact is not None:
        yield from contact_errors(contact, "/family_contact")
    elif referrer.get("type") not in (None, "family"):
        yield error("/family_contact", "required")
    yield from _listed(body.get("needs"), "/needs", known.needs, "not-a-need")
    yield from consent_errors(body.get("consent") or {}, "/consent", known, now)


def amendment(body: Part, known: Known, now: datetime) -> Iterator[FieldError]:
    """Information that came later, as far as it can be judged by itself."""
    if not body:
        yield error("", "nothing-given")
    for number, child in enumerate(body.get("children") or []):
        yield from child_errors(child, f"/children/{number}", known, london_date(now))
    yield from postcode_errors(body.get("home") or {}, "/home", known)
    yield from borough_errors(body.get("borough"), known)


def consent_change(body: Part, known: Known, now: datetime) -> Iterator[FieldError]:
    """Agreement that was given later, or withdrawn."""
    if ("given" in body) == ("withdrawn" in body):
        yield error("", "needs-given-or-withdrawn")
    yield from consent_errors(body.get("given") or {}, "/given", known, now)
    yield from moment_errors(body.get("withdrawn") or {}, "/withdrawn", "withdrawn_at", now)


def contact_change(body: Part, known: Known, now: datetime) -> Iterator[FieldError]:
    """Another way to reach the family, as far as it can be judged by itself."""
    if not body:
        yield error("", "nothing-given")


def eligibility_check(body: Part, known: Known, now: datetime) -> Iterator[FieldError]:
    """An anonymous question: whatever is given must exist, and nearly nothing must be given."""
    if body.get("kind") == "family-support" and not body.get("children"):
        yield error("/children", "required")
    if body.get("kind") == "consultation" and body.get("children"):
        yield error("/children", "not-for-this-kind")
    for number, child in enumerate(body.get("children") or []):
        yield from child_errors(child, f"/children/{number}", known, london_date(now))
    yield from postcode_errors(body.get("home") or {}, "/home", known)
    yield from borough_errors(body.get("borough"), known)
    relative = body.get("relative") or {}
    yield from (each for each in relative_errors(relative, london_date(now)) if each.code != "required")


def nothing(body: Part, known: Known, now: datetime) -> Iterator[FieldError]:
    """For bodies whose fields say all."""
    return iter(())


def child_errors(child: Part, pointer: str, known: Known, today: date) -> Iterator[FieldError]:
    born = child.get("date_of_birth")
    if born is not None:
        born = date.fromisoformat(born)
        if born > today:
            yield error(f"{pointer}/date_of_birth", "in-the-future")
        elif age_on(born, today) > OLDEST_AGE:
            yield error(f"{pointer}/date_of_birth", "over-25")
    for name, code, problem in _CHILD_PLACES:
        place = child.get(name)
        if place is not None:
            if not place.get(code) and not place.get("postcode"):
                yield error(f"{pointer}/{name}", problem)
            yield from postcode_errors(place, f"{pointer}/{name}", known)


def relative_errors(relative: Part, today: date) -> Iterator[FieldError]:
    """`stage` decides whether a release is told; where the stage is not known, nothing is said."""
    stage, released_on = relative.get("stage"), relative.get("released_on")
    if stage == "released" and released_on is None:
        yield error("/relative/released_on", "required")
    if released_on is not None:
        if stage not in (None, "released"):
            yield error("/relative/released_on", "only-when-released")
        on = released(released_on)
        if (on if isinstance(on, date) else date(*on, 1)) > today:
            yield error("/relative/released_on", "in-the-future")


def borough_errors(borough: Part | None, known: Known) -> Iterator[FieldError]:
    if borough is None:
        return
    code, postcode = borough.get("code"), borough.get("postcode")
    if bool(code) == bool(postcode):
        yield error("/borough", "needs-code-or-postcode")
    if code and not known.is_district(code):
        yield error("/borough/code", "borough-does-not-exist")
    yield from postcode_errors(borough, "/borough", known)


def postcode_errors(place: Part, pointer: str, known: Known) -> Iterator[FieldError]:
    postcode = place.get("postcode")
    if postcode and not known.exists(postcode):
        yield error(f"{pointer}/postcode", "postcode-does-not-exist")


def consent_errors(consent: Part, pointer: str, known: Known, now: datetime) -> Iterator[FieldError]:
    yield from _listed(consent.get("agencies"), f"{pointer}/agencies", known.agencies, "not-an-agency")
    yield from moment_errors(consent, pointer, "given_at", now)
    last = consent.get("expires_on")
    if last and date.fromisoformat(last) < london_date(now):
        yield error(f"{pointer}/expires_on", "in-the-past")


def moment_errors(part: Part, pointer: str, name: str, now: datetime) -> Iterator[FieldError]:
    moment = part.get(name)
    if moment is not None and moment > now + CLOCKS_DIFFER:
        yield error(f"{pointer}/{name}", "in-the-future")


def _referrer(referrer: Part) -> Iterator[FieldError]:
    if not referrer:
        return
    if not referrer.get("email") and not referrer.get("telephone"):
        yield error("/referrer", "needs-a-way-to-reach")
    if referrer.get("type") != "family":
        for name in ("organisation", "role"):
            if not referrer.get(name):
                yield error(f"/referrer/{name}", "required")


def contact_errors(contact: Part, pointer: str) -> Iterator[FieldError]:
    """One safe way to reach the family, or none but through the referrer. What is not called safe is not."""
    safe = contact.get("safe_contact") or {}
    if safe.get("through_referrer_only"):
        return
    for name in ("name", "relationship"):
        if not contact.get(name):
            yield error(f"{pointer}/{name}", "required")
    ways = (("telephone", "telephone"), ("email", "email"), ("address", "letter"))
    if not any(contact.get(way) and (safe.get(channel) or {}).get("safe") for way, channel in ways):
        yield error(f"{pointer}/safe_contact", "no-safe-way")


def _listed(values: list[str] | None, pointer: str, allowed: frozenset[str], code: str) -> Iterator[FieldError]:
    for number, value in enumerate(values or []):
        if value not in allowed:
            yield error(f"{pointer}/{number}", code)
