"""Where a message may go: the one thing that `notifications` asks of this service, at the moment of sending.

Safe contact is decided here. What the family has not called safe is not safe; where it wants to be reached through the
referrer only, nothing is written to it; and nothing is ever addressed to a child. Whoever asks is written down, with
the purpose. The link is a page for people, kept from everybody else: it is in no event and in no other service's data.
A one-time code goes the same way: asked for by the id of the event that asks for it (`?event=…`), while it works.
"""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from services.referrals import tables
from services.referrals.access_codes import code_to_send
from services.referrals.domain import FAMILY, FOLLOWERS
from services.referrals.fields import is_mobile
from services.referrals.reading import look
from services.referrals.tables import referral_keys, referrals
from shared.http import problems
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction
from shared.privacy.sealed import WrappedKey

CODES = ("code", "family-code")
"""The purposes of messages that carry a one-time code."""
_OPENED = (
    select(
        referrals.c.details,
        referrals.c.reference,
        referral_keys.c.key_id,
        referral_keys.c.wrapped,
        tables.children.c.id.label("child"),
        tables.children.c.sealed,
    )
    .select_from(
        referrals.join(referral_keys, referral_keys.c.referral_id == referrals.c.id).outerjoin(
            tables.children, tables.children.c.referral_id == referrals.c.id
        )
    )
    .where(referrals.c.id == bindparam("referral"))
    .order_by(tables.children.c.position)
)
_PURPOSE = re.compile(r"[a-z][a-z0-9-]{0,79}")
_A_CHILD = re.compile(
    r"\b(?:self|myself|child|young person|son|daughter|pupil|sibling|brother|sister)\b", re.IGNORECASE
)

Part = Mapping[str, Any]


def recipient(store: Store, referral_id: str, arguments: Mapping[str, str]) -> dict[str, Any]:
    """The answer for `?audience=referrer|family&purpose=…&event=…`; raises 400 and 404 problems."""
    purpose, audience = arguments.get("purpose", ""), arguments.get("audience")
    if audience not in FOLLOWERS or not _PURPOSE.fullmatch(purpose):
        raise problems.bad_request("bad-question", "Ask with audience=referrer or audience=family, and a purpose")

    details, children, reference = _opened(store, referral_id)

    def work(transaction: Transaction) -> str | None:
        look(transaction, referral_id, "notifications", purpose)
        return (
            code_to_send(transaction, arguments.get("event", ""), referral_id, audience) if purpose in CODES else None
        )

    code: str | None = store.together(work)
    if purpose in CODES:
        if code is None:
            return _nowhere("code-expired")
        found = {"code": code, **_for_code(audience, details, children)}
    else:
        found = (_of_family if audience == FAMILY else _of_referrer)(details, children)
    if found["channel"] is None:
        return _nowhere(found["reason"])
    link = tracking_link(store.resources.settings.public_url, details)
    return found | {"reference": reference, "link": link}


def _opened(store: Store, referral_id: str) -> tuple[Part, list[dict[str, Any]], str]:
    """The details, the children and the reference; raises a 404 problem for a referral that is not there, or was erased.

    One question and no transaction: this is asked for nearly every message.
    """
    with store.reading() as connection:
        rows = connection.execute(_OPENED, {"referral": referral_id}).all()
    if not rows:
        raise problems.not_found()
    key = store.resources.keyring.unwrap(referral_id, WrappedKey(rows[0].key_id, rows[0].wrapped))
    children = [key.open(f"child {row.child}", row.sealed) for row in rows if row.child is not None]
    return key.open("details", rows[0].details), children, rows[0].reference


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


def _for_code(audience: str, details: Part, children: list[dict[str, Any]]) -> dict[str, Any]:
    """Whoever asks for a code waits for it: so a text does where there is no e-mail, and a family that refers itself has
    the way that it called safe, or its own e-mail."""
    itself = details["referrer"]["type"] == "family"
    if audience == FAMILY and (details.get("family_contact") or not itself):
        return _of_contact(details, children)
    found = _of_referrer(details, children)
    return _texted(details, children) if found["channel"] is None else found


def _texted(details: Part, children: list[dict[str, Any]]) -> dict[str, Any]:
    """A text to the referrer's own mobile telephone; to a family's only where it said that texts are safe."""
    referrer, said = details["referrer"], _safe_contact(details).get("telephone") or {}
    if not is_mobile(referrer.get("telephone") or ""):
        return _nowhere("no-address")
    if referrer["type"] == "family":
        if not (said.get("safe") and said.get("text")) or said.get("good_times"):
            return _nowhere("not-safe")
        if _is_one_of(children, referrer.get("name")):
            return _nowhere("addressed-to-a-child")
    return {"channel": "text", "address": referrer["telephone"], "may_text": True}


def _of_family(details: Part, children: list[dict[str, Any]]) -> dict[str, Any]:
    if details["referrer"]["type"] == "family":
        return _nowhere("is-the-referrer")
    return _of_contact(details, children)


def _of_contact(details: Part, children: list[dict[str, Any]]) -> dict[str, Any]:
    contact, said = details.get("family_contact") or {}, _safe_contact(details)
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
