"""What lets a newcomer try the default at once: a key for each audience, invitations to sign in, and a referral to paste."""

import json

from services.catalogue import migrations_of, runtime_of
from services.commands.secret_files import write_secret
from shared.database.migrations import migrate
from shared.http.stored_keys import create_key
from shared.settings import Settings
from shared.web.pages import address_of
from shared.web.people.staff import Staff

DEMO_KEYS = {
    "referrer": ("referrals", "demo-school", ["referrals:write", "referrals:read"]),
    "families-apart": ("routing", "families-apart", ["events:read", "tasks:read", "tasks:write"]),
    "time-matters": ("routing", "time-matters", ["events:read", "tasks:read", "tasks:write"]),
    "operations": ("operations", "demo-operations", ["operations:read", "operations:write", "data-protection"]),
}


DEMO_PEOPLE = {
    "Families Apart": ("routing", "families-apart", "agency-manager"),
    "Time Matters UK": ("routing", "time-matters", "agency-manager"),
    "operations": ("operations", "operations", "operations"),
}

EXAMPLE = {
    "kind": "family-support",
    "referrer": {
        "type": "school",
        "name": "Test Teacher",
        "role": "Pastoral lead",
        "organisation": "Test School",
        "email": "teacher@example.org",
    },
    "children": [
        {
            "first_name": "Test",
            "last_name": "Child",
            "date_of_birth": "2017-03-14",
            "told": "partly",
            "school": {"postcode": "KT3 4LT"},
        }
    ],
    "relative": {"relationship": "parent", "stage": "sentenced"},
    "home": {"postcode": "KT1 1AA"},
    "family_contact": {
        "name": "Test Parent",
        "relationship": "mother",
        "telephone": "01632 960001",
        "safe_contact": {"telephone": {"safe": True, "message": False, "text": False, "name_organisation": False}},
    },
    "needs": ["telling-the-children"],
    "consent": {
        "given_by": "parent-or-carer",
        "name": "Test Parent",
        "method": "verbal",
        "given_at": "2026-11-20T10:00:00Z",
        "wording_version": "2026-11",
        "agencies": ["families-apart"],
        "child_view": "agrees",
    },
}


def example_call(settings: Settings, key: str) -> str:
    """A referral as one `curl`, to be pasted into a shell."""
    return (
        f"  curl -s {settings.public_url}/v1/referrals -H 'Authorization: Bearer {key}' \\\n"
        f"    -H 'Content-Type: application/json' -d '{json.dumps(EXAMPLE)}'"
    )


def demo_invitations(settings: Settings, names: list[str]) -> dict[str, str]:
    """The address of an invitation for each organisation in which nobody has an account yet; it is new at each start."""
    made = {}
    for label, (service, owner, role) in DEMO_PEOPLE.items():
        if service not in names:
            continue
        store = runtime_of(service, settings).store
        try:
            staff = Staff(store, owner, "first-start", address_of(settings, service).rstrip("/"))
            if not staff.everybody():
                made[label] = staff.invite(f"{owner}@example.org", role).address
        finally:
            store.database.close()
    return made


def demo_keys(settings: Settings) -> dict[str, str]:
    """A key for each audience, made once and kept beside the other secrets."""
    path = settings.data / "keys" / "demo.json"
    if path.exists():
        keys: dict[str, str] = json.loads(path.read_text())
        return keys
    made = {}
    for audience, (service, owner, scopes) in DEMO_KEYS.items():
        runtime = runtime_of(service, settings)
        migrate(runtime.store.database, migrations_of(service))
        made[audience] = create_key(runtime.store, owner, scopes, "demo")
        runtime.store.database.close()
    write_secret(path, json.dumps(made, indent=1))
    return made
