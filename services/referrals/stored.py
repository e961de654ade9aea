"""A referral as it is stored, opened: the row, the family's data in the clear, and the consent in force.

Whoever asks owns it, or holds a pass to it; another's referral is as absent as one that never was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import BindParameter, CursorResult, Executable, Row, bindparam, select

from services.referrals.domain import ERASED
from services.referrals.passes import Pass
from services.referrals.tables import children, consents, referral_keys, referrals
from shared.clock import london_date
from shared.http import problems
from shared.http.keys import Key
from shared.http.problems import Problem
from shared.messaging.transaction import Transaction
from shared.privacy.keyring import Keyring
from shared.privacy.sealed import DataKey, WrappedKey

_ASKED: BindParameter[str] = bindparam("referral")
# Made once: SQLAlchemy takes longer to make a statement than PostgreSQL takes to answer it.
_ROW = select(referrals).where(referrals.c.id == _ASKED, referrals.c.owner == bindparam("owner"))
_LOCKED = _ROW.with_for_update()
_PASSED = select(referrals).where(referrals.c.id == _ASKED)
_PASSED_LOCKED = _PASSED.with_for_update()
_CHILDREN = (
    select(children.c.id, children.c.sealed).where(children.c.referral_id == _ASKED).order_by(children.c.position)
)
_KEY = select(referral_keys).where(referral_keys.c.referral_id == _ASKED)
_CONSENT = select(consents).where(consents.c.referral_id == _ASKED).order_by(consents.c.id.desc()).limit(1)


class Asking(Protocol):
    """A connection, or a transaction, which first writes what it has gathered."""

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]: ...


@dataclass(frozen=True)
class Consent:
    """The newest record of a referral's agreement: `given`, `withdrawn` or `expired`; `scope` is what it covers now."""

    id: str
    kind: str
    covered: tuple[str, ...]
    row: Mapping[str, Any]

    @property
    def has_run_out(self) -> bool:
        """Whether its time is over, and the record that says so is still to be written."""
        return self.kind == "expired" and self.row["kind"] == "given"

    @property
    def scope(self) -> tuple[str, ...]:
        return self.covered if self.kind == "given" else ()

    def refusal(self, agency: str) -> str | None:
        """Why the agency may not be shown the family, as a code; None where it may."""
        if self.kind != "given":
            return f"consent-{self.kind}"
        return None if agency in self.scope else "consent-does-not-cover"


@dataclass(frozen=True)
class Stored:
    """One referral, opened. `children` are (id, what is known of the child), in the order in which they were given."""

    row: Row[Any]
    key: DataKey
    details: dict[str, Any]
    children: list[tuple[str, dict[str, Any]]]
    consent: Consent | None


def find(asking: Asking, referral_id: str, key: Key, locked: bool = False, erased_too: bool = False) -> Row[Any]:
    """The row; raises a 404 problem for none, or one of somebody else, and 410 for one that was erased."""
    if isinstance(key, Pass):
        mine = key.referral_id if key.referral_id == referral_id else None
        row = asking.execute(_PASSED_LOCKED if locked else _PASSED, {"referral": mine}).first()
    else:
        row = asking.execute(_LOCKED if locked else _ROW, {"referral": referral_id, "owner": key.owner}).first()
    if row is None:
        raise problems.not_found()
    if row.status == ERASED and not erased_too:
        raise is_erased()
    return row


def is_erased() -> Problem:
    """What is answered of a referral whose key was destroyed."""
    return Problem(410, "erased", "The personal data of this referral has been erased")


def opened(asking: Transaction, row: Row[Any], keyring: Keyring) -> Stored:
    """The referral of `row`; raises a 410 problem when its key was destroyed."""
    key = data_key(asking, row.id, keyring)
    if key is None:
        raise is_erased()
    rows = asking.execute(_CHILDREN, {"referral": row.id})
    return Stored(
        row=row,
        key=key,
        details=key.open("details", row.details),
        children=[(child.id, key.open(f"child {child.id}", child.sealed)) for child in rows],
        consent=consent_of(asking, row.id),
    )


def data_key(asking: Asking, referral_id: str, keyring: Keyring) -> DataKey | None:
    """The referral's own key, or None when it was destroyed."""
    wrapped = asking.execute(_KEY, {"referral": referral_id}).first()
    return keyring.unwrap(referral_id, WrappedKey(wrapped.key_id, wrapped.wrapped)) if wrapped else None


def consent_of(asking: Transaction, referral_id: str) -> Consent | None:
    """The newest record of agreement, as it counts at this moment."""
    row = asking.execute(_CONSENT, {"referral": referral_id}).mappings().first()
    if row is None:
        return None
    over = row["kind"] == "given" and row["expires_on"] and london_date(asking.now) > row["expires_on"]
    return Consent(row["id"], "expired" if over else row["kind"], tuple(row["scope"]), dict(row))


def consent_record(stored: Stored) -> dict[str, Any] | None:
    """The newest record of agreement in the clear, as people are shown it."""
    if stored.consent is None:
        return None
    row = stored.consent.row
    named = stored.key.open(f"consent {row['id']}", row["sealed"]) if row["sealed"] else {}
    told = ("given_by", "method", "given_at", "recorded_at", "wording_version", "child_view", "expires_on")
    return {
        "agencies": list(stored.consent.scope),
        **named,
        "kind": stored.consent.kind,
        **{name: row[name] for name in told},
    }
