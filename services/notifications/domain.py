"""Who is told of what, and in which words: pure rules.

A message says that something happened to a referral. It carries the reference, a link, and plain words out of the few
here, none of which could tell a name, a place or a need. Which agency it is, which facts are missing and why a
referral was withdrawn are behind the link, where who asks is known.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

AGENCY, REFERRER = "agency", "referrer"
PENDING, SENT, FAILED, SUPPRESSED = "pending", "sent", "failed", "suppressed"
STATUSES = (PENDING, SENT, FAILED, SUPPRESSED)

_NAMESPACE = uuid.UUID("c2c53f5e-9d0a-5f0c-8a57-0d1f6c1f2b8e")


@dataclass(frozen=True)
class Notice:
    """One message to be sent: its template, for whom, and what the template may say beside reference and link."""

    template: str
    audience: str
    agency: str | None = None
    task_id: str | None = None
    words: tuple[tuple[str, str], ...] = ()


def on_submitted(kind: str, consent_scope: Sequence[str]) -> Notice:
    """The referrer hears that the referral has arrived, or that it waits for an agreement. Advice needs none."""
    waits = kind == "family-support" and not consent_scope
    return Notice("agreement-wanted" if waits else "received", REFERRER)


def on_routed(agency: str, task_id: str, acknowledge_by: date, decide_by: date) -> tuple[Notice, Notice]:
    """The agency hears of its task and when to answer; the referrer, that the referral was passed on."""
    words = (("acknowledge_by", plain_date(acknowledge_by)), ("decide_by", plain_date(decide_by)))
    return Notice("task-new", AGENCY, agency, task_id, words), Notice("routed", REFERRER)


def on_information_requested(items: Iterable[str]) -> Notice:
    """The referrer is asked for more; what it is stands behind the link, since it would tell of the family."""
    return Notice("information-wanted", REFERRER, words=(("wanted", plain_wanted(items)),))


def on_task_cancelled(agency: str, task_id: str) -> Notice:
    """The agency hears that it must stop."""
    return Notice("task-cancelled", AGENCY, agency, task_id)


UNDER_REVIEW = Notice("under-review", REFERRER)
NOT_ELIGIBLE = Notice("not-eligible", REFERRER)
WITHDRAWN = Notice("withdrawn", REFERRER)


def delivery_id(event_id: str, notice: Notice) -> str:
    """The same event leads to the same delivery, however often it is handled: the id that receivers de-duplicate on."""
    return str(uuid.uuid5(_NAMESPACE, f"{event_id}/{notice.template}/{notice.audience}/{notice.agency or ''}"))


def link_of(notice: Notice, referral_id: str, bases: Mapping[str, str]) -> str:
    """Where the reader finds the rest, after signing in. `bases` is the address of each audience's service."""
    path = f"tasks/{notice.task_id}" if notice.audience == AGENCY else f"referrals/{referral_id}"
    return f"{bases[notice.audience].rstrip('/')}/v1/{path}"


def plain_date(day: date) -> str:
    """`5 November 2026`."""
    return f"{day.day} {day:%B %Y}"


def plain_wanted(items: Iterable[str]) -> str:
    """What is asked for, as no more than its kind."""
    asked = set(items)
    if asked == {"consent"}:
        return "an agreement"
    return "an agreement and some details" if "consent" in asked else "some details"
