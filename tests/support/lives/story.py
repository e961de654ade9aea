"""What must be true of one family in the whole of Waypost, after all that was done for it: pure.

Where it goes and what becomes of its tasks says `routing_model`, in which everything is heard in order. Added here is what
only the whole has: what the published rules say of a family, where the referral stands for its referrer and what may be done
then, and what time alone does.
"""

from dataclasses import dataclass, field

from tests.support.lives.where import Lives
from tests.support.routing_model import Model, ModelTask

OPEN = ("awaiting-consent", "screening", "information-requested", "under-review", "routed")
MAY = {
    "give-consent": OPEN,
    "withdraw-consent": OPEN[1:],
    "supply-information": OPEN,
    "withdraw": OPEN,
    "change-contact": OPEN,
    "say-not-contacted": OPEN[1:],
    "reopen": ("not-eligible", "closed"),
    "enter-in-error": (*OPEN, "not-eligible", "closed", "withdrawn"),
}
"""What a referrer may do in which states."""
REMINDED_AFTER, GIVEN_UP_AFTER = 7 * 24, 28 * 24
"""Hours for which agreement is waited for."""


@dataclass
class Story:
    """One family. Methods are called for what was done and was allowed; `status` is then where the referral stands."""

    lives: Lives
    chosen: tuple[str, ...]
    scope: tuple[str, ...]
    model: Model = field(default_factory=Model)
    waited: int = 0
    sequence: int = 0

    def __post_init__(self) -> None:
        self._facts()

    @property
    def tasks(self) -> list[ModelTask]:
        """In the order of asking."""
        return self.model.tasks

    @property
    def status(self) -> str:
        said = self.model.status or "screening"
        asked = any(task.is_open and task.asked_at is not None for task in self.tasks)
        return "information-requested" if said == "routed" and asked else said

    @property
    def allowed(self) -> set[str]:
        return {action for action, states in MAY.items() if self.status in states}

    @property
    def is_waiting(self) -> bool:
        return self.status == "awaiting-consent"

    def of(self, agency: str) -> list[ModelTask]:
        return [task for task in self.tasks if task.agency == agency]

    def may_know(self, agency: str) -> bool:
        """Whether the agency may be told anything but that it must stop."""
        return agency in self.scope and self.status not in ("withdrawn", "entered-in-error")

    # What its referrer does

    def agrees(self, *scope: str) -> None:
        self.scope = scope
        self.model.consent[self._next()] = frozenset(scope)
        self._settle()

    def takes_agreement_back(self) -> None:
        self.agrees()

    def tells(self, lives: Lives) -> None:
        self.lives = lives
        self._facts()

    def ends(self, how: str) -> None:
        self.model.ends[self._next()] = how
        self._settle()

    def ends_in_haste(self, how: str, asked: set[str]) -> None:
        """It ended while it was on its way: of those who would be asked, these were."""
        self.model.tasks = [task for task in self.tasks if task.agency in asked]
        self.ends(how)

    def begins_anew(self) -> None:
        self.model.reopened.append(self.sequence + 1)
        self.model.ends[self.sequence + 1] = ""
        self._facts()

    # What others do

    def act(self, agency: str, action: str, reason: str | None) -> bool:
        """Whether the agency may do that with its newest task; then it has."""
        done = self.model.act(agency, action, reason)
        self._close()
        return done

    def rule(self, decision: str, agency: str | None) -> bool:
        """Whether a person may decide so; then it is."""
        model = self.model
        if self.status != "under-review" or (agency is not None and agency not in model.may_be_sent_to):
            return False
        model.ruling = (decision, agency, model.newest, model.round, frozenset())
        self._settle()
        return True

    def waits(self, hours: int) -> None:
        self.waited += hours
        if self.is_waiting and self.waited >= GIVEN_UP_AFTER:
            self.ends("closed")

    @property
    def is_reminded(self) -> bool:
        return self.is_waiting and self.waited >= REMINDED_AFTER

    def _next(self) -> int:
        self.sequence += 1
        return self.sequence

    def _facts(self) -> None:
        number, model = self._next(), self.model
        model.facts[number] = self.chosen
        model.duplicates[number] = frozenset()
        model.consent[number] = frozenset(self.scope)
        model.assessed[number] = self.lives.words
        self._settle()

    def _settle(self) -> None:
        """Who comes to wait for agreement waits from now on."""
        waited = self.is_waiting
        self.model.settle()
        self._close()
        if self.is_waiting and not waited:
            self.waited = 0

    def _close(self) -> None:
        """A referral with nothing left to try is closed at once."""
        if self.model.status == "concluded":
            self.model.ends[self._next()] = "closed"
            self.model.settle()
