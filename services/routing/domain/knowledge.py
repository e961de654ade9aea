"""What routing knows of one referral, learned from events that may come in any order and any number of times.

Each lesson answers a new Known. Old news changes nothing: facts, consent, assessments and endings carry the sequence of
the event that they come from, and the highest wins. So whoever has heard the same events knows the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

CONSULTATION = "consultation"
ELIGIBLE, REVIEW, NEEDS_INFORMATION, INELIGIBLE = "eligible", "review", "needs-information", "ineligible"
ROUTE, REFUSE, AGAIN = RULINGS = ("route", "not-eligible", "decide-again")


@dataclass(frozen=True)
class Outcome:
    """What the rules said of one agency.

    `children` are the ids that it can take, `possible` those that a person may give it, `missing` the facts that decide.
    """

    agency: str
    outcome: str
    children: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    receipt: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Ruling:
    """What a person decided: `decision` is one of RULINGS, for the facts of `facts_sequence` in one round.

    `duplicates` are the referrals that the person had seen beside this one.
    """

    decision: str
    agency: str | None
    facts_sequence: int
    round: int
    duplicates: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Known:
    """One referral. A sequence of 0 means that nothing of the kind was heard yet.

    `ended` says how it ended (`withdrawn`, `closed`, `entered-in-error`, `erased`), and is empty while it goes on. `round`
    is the sequence of the event that last opened it again: what agencies did before does not bind those asked now.
    """

    reference: str = ""
    kind: str = ""
    chosen: tuple[str, ...] = ()
    facts_sequence: int = 0
    scope: frozenset[str] = frozenset()
    scope_sequence: int = 0
    outcomes: tuple[Outcome, ...] = ()
    assessed_sequence: int = 0
    ended: str = ""
    ended_sequence: int = 0
    round: int = 0
    duplicates: frozenset[str] = frozenset()
    ruling: Ruling | None = None

    def with_facts(
        self,
        sequence: int,
        reference: str,
        kind: str,
        chosen: Iterable[str],
        scope: Iterable[str],
        duplicates: Iterable[str] = (),
    ) -> "Known":
        """A referral was submitted, amended or reopened; with it comes the consent as it stood then."""
        known = self.with_scope(sequence, scope)
        if sequence <= self.facts_sequence:
            return known
        return replace(
            known,
            facts_sequence=sequence,
            reference=reference,
            kind=kind,
            chosen=tuple(chosen),
            duplicates=frozenset(duplicates),
        )

    def with_scope(self, sequence: int, scope: Iterable[str]) -> "Known":
        """Consent was given or has ended; `scope` is all that it covers from then on."""
        if sequence <= self.scope_sequence:
            return self
        return replace(self, scope=frozenset(scope), scope_sequence=sequence)

    def with_assessment(self, facts_sequence: int, outcomes: Iterable[Outcome]) -> "Known":
        """The facts of `facts_sequence` were assessed."""
        if facts_sequence <= self.assessed_sequence:
            return self
        return replace(self, outcomes=tuple(outcomes), assessed_sequence=facts_sequence)

    def with_end(self, sequence: int, ended: str) -> "Known":
        """The referral was withdrawn, closed, entered in error, or erased."""
        if sequence <= self.ended_sequence:
            return self
        return replace(self, ended=ended, ended_sequence=sequence)

    def with_reopening(self, sequence: int) -> "Known":
        """The referral goes on, in a new round."""
        known = replace(self, round=max(self.round, sequence))
        return known.with_end(sequence, "")

    def with_ruling(self, decision: str, agency: str | None) -> "Known":
        """A person decided, on what is known now."""
        return replace(self, ruling=Ruling(decision, agency, self.facts_sequence, self.round, self.duplicates))

    @property
    def is_complete(self) -> bool:
        """Whether the facts are known and assessed in their newest form."""
        return 0 < self.facts_sequence == self.assessed_sequence

    @property
    def unsettled_duplicates(self) -> tuple[str, ...]:
        """Referrals that may be of the same child, of which no person has said yet what to do."""
        seen = self.ruling.duplicates if self.ruling and self.ruling.round == self.round else frozenset()
        return tuple(sorted(self.duplicates - seen))

    def covers(self, agency: str) -> bool:
        """Whether the family's consent covers the agency; a consultation has no family in it and needs none."""
        return self.kind == CONSULTATION or agency in self.scope

    def agencies(self, outcome: str) -> tuple[str, ...]:
        """The agencies with this outcome, in the directory's order."""
        return tuple(each.agency for each in self.outcomes if each.outcome == outcome)

    def outcome_of(self, agency: str) -> Outcome:
        """KeyError when the agency was not assessed."""
        for each in self.outcomes:
            if each.agency == agency:
                return each
        raise KeyError(agency)
