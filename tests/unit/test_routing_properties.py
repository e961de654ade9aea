"""Whatever happens to a referral, in whatever order routing hears of it: nobody is asked without consent, nobody twice,
and everybody who has heard the same comes to the same end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from services.routing.domain import Decision, Known, Outcome, Task, decide, plan
from services.routing.domain.knowledge import CONSULTATION

AGENCIES = ("agency-a", "agency-b", "agency-c")
WORDS = ("eligible", "review", "needs-information", "ineligible")
ENDED = {"withdrawn", "closed", "entered-in-error"}
STATUSES = ENDED | {"awaiting-consent", "routed", "information-requested", "under-review", "not-eligible"}

agencies = st.lists(st.sampled_from(AGENCIES), unique=True).map(tuple)
kinds = st.sampled_from(["family-support", CONSULTATION])
assessments = st.tuples(*(st.sampled_from(WORDS) for _ in AGENCIES)).map(
    lambda words: tuple(
        Outcome(agency, word, ("c1",) if word == "eligible" else (), ("home",) if word == "needs-information" else ())
        for agency, word in zip(AGENCIES, words, strict=True)
    )
)
knowledge = st.builds(
    Known,
    kind=kinds,
    chosen=agencies,
    facts_sequence=st.integers(0, 2),
    scope=agencies.map(frozenset),
    scope_sequence=st.integers(1, 3),
    outcomes=assessments,
    assessed_sequence=st.integers(0, 2),
    ended=st.sampled_from(["", "", "withdrawn", "closed", "entered-in-error"]),
)
states = st.sampled_from(["requested", "accepted", "rejected", "on-hold", "in-progress", "completed", "cancelled"])
tasks = st.lists(st.tuples(st.sampled_from(AGENCIES), states), unique_by=lambda pair: pair[0]).map(
    lambda pairs: [Task(f"task-{number}", *pair) for number, pair in enumerate(pairs)]
)

Lesson = Callable[[Known], Known]


def facts(sequence: int, kind: str, chosen: Sequence[str], scope: Sequence[str]) -> Lesson:
    return lambda known: known.with_facts(sequence, "7KX-3FM-9QF", kind, chosen, scope)


def assessment(sequence: int, outcomes: Sequence[Outcome]) -> Lesson:
    return lambda known: known.with_assessment(sequence, outcomes)


def consent(sequence: int, scope: Sequence[str]) -> Lesson:
    return lambda known: known.with_scope(sequence, scope)


@st.composite
def histories(draw: st.DrawFn) -> list[Lesson]:
    """What the services say of one referral: facts, their assessments, consent and its end, perhaps a withdrawal."""
    kind = draw(kinds)
    lessons: list[Lesson] = []
    happenings = ["facts", *draw(st.lists(st.sampled_from(["facts", "given", "ended"]), max_size=5))]
    for sequence, happening in enumerate(happenings, start=1):
        if happening == "facts":
            chosen, scope, outcomes = draw(agencies), draw(agencies), draw(assessments)
            lessons.append(facts(sequence, kind, chosen, scope))
            lessons.append(assessment(sequence, outcomes))
        else:
            scope = draw(agencies) if happening == "given" else ()
            lessons.append(consent(sequence, scope))
    if draw(st.integers(0, 4)) == 0:
        lessons.append(lambda known: known.with_end(len(happenings) + 1, "withdrawn"))
    return lessons


@dataclass
class Routing:
    """Routing without a database: what it knows, its tasks, what it told."""

    known: Known = field(default_factory=Known)
    decision: Decision | None = None
    tasks: list[Task] = field(default_factory=list)

    def hear(self, lesson: Lesson) -> None:
        known = lesson(self.known)
        if known == self.known:
            return
        changes = plan(known, self.tasks, self.decision)
        cancelled = {task.id for task, _ in changes.cancel}
        self.known, self.decision = known, changes.decision
        self.tasks = [
            Task(task.id, task.agency, "cancelled", task.children) if task.id in cancelled else task
            for task in self.tasks
        ]
        for agency in changes.request:
            assert agency in known.agencies("eligible"), "asked an agency that the rules do not call eligible"
            assert known.covers(agency), "asked an agency that consent does not cover"
            self.tasks.append(Task(f"task-{len(self.tasks)}", agency, "requested", ("c1",)))
        asked = [task.agency for task in self.tasks if task.is_open]
        assert len(asked) == len(set(asked)), "asked an agency twice"
        assert all(known.covers(agency) for agency in asked), "left a task open that consent does not cover"
        assert not (known.ended and asked), "left a task open after the withdrawal"

    @property
    def open(self) -> set[str]:
        return {task.agency for task in self.tasks if task.is_open}


def after(lessons: Sequence[Lesson]) -> Routing:
    routing = Routing()
    for lesson in lessons:
        routing.hear(lesson)
    return routing


@given(knowledge, agencies.map(frozenset))
def test_there_is_a_decision_for_everything_that_can_be_known(known: Known, rejected_by: frozenset[str]) -> None:
    decision = decide(known, rejected_by)
    if decision is None:
        assert not known.ended
        assert not known.is_complete
    else:
        assert decision.status in STATUSES
        assert decision.status in ENDED | {"awaiting-consent"} or decision.agencies or decision.codes


@given(knowledge, agencies.map(frozenset))
def test_nobody_is_routed_to_who_is_not_eligible_covered_and_willing(known: Known, rejected_by: frozenset[str]) -> None:
    decision = decide(known, rejected_by)
    if decision and decision.status == "routed":
        assert decision.agencies
        assert len(set(decision.agencies)) == len(decision.agencies)
        for agency in decision.agencies:
            assert agency in known.agencies("eligible")
            assert known.kind == CONSULTATION or agency in known.scope
            assert agency not in rejected_by


@given(knowledge, tasks)
def test_a_plan_asks_nobody_who_has_been_asked(known: Known, existing: list[Task]) -> None:
    cancelled = {task for task, _ in plan(known, existing).cancel}
    for agency in plan(known, existing).request:
        assert not [task for task in existing if task.agency == agency and task.state != "cancelled"]
    assert all(task.is_open for task in cancelled)


@given(histories(), st.data())
def test_any_order_comes_to_the_same_tasks_and_the_same_decision(lessons: list[Lesson], data: st.DataObject) -> None:
    one = after(lessons)
    other = after(data.draw(st.permutations(lessons)))

    assert one.known == other.known
    final = decide(one.known)
    if final and final.codes == ("several-agencies",):
        # Who was asked while only one agency was in question keeps the referral; nobody else gets it unasked.
        assert one.open | other.open <= set(final.agencies)
        return
    assert one.open == other.open
    assert one.decision == other.decision


@given(histories(), st.data())
def test_hearing_anything_again_changes_nothing(lessons: list[Lesson], data: st.DataObject) -> None:
    routing = after(lessons)
    before = (routing.known, routing.decision, list(routing.tasks))
    for lesson in data.draw(st.lists(st.sampled_from(lessons))):
        routing.hear(lesson)
    assert (routing.known, routing.decision, routing.tasks) == before
