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
CONSULTATION, RECALL, AWAITING_INFORMATION = "consultation", "recall", "awaiting-information"
ALERTS = ("not-contacted", "contact-changed")
TOLD_BEFORE = ("tasks-ended",)
OWED = {
    "acknowledge": "to know that you have it",
    "decide": "your answer whether you can take it",
    "contact": "to know that you have been in touch",
    "recall": "to know that you have stopped",
}
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


def on_consent_awaited(closes_on: date) -> Notice:
    """The referrer is reminded that nothing happens without an agreement, and until when it may come."""
    return Notice("agreement-reminder", REFERRER, words=(("due_on", plain_date(closes_on)),))


def on_due(what: str, agency: str, task_id: str, due: date) -> tuple[Notice, ...]:
    """The agency is reminded on the day."""
    return (_chasing("recall-due" if what == RECALL else "task-due", what, agency, task_id, due),)


def on_overdue(what: str, agency: str, task_id: str, due: date) -> tuple[Notice, ...]:
    """The agency is asked again, and the referrer hears that it is; a recall is between the agency and us."""
    if what == RECALL:
        return (_chasing("recall-overdue", what, agency, task_id, due),)
    return _chasing("task-overdue", what, agency, task_id, due), Notice("chasing", REFERRER)


def on_held(reason: str | None) -> tuple[Notice, ...]:
    """The referrer hears that the work waits; when it waits for the referrer, the question itself says so."""
    return () if reason == AWAITING_INFORMATION else (Notice("on-hold", REFERRER),)


def on_code_requested(audience: str) -> Notice:
    """Whoever asked for a one-time code is sent it, alone."""
    return Notice("family-code" if audience == FAMILY else "code", audience)


def on_alerted(what: str, agency: str, task_id: str) -> tuple[Notice, ...]:
    """The agency is told to look today: nobody was in touch, or something that it should know has changed."""
    return (Notice(what if what in ALERTS else "details-changed", AGENCY, agency, task_id),)


def on_closed(reason: str) -> tuple[Notice, ...]:
    """Only an end that no other message tells of is told; that an agency has finished, its own message has said."""
    return () if reason in TOLD_BEFORE else (Notice("closed", REFERRER),)


def _chasing(template: str, what: str, agency: str, task_id: str, due: date) -> Notice:
    words = (("owed", OWED.get(what, OWED["decide"])), ("due_on", plain_date(due)))
    return Notice(template, AGENCY, agency, task_id, words)


ACCEPTED = (Notice("accepted", REFERRER), Notice("family-accepted", FAMILY))
REJECTED = (Notice("rejected", REFERRER),)
COMPLETED = (Notice("completed", REFERRER), Notice("family-ended", FAMILY))
FAILED_WORK = (Notice("ended", REFERRER),)
AGREEMENT_EXPIRED = (Notice("agreement-expired", REFERRER),)
REOPENED = (Notice("reopened", REFERRER),)
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
    return f"{agencies_url.rstrip('/')}/tasks/{notice.task_id}" if notice.audience == AGENCY else public_url


def plain_date(day: date) -> str:
    """`5 November 2026`."""
    return f"{day.day} {day:%B %Y}"


def plain_wanted(items: Iterable[str]) -> str:
    """What is asked for, as no more than its kind."""
    asked = set(items)
    if asked == {"consent"}:
        return "an agreement"
    return "an agreement and some details" if "consent" in asked else "some details"
