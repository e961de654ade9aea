"""A referral, its consent and its tasks, driven at random: late, early and repeated messages, whatever agencies and persons do.

After every step the database holds what the model says, on both pairs; at the end everybody was told what came of it.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.routing.acting import NotAllowed, act
from services.routing.capacity import Capacity, set_capacity
from services.routing.handlers import HANDLERS
from services.routing.ruling import rule as rule_on
from services.routing.service import RoutingService
from services.routing.waiting import decide_waiting
from shared.contracts.eligibility import EligibilityAssessed
from shared.contracts.envelope import Event, read, write
from shared.contracts.registry import schema_for
from shared.http.keys import Key
from shared.http.problems import Problem
from shared.ids import new_id
from tests.support.deciding import PAIRS, READABLE, WRITTEN_AT, Family, Part, pair_in
from tests.support.routing_model import ACTIONS, AGENCIES, LEADS_TO, Model

REASONS = {
    "reject": "age",
    "hold": "waiting-list",
    "complete": "group",
    "fail": "family-declined",
    "request-information": "awaiting-information",
}
OTHER = "019aa2f0-5c07-7abc-8def-0123456789ab"
FINISHED = ("rejected", "completed", "failed")
RUNS = {"default": (40, 50), "scale": (8, 20)}

words = st.sampled_from(["eligible", "eligible", "eligible", "eligible", "review", "needs-information", "ineligible"])
outcomes = st.tuples(words, words).map(lambda pair: dict(zip(AGENCIES, pair, strict=True)))
some_agencies = st.lists(st.sampled_from(AGENCIES), unique=True).map(tuple)
scopes = st.sampled_from([AGENCIES, AGENCIES, AGENCIES, AGENCIES[:1], AGENCIES[1:], ()])
seldom = st.integers(0, 11).map(lambda number: number == 7)
"""Lives that end or stand still early show little."""
one_agency = st.sampled_from(AGENCIES)


def assessment(family: Family, sequence: int, said: dict[str, str]) -> bytes:
    """What eligibility makes of the facts of that sequence."""
    event_id = new_id()
    about = [
        {
            "agency": agency,
            "outcome": word,
            "children": {"c1": word},
            "missing": ["home"] if word == "needs-information" else [],
            "receipt": {},
        }
        for agency, word in said.items()
    ]
    data = {
        "referral_id": family.id,
        "facts_sequence": sequence,
        "directory_version": "test",
        "outcomes": about,
    }
    event = Event(
        event_id,
        "urn:waypost:eligibility",
        EligibilityAssessed.type(),
        family.id,
        WRITTEN_AT,
        1,
        event_id,
        None,
        data,
    )
    return write(schema_for(EligibilityAssessed), event)


class Life(RuleBasedStateMachine):
    """One referral. `waiting` are messages that routing has not heard yet."""

    part: Part

    def __init__(self) -> None:
        super().__init__()
        self.family = Family()
        self.model = Model()
        self.waiting: list[bytes] = []
        self.heard: list[bytes] = []
        self.scope: tuple[str, ...] = ()
        self.said: dict[str, str] = {}
        self.ended = ""
        for agency in AGENCIES:
            self._says(agency, "open")

    # What happens elsewhere

    def _facts(self, tell: Any, said: dict[str, str], chosen: tuple[str, ...], duplicate: bool) -> list[bytes]:
        self.said = said
        duplicates = [OTHER] if duplicate else []
        facts = tell(consent=list(self.scope), chosen=list(chosen), duplicates=duplicates)
        return [facts, assessment(self.family, self.family.sequence, said)]

    def _tell(self, late: bool, *messages: bytes) -> None:
        """Heard at once, or some time."""
        if late:
            self.waiting += messages
        else:
            self._hear(list(messages))

    @initialize(said=outcomes, chosen=some_agencies, scope=scopes, duplicate=seldom, late=st.booleans())
    def submitted(
        self, said: dict[str, str], chosen: tuple[str, ...], scope: tuple[str, ...], duplicate: bool, late: bool
    ) -> None:
        self.scope = scope
        self._tell(late, *self._facts(self.family.submitted, said, chosen, duplicate))

    @precondition(lambda self: any(task.is_open for task in self.model.tasks))
    @rule(data=st.data())
    def agency_goes_on(self, data: st.DataObject) -> None:
        """Moves that can be made: by chance alone few tasks would come far."""
        task = data.draw(st.sampled_from([task for task in self.model.tasks if task.is_open]))
        for _ in range(data.draw(st.integers(1, 4))):
            if task.is_open:
                self.agency_acts(task.agency, data.draw(st.sampled_from(sorted(LEADS_TO[task.state]))))

    @precondition(lambda self: not self.ended)
    @rule(differently=seldom, said=outcomes, chosen=some_agencies, duplicate=seldom, late=st.booleans())
    def amended(
        self, differently: bool, said: dict[str, str], chosen: tuple[str, ...], duplicate: bool, late: bool
    ) -> None:
        assessed = said if differently else self.said
        self._tell(late, *self._facts(self.family.amended, assessed, chosen, duplicate))

    @precondition(lambda self: not self.ended)
    @rule(scope=scopes, late=st.booleans())
    def consent_given(self, scope: tuple[str, ...], late: bool) -> None:
        self.scope = scope
        self._tell(late, self.family.consent_given(*scope))

    @precondition(lambda self: not self.ended)
    @rule(really=seldom, expired=st.booleans(), late=st.booleans())
    def consent_ended(self, really: bool, expired: bool, late: bool) -> None:
        if really:
            tell = self.family.consent_expired if expired else self.family.consent_withdrawn
            scope, self.scope = self.scope, ()
            self._tell(late, tell(*scope))

    @precondition(lambda self: not self.ended)
    @rule(really=seldom, how=st.sampled_from(["withdrawn", "closed", "entered_in_error"]), late=st.booleans())
    def ended_there(self, really: bool, how: str, late: bool) -> None:
        if really:
            self.ended = how
            self._tell(late, getattr(self.family, how)())

    @precondition(lambda self: not self.ended and any(task.state in FINISHED for task in self.model.current))
    @rule(said=outcomes, chosen=some_agencies, data=st.data())
    def closed_and_reopened(self, said: dict[str, str], chosen: tuple[str, ...], data: st.DataObject) -> None:
        """What an agency has finished begins anew."""
        self.waiting += [self.family.closed(), *self._facts(self.family.reopened, said, chosen, duplicate=False)]
        self.hears_all_in_some_order(data)

    @precondition(lambda self: self.ended == "closed")
    @rule(said=outcomes, chosen=some_agencies)
    def reopened(self, said: dict[str, str], chosen: tuple[str, ...]) -> None:
        self.ended = ""
        self.waiting += self._facts(self.family.reopened, said, chosen, duplicate=False)

    # What routing hears

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def hears_any(self, data: st.DataObject) -> None:
        self._hear([self.waiting.pop(data.draw(st.integers(0, len(self.waiting) - 1)))])

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def hears_all_in_some_order(self, data: st.DataObject) -> None:
        batch, self.waiting = data.draw(st.permutations(self.waiting)), []
        self._hear(list(batch))

    @precondition(lambda self: self.heard)
    @rule(data=st.data())
    def hears_again(self, data: st.DataObject) -> None:
        self.part.take(*data.draw(st.lists(st.sampled_from(self.heard), min_size=1, max_size=3)))

    def _hear(self, bodies: list[bytes]) -> None:
        self.part.take(*bodies)
        self.heard += bodies
        for body in bodies:
            self._learn(read(body, READABLE))
            self.model.settle()

    def _learn(self, event: Event) -> None:
        fact, data, model = event.type.removesuffix(".v1").split(".", 3)[-1], event.data, self.model
        if fact == "eligibility.assessed":
            model.assessed[data["facts_sequence"]] = {each["agency"]: each["outcome"] for each in data["outcomes"]}
        elif fact == "consent.given":
            model.consent[event.sequence] = frozenset(data["scope"])
        elif fact.startswith("consent."):
            model.consent[event.sequence] = frozenset()
        elif fact in ("referral.submitted", "referral.amended", "referral.reopened"):
            model.facts[event.sequence] = tuple(data["chosen_agencies"])
            model.duplicates[event.sequence] = frozenset(data["possible_duplicates"])
            model.consent[event.sequence] = frozenset(data["consent_scope"])
            if fact == "referral.reopened":
                model.reopened.append(event.sequence)
                model.ends[event.sequence] = ""
        else:
            model.ends[event.sequence] = fact.removeprefix("referral.")

    # What agencies and persons do

    @rule(agency=one_agency, action=st.sampled_from(ACTIONS))
    def agency_acts(self, agency: str, action: str) -> None:
        own = [task for task in self._tasks() if task["agency"] == agency]
        said: dict[str, Any] = {"items": ["told"]} if action == "request-information" else {}
        if action in REASONS and not said:
            said = {"reason": REASONS[action]}
        worked = bool(own) and self._tries(agency, own[-1]["id"], action, said)
        assert worked == self.model.act(agency, action, REASONS.get(action))

    def _tries(self, agency: str, task_id: str, action: str, said: dict[str, Any]) -> bool:
        try:
            with self.part.runtime.store.writing() as transaction:
                act(transaction, Key("key-1", agency, frozenset()), task_id, action, said)
        except NotAllowed:
            return False
        return True

    @rule(agency=one_agency, state=st.sampled_from(["open", "waiting-list", "closed"]))
    def agency_says(self, agency: str, state: str) -> None:
        self._says(agency, state)

    def _says(self, agency: str, state: str) -> None:
        with self.part.runtime.store.writing() as transaction:
            set_capacity(transaction, agency, Capacity(state), "test")
        (self.model.closed.add if state == "closed" else self.model.closed.discard)(agency)
        decide_waiting(self.part.runtime.store)
        if state != "closed" and (self.model.status, self.model.reason) == ("under-review", "no-capacity"):
            self.model.settle()

    @rule(decision=st.sampled_from(["route", "not-eligible", "decide-again"]), agency=one_agency)
    def person_decides(self, decision: str, agency: str) -> None:
        model = self.model
        asked = {"actor": "test", "decision": decision, "agency": agency, "reason": "made up"}
        waits = model.status == "under-review" and 0 < model.newest == max(model.assessed, default=0)
        allowed = waits and (decision != "route" or agency in model.may_be_sent_to)
        if not allowed:
            with pytest.raises(Problem):
                rule_on(self.part.runtime.store, self.family.id, asked)
            return
        rule_on(self.part.runtime.store, self.family.id, asked)
        named = agency if decision == "route" else None
        model.ruling = (decision, named, model.newest, model.round, model.duplicates[model.newest])
        model.settle()

    def _tasks(self) -> list[dict[str, Any]]:
        """In the order of asking, which ids made in the same millisecond do not tell."""
        rows = {row["id"]: row for row in self.part.rows("tasks", referral_id=self.family.id)}
        asked = [move["task_id"] for move in self.part.rows("moves", action="request") if move["task_id"] in rows]
        return [rows[task_id] for task_id in asked]

    # What must hold

    @invariant()
    def the_database_holds_what_the_model_says(self) -> None:
        rows = self._tasks()
        assert [
            (row["agency"], row["state"], row["held_from"], row["reason"], row["recall_acknowledged_at"] is not None)
            for row in rows
        ] == [(task.agency, task.state, task.held_from, task.reason, task.acknowledged) for task in self.model.tasks]
        stored = self.part.rows("referrals", referral_id=self.family.id)
        decision = stored[0]["decision"] if stored else None
        assert (decision or {}).get("status") == self.model.status
        assert (stored[0]["review"] if stored else None) == self.model.reason

    def teardown(self) -> None:
        """Whatever is still on its way arrives; then what was told agrees with what is there."""
        if self.waiting:
            self._hear(self.waiting)
        self.the_database_holds_what_the_model_says()
        assert self.part.failures == []
        tasks = self.model.tasks
        told = Counter(event.type.split(".", 3)[-1].removesuffix(".v1") for event in self.part.told(self.family.id))
        assert told["referral.routed"] == len(tasks)
        assert told["task.cancelled"] == len([task for task in tasks if task.state == "cancelled"])
        assert told["task.recall-acknowledged"] == len([task for task in tasks if task.acknowledged])
        for agency in AGENCIES:
            heard = Counter(
                event.type.split(".", 3)[-1].removesuffix(".v1") for event in self.part.told(self.family.id, agency)
            )
            own = [task for task in tasks if task.agency == agency]
            assert heard["referral.routed"] == len(own)
            assert heard["task.recalled"] == len([task for task in own if task.state == "cancelled"])
            assert heard["task.rejected"] == len([task for task in own if task.state == "rejected"])


@pytest.fixture(params=PAIRS)
def part(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Part]:
    made = Part(pair_in(request, tmp_path), tmp_path, RoutingService, HANDLERS)
    yield made
    made.close()


def test_a_referral_lives_as_the_model_says(part: Part, request: pytest.FixtureRequest) -> None:
    examples, steps = RUNS[request.node.callspec.params["part"]]
    machine = type("LifeOnThisPair", (Life,), {"part": part})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
