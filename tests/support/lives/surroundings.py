"""What there is besides single families: everything that came since the last look belongs to those of one example.

Lists, feeds and e-mails are read as those read them who may; nothing in feeds and e-mails names anybody.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import orjson

from tests.support.lives.seen import differs, fact_of
from tests.support.lives.witness import SCHOOL, STRANGER, Family, Witness
from tests.support.personal import found_in
from tests.support.routing_model import AGENCIES

Json = dict[str, Any]
STOP = {"task.recalled", "task.recall-acknowledged", "task.due", "task.overdue"}
"""What an agency is told as it was, although it may know nothing more of a family."""
READERS = {"families-apart@example.org", "time-matters@example.org", "referrer@example.org"}


class Surroundings:
    """What there is besides: everything that came since the last look belongs to these families, and names nobody."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        self._earlier: set[str] = set()
        self._read: set[Path] = set()
        self._cursors: dict[str, str] = {}

    def differences(self, families: Iterable[Family]) -> Iterator[str]:
        known = {family.id: family for family in families}
        there = self._new(SCHOOL, "/referrals", "id")
        yield from differs("referrals", Counter(known.keys()), there)
        yield from differs("referrals of another organisation", Counter(), self._new(STRANGER, "/referrals", "id"))
        for agency in AGENCIES:
            wanted = Counter(family.id for family in known.values() for _ in family.story.of(agency))
            yield from differs(f"tasks of {agency}", wanted, self._new(agency, "/tasks", "referral_id"))
            yield from self._feed(agency, known)
        yield from self._mails()
        self._earlier |= set(known)

    def _new(self, who: str, path: str, name: str) -> Counter[str]:
        """The newest first, until one that was there before."""
        found: Counter[str] = Counter()
        for item in self._witness.every(who, path):
            if item[name] in self._earlier:
                break
            found[item[name]] += 1
        return found

    def _feed(self, agency: str, known: dict[str, Family]) -> Iterator[str]:
        """The feed of these families, read again from where it was before them."""
        events, self._cursors[agency] = self._witness.feed(agency, self._cursors.get(agency, ""))
        for event in events:
            yield from self._event(agency, event, known)

    def _event(self, agency: str, event: Json, known: dict[str, Family]) -> Iterator[str]:
        if named := found_in(orjson.dumps(event).decode()):
            yield f"{fact_of(event)} to {agency} says {named}"
        family = known.get(event["subject"])
        if family is None:
            if event["subject"] not in self._earlier:
                yield f"{agency} heard {fact_of(event)} of a referral that nobody made"
        elif not family.story.may_know(agency) and fact_of(event) not in STOP and not event["data"].get("tombstone"):
            yield f"{agency} is still told {fact_of(event)}"

    def _mails(self) -> Iterator[str]:
        for path in sorted(set((self._witness.system.data / "outbox").glob("*.eml")) - self._read):
            self._read.add(path)
            mail = message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=default)
            subject = str(mail["Subject"])
            if named := found_in(f"{subject}\n{mail.get_content()}"):
                yield f"the e-mail {subject!r} says {named}"
            if str(mail["To"]) not in READERS:
                yield f"the e-mail {subject!r} goes to somebody else"
