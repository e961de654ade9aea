"""What routing knows of one referral, learned from events that may come in any order and any number of times.

Each lesson answers a new Known. Old news changes nothing: facts, consent and assessments carry the sequence of the
event that they come from, and the highest wins. So whoever has heard the same events knows the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

CONSULTATION = "consultation"
ELIGIBLE, REVIEW, NEEDS_INFORMATION = "eligible", "review", "needs-information"


@dataclass(frozen=True)
class Outcome:
    """What the rules said of one agency: `children` are the ids that it can take, `missing` the facts that decide."""

    agency: str
    outcome: str
    children: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    receipt: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Known:
    """One referral. A sequence of 0 means that nothing of the kind was heard yet."""

    reference: str = ""
    kind: str = ""
    chosen: tuple[str, ...] = ()
    facts_sequence: int = 0
    scope: frozenset[str] = frozenset()
    scope_sequence: int = 0
    outcomes: tuple[Outcome, ...] = ()
    assessed_sequence: int = 0
    withdrawn: bool = False

    def with_facts(
        self, sequence: int, reference: str, kind: str, chosen: Iterable[str], scope: Iterable[str]
    ) -> "Known":
        """A referral was submitted or amended; with it comes the consent as it stood then."""
        known = self.with_scope(sequence, scope)
        if sequence <= self.facts_sequence:
            return known
        return replace(known, facts_sequence=sequence, reference=reference, kind=kind, chosen=tuple(chosen))

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

    def with_withdrawal(self) -> "Known":
        """The referral was withdrawn, for good."""
        return replace(self, withdrawn=True)

    @property
    def is_complete(self) -> bool:
        """Whether the facts are known and assessed in their newest form."""
        return 0 < self.facts_sequence == self.assessed_sequence

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
