"""Where a message may go: the one thing that `notifications` asks of this service, at the moment of sending.

Safe contact is decided here. What the family has not called safe is not safe; where it wants to be reached through the
referrer only, nothing is written to it; and nothing is ever addressed to a child. Whoever asks is written down, with
the purpose. The link is a page for people, kept from everybody else: it is in no event and in no other service's data.
"""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from services.referrals.reading import look
from services.referrals.stored import opened
from services.referrals.tables import referrals
from shared.http import problems
from shared.http.problems import Problem
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

REFERRER, FAMILY = "referrer", "family"
_REFERRAL = select(referrals).where(referrals.c.id == bindparam("referral"))
_PURPOSE = re.compile(r"[a-z][a-z0-9-]{0,79}")
_A_CHILD = re.compile(
    r"\b(?:self|myself|child|young person|son|daughter|pupil|sibling|brother|sister)\b", re.IGNORECASE
)

Part = Mapping[str, Any]


def recipient(store: Store, referral_id: str, arguments: Mapping[str, str]) -> dict[str, Any]:
    """The answer for `?audience=referrer|family&purpose=…`; raises 400 and 404 problems."""
    purpose, audience = arguments.get("purpose", ""), arguments.get("audience")
    if audience not in (REFERRER, FAMILY) or not _PURPOSE.fullmatch(purpose):
        raise problems.bad_request("bad-question", "Ask with audience=referrer or audience=family, and a purpose")

    def work(transaction: Transaction) -> dict[str, Any]:
        row = transaction.execute(_REFERRAL, {"referral": referral_id}).first()
        if row is None:
            raise problems.not_found()
        try:
            stored = opened(transaction, row, store.resources.keyring)
        except Problem:  # Erased.
            raise problems.not_found() from None
        look(transaction, referral_id, "notifications", purpose)
        children = [child for _, child in stored.children]
        found = (_of_family if audience == FAMILY else _of_referrer)(stored.details, children)
        if found["channel"] is None:
            return found
        link = tracking_link(store.resources.settings.public_url, stored.details)
        return found | {"reference": row.reference, "link": link}

    answer: dict[str, Any] = store.together(work)
    return answer


def tracking_link(public_url: str, details: Part) -> str:
    """The page of a referral for people; for one that was taken without such a page, where people begin."""
    token = details.get("tracking")
    return f"{public_url.rstrip('/')}/track/{token}" if token else public_url


def _of_referrer(details: Part, children: list[dict[str, Any]]) -> dict[str, Any]:
    referrer = details["referrer"]
    if not referrer.get("email"):
        return _nowhere("no-e-mail")
    if referrer["type"] == "family":
        if _spoken_against(_safe_contact(details).get("email")):
            return _nowhere("not-safe")
        if _is_one_of(children, referrer.get("name")):
            return _nowhere("addressed-to-a-child")
    return {"channel": "e-mail", "address": referrer["email"]}


def _of_family(details: Part, children: list[dict[str, Any]]) -> dict[str, Any]:
    contact, said = details.get("family_contact") or {}, _safe_contact(details)
    if details["referrer"]["type"] == "family":
        return _nowhere("is-the-referrer")
    if said.get("through_referrer_only"):
        return _nowhere("through-referrer-only")
    if _A_CHILD.search(contact.get("relationship") or "") or _is_one_of(children, contact.get("name")):
        return _nowhere("addressed-to-a-child")
    email, telephone = said.get("email") or {}, said.get("telephone") or {}
    if contact.get("email") and email.get("safe") and email.get("message") is not False:
        return {"channel": "e-mail", "address": contact["email"], **_manner(email)}
    # Good times are words, and a text arrives when it arrives: who gave some is rung by people, not texted.
    texted = telephone.get("safe") and telephone.get("text") and not telephone.get("good_times")
    if contact.get("telephone") and texted:
        return {"channel": "text", "address": contact["telephone"], **_manner(telephone)}
    return _nowhere("unsafe-channel" if contact.get("email") or contact.get("telephone") else "no-safe-channel")


def _manner(said: Part) -> dict[str, bool]:
    """What is safe on a channel besides using it; what is not said is not."""
    return {
        "may_leave_message": bool(said.get("message")),
        "may_text": bool(said.get("text")),
        "name_organisation": bool(said.get("name_organisation")),
    }


def _nowhere(reason: str) -> dict[str, Any]:
    return {"channel": None, "reason": reason}


def _safe_contact(details: Part) -> Part:
    said: Part = (details.get("family_contact") or {}).get("safe_contact") or {}
    return said


def _spoken_against(channel: Part | None) -> bool:
    """Whether the family has spoken of a channel and not called it safe."""
    return channel is not None and not channel["safe"]


def _is_one_of(children: list[dict[str, Any]], name: str | None) -> bool:
    return _plain(name or "") in {_plain(f"{child['first_name']} {child['last_name']}") for child in children}


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
