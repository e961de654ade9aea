"""How somebody may be written to, out of what the referral says: safe contact is decided here, and only here.

What the family has not called safe is not safe; where it wants to be reached through the referrer only, nothing is written
to it; and nothing is ever addressed to a child.
"""

import re
from collections.abc import Mapping
from typing import Any

from services.referrals.domain import FAMILY
from services.referrals.fields import is_mobile

Part = Mapping[str, Any]

_A_CHILD = re.compile(
    r"\b(?:self|myself|child|young person|son|daughter|pupil|sibling|brother|sister)\b", re.IGNORECASE
)


def way_to(audience: str, details: Part, children: list[dict[str, Any]], has_asked: bool = False) -> dict[str, Any]:
    """Channel and address for the referrer or the family, and what is safe there; or no channel, and the reason.

    `has_asked`: who asked for a one-time code waits for it, so a text does where there is no e-mail, and a family that
    refers itself has the way that it called safe, or its own e-mail.
    """
    itself = details["referrer"]["type"] == "family"
    if audience == FAMILY:
        if itself and not has_asked:
            return nowhere("is-the-referrer")
        if details.get("family_contact") or not itself:
            return _to_contact(details, children)
    found = _to_referrer(details, children)
    return _by_text(details, children) if has_asked and found["channel"] is None else found


def nowhere(reason: str) -> dict[str, Any]:
    """No channel, for this reason: a code."""
    return {"channel": None, "reason": reason}


def _to_referrer(details: Part, children: list[dict[str, Any]]) -> dict[str, Any]:
    referrer = details["referrer"]
    if not referrer.get("email"):
        return nowhere("no-e-mail")
    if referrer["type"] == "family":
        if _spoken_against(_safe_contact(details).get("email")):
            return nowhere("not-safe")
        if _is_one_of(children, referrer.get("name")):
            return nowhere("addressed-to-a-child")
    return {"channel": "e-mail", "address": referrer["email"]}


def _by_text(details: Part, children: list[dict[str, Any]]) -> dict[str, Any]:
    """A text to the referrer's own mobile telephone; to a family's only where it said that texts are safe."""
    referrer, said = details["referrer"], _safe_contact(details).get("telephone") or {}
    if not is_mobile(referrer.get("telephone") or ""):
        return nowhere("no-address")
    if referrer["type"] == "family":
        if not (said.get("safe") and said.get("text")) or said.get("good_times"):
            return nowhere("not-safe")
        if _is_one_of(children, referrer.get("name")):
            return nowhere("addressed-to-a-child")
    return {"channel": "text", "address": referrer["telephone"], "may_text": True}


def _to_contact(details: Part, children: list[dict[str, Any]]) -> dict[str, Any]:
    contact, said = details.get("family_contact") or {}, _safe_contact(details)
    if said.get("through_referrer_only"):
        return nowhere("through-referrer-only")
    if _A_CHILD.search(contact.get("relationship") or "") or _is_one_of(children, contact.get("name")):
        return nowhere("addressed-to-a-child")
    email, telephone = said.get("email") or {}, said.get("telephone") or {}
    if contact.get("email") and email.get("safe") and email.get("message") is not False:
        return {"channel": "e-mail", "address": contact["email"], **_manner(email)}
    # Good times are words, and a text arrives when it arrives: who gave some is rung by people, not texted.
    texted = telephone.get("safe") and telephone.get("text") and not telephone.get("good_times")
    if contact.get("telephone") and texted:
        return {"channel": "text", "address": contact["telephone"], **_manner(telephone)}
    return nowhere("unsafe-channel" if contact.get("email") or contact.get("telephone") else "no-safe-channel")


def _manner(said: Part) -> dict[str, bool]:
    """What is safe on a channel besides using it; what is not said is not."""
    return {
        "may_leave_message": bool(said.get("message")),
        "may_text": bool(said.get("text")),
        "name_organisation": bool(said.get("name_organisation")),
    }


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
