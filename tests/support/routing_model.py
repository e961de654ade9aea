"""What must come of all that can happen to one referral and two agencies, said again in few words and without a database.

It keeps what was heard, not what was concluded from it: after every step all is worked out anew from the whole history.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

AGENCIES = ("families-apart", "time-matters")
OPEN = ("requested", "accepted", "on-hold", "in-progress")
ENDS = {"withdrawn": "referral-withdrawn", "closed": "referral-closed", "entered-in-error": "entered-in-error"}

LEADS_TO: dict[str, dict[str, str]] = {
    "requested": {"accept": "accepted", "reject": "rejected", "hold": "on-hold", "request-information": "on-hold"},
    "accepted": {"start": "in-progress", "hold": "on-hold", "request-information": "on-hold"},
    "in-progress": {
        "complete": "completed",
        "fail": "failed",
        "hold": "on-hold",
        "request-information": "on-hold",
    },
    "on-hold": {"resume": "where it was"},
    "cancelled": {"acknowledge-recall": "cancelled"},
}
ACTIONS = sorted({action for actions in LEADS_TO.values() for action in actions})


@dataclass
class ModelTask:
    agency: str
    round: int
    state: str = "requested"
    held_from: str | None = None
    asked_at: int | None = None
    reason: str | None = None
    acknowledged: bool = False

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def resume(self) -> None:
        self.state, self.held_from, self.asked_at, self.reason = self.held_from or "", None, None, None

    def cancel(self, reason: str) -> None:
        self.state, self.held_from, self.asked_at, self.reason = "cancelled", None, None, reason


@dataclass
class Model:
    """The history in parts: facts, consent and ends by the sequence that they came with, assessments by that of the facts."""

    facts: dict[int, tuple[str, ...]] = field(default_factory=dict)
    duplicates: dict[int, frozenset[str]] = field(default_factory=dict)
    assessed: dict[int, dict[str, str]] = field(default_factory=dict)
    consent: dict[int, frozenset[str]] = field(default_factory=dict)
    ends: dict[int, str] = field(default_factory=dict)
    reopened: list[int] = field(default_factory=list)
    ruling: tuple[str, str | None, int, int, frozenset[str]] | None = None
    closed: set[str] = field(default_factory=set)
    tasks: list[ModelTask] = field(default_factory=list)
    status: str | None = None
    reason: str | None = None

    # What is known

    @property
    def newest(self) -> int:
        return max(self.facts, default=0)

    @property
    def round(self) -> int:
        return max(self.reopened, default=0)

    @property
    def ended(self) -> str:
        return self.ends[max(self.ends)] if self.ends else ""

    @property
    def scope(self) -> frozenset[str]:
        return self.consent[max(self.consent)] if self.consent else frozenset()

    @property
    def words(self) -> dict[str, str]:
        """What the rules said last of each agency."""
        return self.assessed[max(self.assessed)] if self.assessed else {}

    @property
    def chosen(self) -> tuple[str, ...]:
        return self.facts[self.newest]

    @property
    def current(self) -> list[ModelTask]:
        return [task for task in self.tasks if task.is_open or task.round == self.round]

    @property
    def said_no(self) -> set[str]:
        return {task.agency for task in self.current if task.state == "rejected"}

    @property
    def may_be_sent_to(self) -> list[str]:
        return [
            agency
            for agency, word in self.words.items()
            if word != "ineligible" and agency in self.scope and agency not in self.said_no
        ]

    # What agencies do

    def act(self, agency: str, action: str, reason: str | None) -> bool:
        """Whether the agency's newest task may do that; then it has."""
        own = [task for task in self.tasks if task.agency == agency]
        following = LEADS_TO.get(own[-1].state, {}).get(action) if own else None
        if following is None or own[-1].acknowledged:
            return False
        task = own[-1]
        if action == "acknowledge-recall":
            task.acknowledged = True
        elif action == "resume":
            task.resume()
        else:
            task.held_from = task.state if following == "on-hold" else None
            task.asked_at = self.newest if action == "request-information" else None
            task.state, task.reason = following, reason
        if task.state in ("rejected", "completed", "failed"):
            self.settle()
        return True

    # What must come of it

    def settle(self) -> None:
        """Cancels, asks and resumes; sets where the referral stands."""
        known = 0 < self.newest == max(self.assessed, default=0)
        for task in [task for task in self.tasks if task.is_open]:
            if self.ended:
                task.cancel(ENDS[self.ended])
            elif task.agency not in self.scope:
                task.cancel("consent-withdrawn")
        if self.ended:
            self.status, self.reason = self.ended, None
            return
        if not known:
            return
        status, asked, self.reason = self._answer(set())
        if self._new(asked) & self.closed:
            mine = {task.agency for task in self.tasks if task.is_open}
            status, asked, self.reason = self._answer(self.closed - mine)
        for task in self.tasks:
            if task.is_open and task.asked_at is not None and self.newest > task.asked_at:
                task.resume()
        for task in [task for task in self.tasks if task.state == "requested"]:
            able = self.words[task.agency] == "eligible" and (not self.chosen or task.agency in self.chosen)
            if task.agency not in asked and not able:
                task.cancel("facts-changed")
        new = self._new(asked)
        self.tasks += [ModelTask(agency, self.round) for agency in AGENCIES if agency in new]
        if any(task.is_open for task in self.tasks):
            status, self.reason = "routed", None
        elif status != "awaiting-consent" and {"completed", "failed"} & {task.state for task in self.current}:
            status, self.reason = "concluded", None
        self.status = status

    def _new(self, asked: Iterable[str]) -> set[str]:
        """Those to be asked who have not been, or were only told to stop."""
        return set(asked) - {task.agency for task in self.current if task.state != "cancelled"}

    def _answer(self, full: set[str]) -> tuple[str, tuple[str, ...], str | None]:
        if not self.scope:
            return "awaiting-consent", (), None
        if self.ruling and self.ruling[3] == self.round:
            decision, agency, sequence, _, _ = self.ruling
            if decision == "route" and agency in self.may_be_sent_to:
                return "routed", (agency or "",), None
            if decision == "not-eligible" and sequence == self.newest:
                return "not-eligible", (), None
        status, asked, reason = self._by_rules(full)
        seen = self.ruling[4] if self.ruling and self.ruling[3] == self.round else frozenset()
        if asked and self.duplicates[self.newest] - seen:
            return "under-review", (), "possible-duplicate"
        return status, asked, reason

    def _by_rules(self, full: set[str]) -> tuple[str, tuple[str, ...], str | None]:
        no = self.said_no
        is_word: Callable[[str], list[str]] = lambda word: [each for each in AGENCIES if self.words[each] == word]  # noqa: E731
        able = [agency for agency in is_word("eligible") if agency not in no | full]
        chosen = [agency for agency in self.chosen if agency not in no | full]
        if chosen:
            go = tuple(agency for agency in chosen if agency in able and agency in self.scope)
            if go:
                return "routed", go, None
            if set(chosen) & set(able) or set(chosen) & set(is_word("needs-information")):
                return "information-requested", (), None
            if set(chosen) & set(is_word("review")):
                return "under-review", (), "rules-need-a-person"
            if able:
                return "under-review", (), "chosen-agency-cannot-take"
        covered = tuple(agency for agency in able if agency in self.scope)
        if len(covered) == 2 and not no and not self.chosen:
            return "under-review", (), "several-agencies"
        if covered:
            return "routed", covered[:1], None
        if any(agency in full and agency in self.scope and agency not in no for agency in is_word("eligible")):
            return "under-review", (), "no-capacity"
        if able:
            return "information-requested", (), None
        if set(is_word("review")) - no:
            return "under-review", (), "rules-need-a-person"
        if set(is_word("needs-information")) - no:
            return "information-requested", (), None
        return ("under-review", (), "rejected") if no else ("not-eligible", (), None)
