"""What happened, in plain words: for the referrer, who knows the family; for the tracking page, which tells nothing.

The tracking page names no agency, no need and no reason: from none of its sentences could anybody guess what it is.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from services.referrals.domain import FAMILY, REFERRER, WITH_ROUTING
from services.referrals.progress import ANSWER, CONTACT, Asked

Names = Callable[[str], str]

ITEMS = {
    "age": "the child's age",
    "borough": "the borough that it is about",
    "consent": "the family's agreement",
    "date-of-birth": "a date of birth",
    "first-name": "a first name",
    "home": "where the family lives",
    "last-name": "a last name",
    "practice": "the child's GP practice",
    "relationship": "how the relative is related to the child",
    "released-on": "when the relative was released",
    "school": "the child's school",
    "stage": "whether the relative is awaiting sentence, in prison or released",
    "told": "what the child has been told",
}

REASONS = {
    "a-trial": "it was a trial",
    "agency-asked": "an agency asked for it",
    "circumstances-changed": "the family's circumstances have changed",
    "closed-too-early": "it was closed too early",
    "made-twice": "there is another of the same",
    "more-is-known": "more is known now",
    "wrong-family": "it was about another family",
    "age": "the child's age",
    "already-known": "the family is known there already",
    "awaiting-information": "it has asked for more details",
    "child-not-told": "the child has to be told first",
    "consent-never-given": "no agreement came in time",
    "consent-withdrawn": "the family's agreement no longer covers it",
    "consultation-given": "advice was given",
    "could-not-contact": "the family could not be reached",
    "disengaged": "the family stopped taking part",
    "duplicate": "it has this referral already",
    "entered-in-error": "the referral was made in error",
    "facts-changed": "what is known has changed",
    "family-declined": "the family does not want it",
    "group": "support in a group",
    "insufficient-information": "it knows too little",
    "intensive": "intensive support",
    "low-level": "low-level support",
    "mentoring": "mentoring",
    "no-capacity": "it has no free place",
    "not-needed": "its help is not needed",
    "online": "support online",
    "other": "another reason",
    "out-of-area": "the family lives outside its area",
    "referral-closed": "the referral was closed",
    "referral-erased": "all that was held about the family was erased",
    "referral-withdrawn": "the referral was withdrawn",
    "waiting-list": "there is a waiting list",
}

_TIMELINE = {
    "received": "The referral was received.",
    "assessed": "The agencies' rules were applied.",
    "routed": "{agency} was asked to take the referral.",
    "under-review": "A person has to decide; nothing is needed from you now.",
    "not-eligible": "No agency in the directory can take the referral. You may be told of: {signposts}.",
    "information-requested": "More is needed to decide: {items}.",
    "information-supplied": "Information came in: {items}.",
    "consent-given": "The family's agreement was recorded, for {agencies}.",
    "consent-withdrawn": "The family withdrew its agreement. Nothing more is shared.",
    "consent-awaited": "The family's agreement is still missing. Without it the referral is closed on {closes_on}.",
    "consent-expired": "The time for which the family agreed is over. Nothing more is shared.",
    "closed": "The referral was closed: {reason}.",
    "withdrawn": "The referral was withdrawn. Everything about it stops.",
    "task-accepted": "{agency} takes the referral.",
    "task-rejected": "{agency} cannot take the referral: {reason}.",
    "task-held": "{agency} has put the referral on hold: {reason}.",
    "task-resumed": "{agency} goes on with the referral.",
    "task-started": "{agency} has begun its work with the family.",
    "task-completed": "{agency} has finished: {reason}.",
    "task-failed": "{agency} has ended its work: {reason}.",
    "reopened": "The referral was reopened: {reason}. The agencies' rules are applied again.",
    "entered-in-error": "The referral was made in error: {reason}. Everything about it stops.",
    "erased": "All that was held about the family was erased. What is left is this list.",
    "looked": "{agency} read the referral for the first time.",
    "task-overdue": "{agency} owed us {owed} by {due}. It is late, and we have reminded it.",
    "not-contacted": "We were told that nobody has been in touch. We have asked again, and a person looks into it.",
    "contact-changed": "The safe way to reach the family was changed. Whoever was asked is told to look.",
    "task-cancelled": "{agency} was told to stop: {reason}.",
    "recall-acknowledged": "{agency} has stopped, and keeps nothing about the family.",
    "concluded": "Every agency that was asked has finished.",
    "notification-sent": "A message was sent ({audience}, {channel}).",
    "notification-failed": "A message could not be delivered ({audience}, {channel}).",
    "notification-suppressed": "A message was held back: it was not safe to send, or had nowhere to go ({audience}).",
}

OWED = {
    "acknowledge": "word that it has the referral",
    "decide": "an answer",
    "contact": "a first word to the family",
    "recall": "word that it has stopped",
}

# What reads otherwise to the family itself.
_TO_FAMILY = {
    "under-review": "A person has to decide. Nothing is needed from you now.",
    "not-eligible": "Nobody in our list can take the referral. You can ask: {signposts}.",
    "information-requested": "We asked for some more details.",
    "information-supplied": "More details came in. Thank you.",
    "consent-given": "Agreement was recorded, for {agencies}.",
    "consent-withdrawn": "Agreement was withdrawn. Nothing more is shared.",
    "consent-awaited": "We are still waiting for agreement. Without it we stop on {closes_on}.",
    "consent-expired": "The time that was agreed is over. Nothing more is shared.",
    "contact-changed": "The safe way to reach you was changed. Whoever was asked is told to look.",
    "task-started": "{agency} has begun to work with you.",
    "task-failed": "{agency} has ended its work.",
    "task-overdue": "{agency} is late. We have reminded it.",
    "recall-acknowledged": "{agency} has stopped, and keeps nothing about you.",
}

TRACKED = {
    "received": "We received your referral.",
    "routed": "Your referral was passed on. You will be contacted in the way that you asked for.",
    "under-review": "A person is looking at your referral.",
    "not-eligible": "We looked for help nearby. Whoever made the referral is told what else there is.",
    "information-requested": "We asked for some more details.",
    "task-accepted": "Somebody will help. You will be contacted in the way that you asked for.",
    "task-overdue": "An answer is late. We have sent a reminder.",
    "not-contacted": "We were told that nobody has been in touch. We have asked again.",
    "concluded": "Everybody who was asked has finished.",
    "information-supplied": "More details came in. Thank you.",
    "consent-given": "Agreement was recorded.",
    "consent-withdrawn": "Agreement was withdrawn. Nothing more is shared.",
    "consent-expired": "The time that was agreed is over. Nothing more is shared.",
    "closed": "The referral was closed.",
    "withdrawn": "The referral was withdrawn.",
    "reopened": "Your referral is looked at again.",
    "entered-in-error": "The referral was withdrawn.",
}

NEXT = {
    "awaiting-consent": "We are waiting for agreement. Nothing is shared until then.",
    "screening": "We are finding out who can help. There is nothing that you need to do.",
    "information-requested": "We need some more details, and have asked whoever made the referral.",
    "under-review": "A person decides what happens next. There is nothing that you need to do.",
    "routed": "Somebody will be in touch, in the way that was agreed.",
    "not-eligible": "Ask whoever made the referral what else there is nearby.",
    "closed": "Nothing more will happen here.",
    "withdrawn": "Nothing more will happen here.",
    "entered-in-error": "Nothing more will happen here.",
    "erased": "Nothing more will happen here: all that was held was erased.",
}


_EXPECTED = {
    (ANSWER, False): "{who} should answer by {day}.",
    (CONTACT, False): "{who} should be in touch by {day}.",
    (ANSWER, True): "{who} should have answered by {day}.",
    (CONTACT, True): "{who} should have been in touch by {day}.",
}
_EXPECTED_OF_NOBODY = {
    (ANSWER, False): "An answer should come by {day}.",
    (CONTACT, False): "Somebody should be in touch by {day}.",
    (ANSWER, True): "An answer should have come by {day}.",
    (CONTACT, True): "Somebody should have been in touch by {day}.",
}
_REMINDED = " They are late. We have reminded them."


def following(status: str, asked: Iterable[Asked], today: date, name_of: Names | None = None) -> list[str]:
    """What happens next, and when; each thing once. Without `name_of` it names nobody."""
    if status not in WITH_ROUTING:
        return [NEXT[status]]
    expected = [_expected(each, today, name_of) for each in asked if each.owes]
    return [NEXT[status], *dict.fromkeys(expected)]


def _expected(asked: Asked, today: date, name_of: Names | None) -> str:
    what, day = asked.owes or (ANSWER, today)
    said = (_EXPECTED if name_of else _EXPECTED_OF_NOBODY)[what, day < today]
    text = said.format(who=name_of(asked.agency) if name_of else "", day=_spoken(day.isoformat()))
    return text + _REMINDED if asked.is_late else text


def sentence(kind: str, detail: Mapping[str, Any], name_of: Names, role: str = REFERRER) -> str:
    """A timeline entry for who follows. `name_of` tells an agency's or a signpost's name by its id."""
    told = {
        "agency": name_of(detail.get("agency", "")),
        "agencies": _joined([name_of(each) for each in detail.get("agencies", ())]),
        "signposts": _joined([name_of(each) for each in detail.get("signposts", ())]) or "nobody yet",
        "reason": REASONS.get(detail.get("reason") or "", detail.get("reason")),
        "items": _joined([ITEMS.get(each, each) for each in detail.get("items", ())]),
        "closes_on": _spoken(detail.get("closes_on")),
        "audience": detail.get("audience", ""),
        "channel": detail.get("channel", ""),
        "owed": OWED.get(detail.get("what", ""), OWED["decide"]),
        "due": _spoken(detail.get("due")),
    }
    said = _TIMELINE | _TO_FAMILY if role == FAMILY else _TIMELINE
    return said[kind].format(**told)


def _spoken(day: str | None) -> str:
    """18 December 2026."""
    return f"{date.fromisoformat(day):%-d %B %Y}" if day else ""


def _joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
