"""All of them together, somebody at operations, and time."""

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from tests.support.lives.agencies import Agencies
from tests.support.lives.people import agencies
from tests.support.lives.referrers import Referrers
from tests.support.lives.story import MAY
from tests.support.lives.surroundings import Surroundings
from tests.support.lives.witness import OPERATIONS, Witness
from tests.support.routing_model import AGENCIES

HOURS = (1, 5, 24, 24, 3 * 24, 9 * 24)


class Life(Referrers, Agencies):
    @rule(data=st.data(), decision=st.sampled_from(["route", "not-eligible", "decide-again"]), agency=agencies)
    def person_decides(self, data: st.DataObject, decision: str, agency: str) -> None:
        """Mostly where there is something to decide."""
        found = self.one(data, [each for each in self.families if each.story.status == "under-review"] or None)
        named = agency if decision == "route" else None
        asked = {"decision": decision, "reason": "made up"} | ({"agency": named} if named else {})
        allowed = found.story.rule(decision, named)
        answer = self.witness.ask(OPERATIONS, "POST", f"/reviews/{found.id}", asked)
        assert answer.status_code == (200 if allowed else 409), answer.text
        if allowed:
            self.check(found)
        found.unchecked |= not allowed

    @rule(hours=st.sampled_from(HOURS))
    def time_passes(self, hours: int) -> None:
        self.witness.forward(hours)
        for found in self.families:
            found.age += hours
            found.story.waits(hours)
            found.unchecked = True
        self._check_what_is_unchecked()

    def teardown(self) -> None:
        """What was refused has changed nothing. Whoever is left takes it back: all who were asked must stop, and say so."""
        self._check_what_is_unchecked()
        for found in self.families:
            changed = found.story.status in MAY["withdraw"] and self.is_ended(found, "withdrawn")
            if changed:
                self.check(found)
            recalled = [agency for agency in AGENCIES if self.moves(found, agency, "acknowledge-recall")]
            if recalled:
                self.check(found)
        different = list(self.surroundings.differences(self.families))
        assert not different, "\n".join(different)

    def _check_what_is_unchecked(self) -> None:
        for found in self.families:
            if found.unchecked:
                self.check(found)


def live(witness: Witness, examples: int, steps: int, by: int | None = None) -> None:
    """So many examples of at most so many steps; always the same ones unless a seed is given."""
    machine = type("LivesHere", (Life,), {"witness": witness, "surroundings": Surroundings(witness)})
    # A failure is told as it came: to look for a shorter one would take as long again for each try.
    run = settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=by is None,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine if by is None else seed(by)(machine), settings=run)
