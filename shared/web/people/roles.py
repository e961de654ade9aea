"""What each role may do, in one table, in the scopes that keys have too."""

from typing import Final

ACCOUNT = "account:own"
"""What everybody may do with their own account."""
PEOPLE_READ, PEOPLE_WRITE = "people:read", "people:write"
DATA_PROTECTION = "data-protection"
"""To see all that is held of a family, to hold it, to erase it."""

OPERATIONS = "operations"
"""The owner of everybody who signs in at the operations service."""

_SCOPES: Final = {
    "agency-worker": frozenset({ACCOUNT, "tasks:read", "tasks:write"}),
    "agency-manager": frozenset({ACCOUNT, "tasks:read", "tasks:write", PEOPLE_READ, PEOPLE_WRITE}),
    "operations": frozenset(
        {ACCOUNT, "operations:read", "operations:write", DATA_PROTECTION, PEOPLE_READ, PEOPLE_WRITE}
    ),
    "auditor": frozenset({ACCOUNT, "operations:read", PEOPLE_READ}),
}
ROLES: Final = {"routing": ("agency-worker", "agency-manager"), "operations": ("operations", "auditor")}
"""Which roles there are at each service, the one that may less first where one may more."""


def scopes_of(role: str) -> frozenset[str]:
    """The scopes of a role; none for one that is no longer known."""
    return _SCOPES.get(role, frozenset())
