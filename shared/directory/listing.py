"""The public list of services, in the field names of Open Referral UK; everybody may read it.

What is not published is null or an empty list. An entry that nobody has confirmed says so: `assured_date` is null and
`verification` is `unverified`.
"""

from collections.abc import Mapping
from typing import Any

from shared.directory.agency import Agency, Directory, Signpost


def services_list(directory: Directory) -> list[dict[str, Any]]:
    """Every service, agencies first, as JSON's own types."""
    return [_agency(agency) for agency in directory.agencies] + [_service(entry) for entry in directory.signposts]


def _agency(agency: Agency) -> dict[str, Any]:
    return _service(agency) | {
        "needs": [{"code": code, "name": name} for code, name in agency.needs.items()],
        "consent": {"wording_version": agency.consent_version, "wording": agency.consent_wording},
        "response_working_days": {
            "acknowledge": agency.acknowledge_days,
            "decide": agency.decide_days,
            "first_contact": agency.first_contact_days,
        },
        "consultation": agency.listing["criteria"]["consultation"] is not None,
        "capacity": agency.capacity,
    }


def _service(entry: Agency | Signpost) -> dict[str, Any]:
    listing: Mapping[str, Any] = entry.listing
    verified = entry.verified_on
    return {
        "id": entry.id,
        "kind": listing["kind"],
        **listing["service"],
        "status": "active",
        "organization": listing["organization"],
        "phones": listing["phones"],
        "locations": listing["locations"],
        "service_areas": listing["service_areas"],
        "offers": listing["offers"],
        "schedules": listing["schedules"],
        "languages": listing["languages"],
        "sources": list(listing["sources"].values()),
        "assured_date": verified.isoformat() if verified else None,
        "verification": "verified" if verified else "unverified",
    }
