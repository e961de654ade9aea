"""A ledger of what a client was promised, to be held against what there is after the faults.

Every referral is posted under an Idempotency-Key of its own, and again under the same key while its outcome is not
known, as a careful client does. The ledger notes what was answered; `compare` reads API, databases and what agencies
heard, and counts per place what is lost, what has had its effect twice, and what nobody asked for.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import eventlet
import requests

from services.catalogue import topology
from shared.ids import new_id
from tests.support.callers import Agency, Referrer
from tests.support.families import HULL, LIVERPOOL, child, family
from tests.support.system import System

CLIENTS = 8
GIVE_UP_AFTER = 60.0

FAMILIES: Mapping[str, Callable[[], dict[str, Any]]] = {
    "families-apart": family,
    "time-matters": lambda: family(home=LIVERPOOL),
    "nobody": lambda: family(home=HULL, children=[child(school={"postcode": HULL}, gp={"postcode": HULL})]),
}
"""What is posted, by who must hear of it: another family each time."""


@dataclass
class Entry:
    """One referral as its client knows it: `outcome` is acknowledged, refused or unknown; `ids` are all that it was told.

    `seconds` is how long the client had to try until it knew.
    """

    key: str
    goes_to: str
    body: dict[str, Any]
    outcome: str = "unknown"
    attempts: int = 0
    seconds: float = 0.0
    ids: set[str] = field(default_factory=set)


class Ledger:
    """Posts referrals through several clients at once; which kinds, and in which order, the seed decides."""

    def __init__(
        self, referrer: Referrer, seed: int, clients: int = CLIENTS, give_up_after: float = GIVE_UP_AFTER
    ) -> None:
        self.referrer = referrer
        self._random = random.Random(seed)
        self._give_up_after = give_up_after
        self.entries: list[Entry] = []
        self._pool = eventlet.GreenPool(clients)

    def post(self, count: int) -> None:
        """Posts so many and returns at once; `wait` waits for the answers."""
        for _ in range(count):
            (goes_to,) = self._random.choices(list(FAMILIES), [6, 3, 1])
            self.refer(goes_to, FAMILIES[goes_to]())

    def refer(self, goes_to: str, body: dict[str, Any]) -> None:
        """Posts one, and returns at once."""
        entry = Entry(new_id(), goes_to, body)
        self.entries.append(entry)
        self._pool.spawn_n(self._until_known, entry)

    def repeat(self, entry: Entry) -> None:
        """Posts once more what was taken and then lost, under its key: all that was answered before is forgotten."""
        entry.outcome, entry.seconds = "unknown", 0.0
        entry.ids.clear()
        self._pool.spawn_n(self._until_known, entry)

    def wait(self) -> None:
        """Until every outcome is known, or was tried for long enough."""
        self._pool.waitall()

    def abandon(self) -> None:
        """Nobody tries any more: what is not known stays so."""
        for client in list(self._pool.coroutines_running):
            eventlet.kill(client)

    @property
    def acknowledged(self) -> int:
        return self.outcomes["acknowledged"]

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(entry.outcome for entry in self.entries)

    @property
    def uncertain(self) -> int:
        """How many had to be posted more than once."""
        return sum(entry.attempts > 1 for entry in self.entries)

    def _until_known(self, entry: Entry) -> None:
        began = time.monotonic()
        while entry.outcome == "unknown" and entry.seconds < self._give_up_after:
            entry.attempts += 1
            try:
                answer = self.referrer.post(entry.body, idempotency_key=entry.key)
            except requests.RequestException:
                eventlet.sleep(0.1)
                continue
            finally:
                entry.seconds = time.monotonic() - began
            if answer.status_code == 201:
                entry.ids.add(answer.json()["id"])
                entry.outcome = "acknowledged"
            elif answer.status_code in (409, 429) or answer.status_code >= 500:
                eventlet.sleep(0.1)
            else:
                entry.outcome = "refused"

    def ask_again(self) -> None:
        """Posts once more whatever had to be posted twice: it must be told of the same referral."""

        def again(entry: Entry) -> None:
            answer = self.referrer.post(entry.body, idempotency_key=entry.key)
            entry.ids.add(answer.json().get("id", f"refused with {answer.status_code}"))

        for entry in self.entries:
            if entry.outcome == "acknowledged" and entry.attempts > 1:
                self._pool.spawn_n(again, entry)
        self._pool.waitall()


@dataclass(frozen=True)
class Finding:
    """One place that was compared: how many were expected there, and what was wrong."""

    place: str
    expected: int
    lost: int
    duplicate: int
    unexpected: int

    @property
    def is_right(self) -> bool:
        return not (self.lost or self.duplicate or self.unexpected)


def held_against(place: str, expected: Iterable[Any], found: Iterable[Any]) -> Finding:
    """Compares two collections of things that must each be there once."""
    wanted, there = Counter(iter(expected)), Counter(iter(found))
    return Finding(
        place,
        wanted.total(),
        lost=sum(1 for thing in wanted if thing not in there),
        duplicate=sum(count - wanted[thing] for thing, count in there.items() if count > wanted[thing] > 0),
        unexpected=sum(count for thing, count in there.items() if thing not in wanted),
    )


TIMELINE = {
    "families-apart": ["received", "assessed", "routed"],
    "time-matters": ["received", "assessed", "routed"],
    "nobody": ["received", "assessed", "not-eligible"],
}
DELIVERIES = {
    "families-apart": ["received", "task-new", "routed", "family-routed"],
    "time-matters": ["received", "task-new", "routed", "family-routed"],
    "nobody": ["received", "not-eligible", "family-not-eligible"],
}
EVENTS = {
    "families-apart": ["referral.routed", "referral.routed to families-apart"],
    "time-matters": ["referral.routed", "referral.routed to time-matters"],
    "nobody": ["referral.not-eligible"],
}
DECIDING = ("referrals", "eligibility", "routing")


def compare(ledger: Ledger, referrer: Referrer, system: System, agencies: Mapping[str, Agency]) -> list[Finding]:
    """Everything that there must be, once each, for each referral that was acknowledged; and nothing else."""
    taken = {next(iter(entry.ids)): entry.goes_to for entry in ledger.entries if entry.outcome == "acknowledged"}
    routed = {referral: to for referral, to in taken.items() if to != "nobody"}

    def each(what: Mapping[str, list[str]]) -> list[tuple[str, str]]:
        return [(referral, name) for referral, to in taken.items() for name in what[to]]

    shown = [(item["id"], item["status"]) for item in referrer.every()]
    statuses = [(referral, "not-eligible" if to == "nobody" else "routed") for referral, to in taken.items()]
    findings = [
        held_against(
            "answers: one referral for each key",
            [entry.key for entry in ledger.entries],
            [entry.key for entry in ledger.entries for _ in entry.ids],
        ),
        held_against("API: referrals and where they stand", statuses, shown),
        held_against("referrals: rows", taken, _column(system, "referrals", "SELECT id FROM referrals")),
        held_against(
            "referrals: first answers",
            [entry.key for entry in ledger.entries if entry.outcome == "acknowledged"],
            _column(system, "referrals", "SELECT key FROM idempotency"),
        ),
        held_against(
            "referrals: timeline",
            each(TIMELINE),
            _pairs(system, "referrals", "SELECT referral_id, type FROM timeline WHERE type NOT LIKE 'notification-%'"),
        ),
        held_against(
            "eligibility: assessments", taken, _column(system, "eligibility", "SELECT referral_id FROM assessments")
        ),
        held_against(
            "routing: tasks", routed.items(), _pairs(system, "routing", "SELECT referral_id, agency FROM tasks")
        ),
        held_against("routing: events", each(EVENTS), _events(system)),
        held_against(
            "notifications: deliveries",
            each(DELIVERIES),
            _pairs(system, "notifications", "SELECT referral_id, template FROM deliveries"),
        ),
    ]
    findings += [
        _taken_by(system, service, set(kinds)) for service, kinds in topology(system.settings).services.items()
    ]
    findings.append(_mails(system))
    for name, agency in agencies.items():
        wanted = [referral for referral, to in taken.items() if to == name]
        agency.listen()
        # What was confirmed and not yet noted is sent again, with the same id: receivers tell the copy by it.
        once = {event["id"]: event["subject"] for event in agency.heard}
        findings.append(held_against(f"{name}: heard", wanted, once.values()))
    return findings


def table_of(findings: Iterable[Finding]) -> str:
    """The findings for people."""
    lines = [f"{'':42}{'expected':>10}{'lost':>8}{'duplicate':>11}{'unexpected':>12}"]
    lines += [
        f"{each.place:42}{each.expected:>10}{each.lost:>8}{each.duplicate:>11}{each.unexpected:>12}"
        for each in findings
    ]
    return "\n".join(lines)


def _taken_by(system: System, service: str, kinds: set[str]) -> Finding:
    """Every event that was written for this service is in its inbox, and none has failed.

    But for what tells of messages to people: they go out at leisure, and how far that has come is compared in `_mails`.
    """
    written = [
        event_id
        for producer in DECIDING
        for event_id, kind in _pairs(system, producer, "SELECT event_id, type FROM outbox WHERE audience IS NULL")
        if kind in kinds
    ]
    taken = _column(system, service, "SELECT event_id FROM inbox WHERE type NOT LIKE '%.notification.%'")
    failed = _column(system, service, "SELECT event_id FROM failures")
    return held_against(f"{service}: inbox", written, [*taken, *(f"failed {each}" for each in failed)])


def _mails(system: System) -> Finding:
    """Every message that was noted as sent is there; one that is there and not yet noted is only early."""
    # In this order: what is sent between the two looks is then early, and not lost.
    status = dict(_pairs(system, "notifications", "SELECT id, status FROM deliveries"))
    files = [path.stem.partition("-")[2] for path in (system.data / "outbox").glob("*.eml")]
    sent = [delivery for delivery, state in status.items() if state == "sent"]
    return held_against("e-mails", sent, [each for each in files if status.get(each) != "pending"])


def _events(system: System) -> list[tuple[str, str]]:
    rows = system.rows("routing", "SELECT subject, type, audience FROM outbox WHERE subject <> 'restored'")
    return [(subject, _fact(kind) + (f" to {audience}" if audience else "")) for subject, kind, audience in rows]


def _fact(kind: str) -> str:
    """`uk.waypost.routing.referral.routed.v1` is `referral.routed`."""
    return kind.split(".", 3)[3].rpartition(".")[0]


def _column(system: System, service: str, query: str) -> list[str]:
    return [row[0] for row in system.rows(service, query)]


def _pairs(system: System, service: str, query: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in system.rows(service, query)]
