"""A referral as an agency may see it, made from what is stored: pure, and safe contact is enforced here.

A way to reach the family that it did not call safe is left out, not marked: what is not there cannot be dialled.
"""

from collections.abc import Collection, Mapping
from typing import Any

from services.referrals.stored import Stored, consent_record

Json = dict[str, Any]

CHANNELS = {"telephone": "telephone", "email": "email", "letter": "address"}
"""Each channel with the field of the family contact that it uses."""
_FLAGS = ("safe", "message", "text", "name_organisation")
_OF_CONSENT = ("given_by", "name", "method", "given_at", "wording_version", "child_view", "expires_on")


def shown_to_agency(stored: Stored, covered: Collection[str]) -> Json:
    """`contracts.disclosure.Disclosed`. `covered` are the ids of the children that the agency's task covers."""
    about = {"reference": stored.row.reference, "kind": stored.row.kind}
    if stored.row.kind == "consultation":
        return {**about, **_consultation(stored.details)}
    return {**about, **_family(stored, covered)}


def shown_to_family(stored: Stored) -> Json:
    """What a family is shown of itself: in short, and no way to reach it in full, since somebody may look over its shoulder."""
    contact = stored.details.get("family_contact") or {}
    return {
        "children": [{"id": child_id, "first_name": child["first_name"]} for child_id, child in stored.children],
        "family_contact": {
            "name": contact.get("name"),
            "relationship": contact.get("relationship"),
            **{field: hinted(contact.get(field)) for field in CHANNELS.values()},
            "safe_contact": contact.get("safe_contact") or {},
        },
        "consent": consent_record(stored),
    }


def hinted(way: str | None) -> str | None:
    """Enough of a number or an address to know it again by: its last three signs, or its first and where it is."""
    if not way:
        return None
    name, at, host = way.partition("@")
    return f"{name[0]}…@{host}" if at else f"…{way[-3:]}"


def parts_of(shown: Json) -> list[str]:
    """What a look was at, as codes, for the record of looks."""
    return [name.replace("_", "-") for name, value in shown.items() if value and name not in ("reference", "kind")]


def _consultation(details: Json) -> Json:
    return {"borough": details["borough"], "question": details["question"], "referrer": _referrer(details)}


def _family(stored: Stored, covered: Collection[str]) -> Json:
    details = stored.details
    children = [(child_id, child) for child_id, child in stored.children if child_id in covered]
    return {
        "told": [{"child": child_id, "told": child["told"]} for child_id, child in children],
        "safe_contact": _safe_contact(details),
        "children": [
            {
                "id": child_id,
                **_only(child, "first_name", "last_name", "date_of_birth", "school", "gp"),
            }
            for child_id, child in children
        ],
        "relative": _only(details["relative"], "relationship", "stage", "released_on"),
        "home": details["home"],
        "family_contact": _family_contact(details),
        "needs": details.get("needs") or [],
        "notes": details.get("notes"),
        "referrer": _referrer(details),
        "consent": _only(consent_record(stored) or {}, *_OF_CONSENT),
    }


def _safe_contact(details: Json) -> Json:
    """Every channel said in full. Without a family contact there is nobody to reach but the referrer."""
    contact = details.get("family_contact")
    said: Json = contact["safe_contact"] if contact else {"through_referrer_only": True}
    alone = bool(said.get("through_referrer_only"))
    channels = {
        channel: _channel({} if alone or not (contact or {}).get(field) else said.get(channel) or {})
        for channel, field in CHANNELS.items()
    }
    return {"through_referrer_only": alone, **channels}


def _channel(said: Mapping[str, Any]) -> Json:
    """On a channel that is not safe nothing else is."""
    safe = bool(said.get("safe"))
    return {**{flag: safe and bool(said.get(flag)) for flag in _FLAGS}, "good_times": said.get("good_times")}


def _family_contact(details: Json) -> Json | None:
    contact = details.get("family_contact")
    if contact is None:
        return None
    safe = _safe_contact(details)
    ways = {field: contact.get(field) if safe[channel]["safe"] else None for channel, field in CHANNELS.items()}
    return {
        **_only(contact, "name", "relationship"),
        **ways,
        **_only(contact, "language"),
        "interpreter": bool(contact.get("interpreter")),
        **_only(contact, "access_needs"),
    }


def _referrer(details: Json) -> Json:
    referrer = _only(details["referrer"], "type", "name", "role", "organisation", "email", "telephone")
    if referrer["type"] == "family":
        for channel in _unsafe_channels(details):
            referrer[channel] = None
    return referrer


def _unsafe_channels(details: Mapping[str, Any]) -> list[str]:
    """The ways to write to or ring a family that refers itself which it has spoken of and not called safe."""
    said = (details.get("family_contact") or {}).get("safe_contact", {})
    return [channel for channel in ("email", "telephone") if said.get(channel) and not said[channel]["safe"]]


def _only(part: Mapping[str, Any], *names: str) -> Json:
    return {name: part.get(name) for name in names}
