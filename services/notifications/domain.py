"""Who is told of what, and in which words: pure rules.

A message says that something happened to a referral. It carries the reference, a link, and plain words out of the few
here, none of which could tell a name, a place or a need. Which agency it is, which facts are missing and why a
referral was withdrawn are not in it.

The family hears of less than its referrer, and only where `referrals` says that a message is safe; nothing is ever
addressed to a child.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

AGENCY, REFERRER, FAMILY = "agency", "referrer", "family"
CONSULTATION = "consultation"
EMAIL, TEXT = "e-mail", "text"
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
    waits = kind != CONSULTATION and not consent_scope
    return Notice("agreement-wanted" if waits else "received", REFERRER)


def on_routed(kind: str, agency: str, task_id: str, acknowledge_by: date, decide_by: date) -> tuple[Notice, ...]:
    """The agency hears of its task and when to answer; referrer and family, that the referral was passed on."""
    words = (("acknowledge_by", plain_date(acknowledge_by)), ("decide_by", plain_date(decide_by)))
    told = (Notice("task-new", AGENCY, agency, task_id, words), Notice("routed", REFERRER))
    return told if kind == CONSULTATION else (*told, Notice("family-routed", FAMILY))


def on_information_requested(items: Iterable[str]) -> Notice:
    """The referrer is asked for more; what it is stands behind the link, since it would tell of the family."""
    return Notice("information-wanted", REFERRER, words=(("wanted", plain_wanted(items)),))


def on_task_cancelled(agency: str, task_id: str) -> Notice:
    """The agency hears that it must stop."""
    return Notice("task-cancelled", AGENCY, agency, task_id)


UNDER_REVIEW = (Notice("under-review", REFERRER),)
NOT_ELIGIBLE = (Notice("not-eligible", REFERRER), Notice("family-not-eligible", FAMILY))
WITHDRAWN = (Notice("withdrawn", REFERRER), Notice("family-withdrawn", FAMILY))


def delivery_id(event_id: str, notice: Notice) -> str:
    """The same event leads to the same delivery, however often it is handled: the id that receivers de-duplicate on."""
    return str(uuid.uuid5(_NAMESPACE, f"{event_id}/{notice.template}/{notice.audience}/{notice.agency or ''}"))


def link_of(notice: Notice, public_url: str, agencies_url: str) -> str:
    """Where the reader finds the rest: an agency its task. Others have a page whose address is a secret.

    So theirs is asked for when the message goes, and this is where people begin.
    """
    return f"{agencies_url.rstrip('/')}/v1/tasks/{notice.task_id}" if notice.audience == AGENCY else public_url


def plain_date(day: date) -> str:
    """`5 November 2026`."""
    return f"{day.day} {day:%B %Y}"


def plain_wanted(items: Iterable[str]) -> str:
    """What is asked for, as no more than its kind."""
    asked = set(items)
    if asked == {"consent"}:
        return "an agreement"
    return "an agreement and some details" if "consent" in asked else "some details"
