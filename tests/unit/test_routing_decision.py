"""Where a referral goes: each rule of choice, consent and review, and what stays as it is."""

from dataclasses import replace

import pytest

from services.routing.domain import Decision, Known, Outcome, Task, decide, plan

A, B = "families-apart", "time-matters"
ROUTED_TO_A = Decision("routed", (A,))


def outcome(agency: str, word: str = "eligible", children: tuple[str, ...] = ("c1",), missing=()) -> Outcome:
    return Outcome(agency, word, children if word == "eligible" else (), missing)


def known(*outcomes: Outcome, scope=(A, B), chosen=(), kind="family-support") -> Known:
    """A referral whose facts are known and assessed."""
    return (
        Known()
        .with_facts(1, "7KX-3FM-9QF", kind, chosen, scope)
        .with_assessment(1, outcomes or (outcome(A), outcome(B, "ineligible")))
    )


def task(agency: str = A, state: str = "requested", children=("c1",), number: int = 1) -> Task:
    return Task(f"task-{number}", agency, state, children)


def test_nothing_is_decided_before_facts_and_assessment_are_both_there() -> None:
    submitted = Known().with_facts(1, "7KX-3FM-9QF", "family-support", (), (A,))
    assert decide(submitted) is None
    assert decide(Known().with_assessment(1, (outcome(A),))) is None


def test_newer_facts_wait_for_their_own_assessment() -> None:
    amended = known().with_facts(2, "7KX-3FM-9QF", "family-support", (), (A,))
    assert decide(amended) is None
    assert decide(amended.with_assessment(2, (outcome(A),))) == ROUTED_TO_A


def test_an_assessment_of_facts_that_have_not_come_yet_decides_nothing() -> None:
    # What the family chooses now may differ from what is known here, and whoever is asked too soon has to be recalled.
    assert decide(known().with_assessment(2, (outcome(A),))) is None


def test_the_one_eligible_agency_that_consent_covers_is_asked() -> None:
    assert decide(known()) == ROUTED_TO_A


def test_without_consent_a_referral_waits() -> None:
    assert decide(known(scope=())) == Decision("awaiting-consent")


def test_eligible_for_several_and_no_choice_made_needs_a_person() -> None:
    both = known(outcome(A), outcome(B))
    assert decide(both) == Decision("under-review", (A, B), ("several-agencies",))


def test_the_familys_choice_decides_between_several() -> None:
    assert decide(known(outcome(A), outcome(B), chosen=(B,))) == Decision("routed", (B,))


def test_a_family_may_choose_both() -> None:
    assert decide(known(outcome(A), outcome(B), chosen=(B, A))) == Decision("routed", (A, B))


def test_a_chosen_agency_that_consent_does_not_cover_is_not_asked_but_consent_is() -> None:
    chosen = known(outcome(A), outcome(B), chosen=(A,), scope=(B,))
    assert decide(chosen) == Decision("information-requested", (A,), ("consent",))


def test_consent_for_another_agency_only_asks_for_consent() -> None:
    assert decide(known(scope=(B,))) == Decision("information-requested", (A,), ("consent",))


def test_facts_that_a_chosen_agency_needs_are_asked_for() -> None:
    unsure = outcome(B, "needs-information", missing=("school", "relationship"))
    decision = decide(known(outcome(A), unsure, chosen=(B,)))
    assert decision == Decision("information-requested", (B,), ("school", "relationship"))


def test_a_chosen_agency_whose_rules_need_a_person_goes_to_review() -> None:
    decision = decide(known(outcome(A), outcome(B, "review"), chosen=(B,)))
    assert decision == Decision("under-review", (B,), ("rules-need-a-person",))


def test_a_choice_that_cannot_be_met_is_not_overruled_by_a_machine() -> None:
    decision = decide(known(outcome(A), outcome(B, "ineligible"), chosen=(B,)))
    assert decision == Decision("under-review", (A,), ("chosen-agency-cannot-take",))


def test_a_choice_that_leads_nowhere_leaves_the_other_rules() -> None:
    decision = decide(known(outcome(A, "review"), outcome(B, "ineligible"), chosen=(B,)))
    assert decision == Decision("under-review", (A,), ("rules-need-a-person",))


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("ineligible", "review"), "under-review"),
        (("needs-information", "review"), "under-review"),
        (("needs-information", "ineligible"), "information-requested"),
        (("ineligible", "ineligible"), "not-eligible"),
    ],
)
def test_review_comes_before_questions_and_questions_before_no(words, status) -> None:
    decision = decide(known(outcome(A, words[0], missing=("home",)), outcome(B, words[1], missing=("home",))))
    assert decision is not None
    assert decision.status == status


def test_a_consultation_needs_no_consent() -> None:
    consultation = known(outcome(A, children=()), outcome(B, "ineligible"), scope=(), kind="consultation")
    assert decide(consultation) == ROUTED_TO_A


def test_a_withdrawal_is_the_end_even_before_anything_else_is_known() -> None:
    assert decide(Known().with_end(9, "withdrawn")) == Decision("withdrawn")
    assert decide(known().with_end(9, "withdrawn")) == Decision("withdrawn")


def test_after_a_rejection_the_next_covered_agency_is_asked_then_a_person() -> None:
    both = known(outcome(A), outcome(B), chosen=(A,))
    assert decide(both, frozenset([A])) == Decision("routed", (B,))
    assert decide(both, frozenset([A, B])) == Decision("under-review", (A, B), ("rejected",))


def test_an_agency_that_was_asked_is_not_asked_again() -> None:
    changes = plan(known(), [task()], ROUTED_TO_A)
    assert (changes.request, changes.cancel, changes.tell) == ((), (), False)


@pytest.mark.parametrize("state", ["completed", "failed"])
def test_an_agency_that_has_dealt_with_it_is_not_asked_again(state: str) -> None:
    assert plan(known(), [task(state=state)], ROUTED_TO_A).request == ()


def test_an_agency_that_was_recalled_is_asked_again_when_consent_returns() -> None:
    assert plan(known(), [task(state="cancelled")], Decision("awaiting-consent")).request == (A,)


@pytest.mark.parametrize("state", ["requested", "accepted", "on-hold", "in-progress"])
def test_consent_that_ended_recalls_at_once_whatever_the_agency_did(state: str) -> None:
    stale = known().with_facts(2, "7KX-3FM-9QF", "family-support", (), (A,)).with_scope(3, ())
    assert plan(stale, [task(state=state)], ROUTED_TO_A).cancel == ((task(state=state), "consent-withdrawn"),)


def test_consent_that_was_narrowed_recalls_only_who_is_left_out() -> None:
    narrowed = known(outcome(A), outcome(B), chosen=(A, B)).with_scope(2, (A,))
    changes = plan(narrowed, [task(A), task(B, number=2)], Decision("routed", (A, B)))
    assert changes.cancel == ((task(B, number=2), "consent-withdrawn"),)
    assert changes.decision == ROUTED_TO_A


def test_a_withdrawal_cancels_what_is_open_and_leaves_what_has_ended() -> None:
    changes = plan(known().with_end(9, "withdrawn"), [task(A), task(B, "completed", number=2)], ROUTED_TO_A)
    assert changes.cancel == ((task(A), "referral-withdrawn"),)
    assert changes.request == ()


def test_facts_that_changed_recall_an_agency_that_has_not_answered() -> None:
    moved_away = replace(known(outcome(A, "ineligible"), outcome(B)), chosen=())
    changes = plan(moved_away, [task(A)], ROUTED_TO_A)
    assert changes.cancel == ((task(A), "facts-changed"),)
    assert changes.request == (B,)


@pytest.mark.parametrize(
    ("held_from", "asked_at", "recalled"),
    [("requested", 1, True), ("requested", None, False), ("requested", 2, False), ("accepted", 1, False)],
)
def test_facts_that_answer_an_agencys_question_recall_it_unless_it_said_yes_before(
    held_from: str, asked_at: int | None, recalled: bool
) -> None:
    """The family chose another agency while this one asked: it is told so, and does not get the referral back."""
    asking = replace(task(A, "on-hold"), held_from=held_from, asked_at=asked_at)
    chosen_since = replace(known(outcome(A), outcome(B), chosen=(B,)), facts_sequence=2, assessed_sequence=2)

    changes = plan(chosen_since, [asking], ROUTED_TO_A)

    assert changes.cancel == (((asking, "facts-changed"),) if recalled else ())
    assert changes.resume == ((asking,) if held_from == "accepted" else ())
    assert changes.request == (B,)


def test_facts_that_changed_do_not_overrule_an_agency_that_said_yes() -> None:
    changes = plan(known(outcome(A, "ineligible"), outcome(B, "ineligible")), [task(A, "accepted")], ROUTED_TO_A)
    assert changes.cancel == ()
    assert (changes.decision, changes.tell) == (ROUTED_TO_A, False)


def test_wider_consent_does_not_take_a_referral_from_who_has_it() -> None:
    wider = known(outcome(A), outcome(B), scope=(A,)).with_scope(2, (A, B))
    changes = plan(wider, [task(A)], ROUTED_TO_A)
    assert (changes.cancel, changes.request, changes.tell) == ((), (), False)


def test_a_child_that_was_added_is_covered_by_the_task_that_there_is() -> None:
    changes = plan(known(outcome(A, children=("c1", "c2"))), [task(A)], ROUTED_TO_A)
    assert changes.renew == (task(A),)


def test_the_same_decision_is_told_once() -> None:
    referral = known(outcome(A, "ineligible"), outcome(B, "ineligible"))
    first = plan(referral, [])
    assert first.tell
    assert not plan(referral, [], first.decision).tell


def test_the_same_answer_to_newer_facts_is_told_again() -> None:
    """Whoever supplied information waits for an answer, also when it is the one that was given before."""
    before = plan(known(scope=(B,)), [])
    amended = replace(known(scope=(B,)), facts_sequence=7, assessed_sequence=7)
    after = plan(amended, [], before.decision)
    assert (before.decision == after.decision, before.tell, after.tell) == (True, True, True)
    assert plan(amended, [], after.decision).tell is False


# Room


def test_an_agency_without_room_is_passed_over_for_the_next_that_consent_covers() -> None:
    both = known(outcome(A), outcome(B), chosen=(A,))
    assert decide(both, full=frozenset([A])) == Decision("routed", (B,))


def test_without_room_a_person_is_asked_before_the_family_is_asked_for_more() -> None:
    only_a = known(outcome(A), outcome(B), scope=(A,))
    assert decide(only_a, full=frozenset([A])) == Decision("under-review", (A,), ("no-capacity",))


def test_a_consultation_waits_for_room_too() -> None:
    consultation = known(outcome(A, children=()), outcome(B, "ineligible"), scope=(), kind="consultation")
    assert decide(consultation, full=frozenset([A])) == Decision("under-review", (A,), ("no-capacity",))


def test_an_agency_that_has_the_referral_may_close_its_doors() -> None:
    assert plan(known(), [task()], ROUTED_TO_A, frozenset([A])).decision == ROUTED_TO_A


def test_an_agency_that_must_stop_and_has_closed_its_doors_is_not_thought_of_again() -> None:
    """Its task is cancelled by the same news: it is full like any other."""
    narrowed = known(outcome(A), outcome(B), scope=(B,), chosen=(B, A))
    changes = plan(narrowed, [task(A)], ROUTED_TO_A, frozenset([A, B]))
    assert changes.decision == Decision("under-review", (B,), ("no-capacity",))


# Duplicates and persons


def with_duplicates(*others: str) -> Known:
    return replace(known(), duplicates=frozenset(others))


def test_a_possible_duplicate_waits_for_a_person_instead_of_being_sent() -> None:
    assert decide(with_duplicates("r2")) == Decision("under-review", (A,), ("possible-duplicate",))


@pytest.mark.parametrize("decision", ["decide-again", "route"])
def test_once_a_person_has_seen_the_duplicates_only_new_ones_stop_it(decision: str) -> None:
    settled = with_duplicates("r2").with_ruling(decision, A)
    assert decide(settled) == ROUTED_TO_A
    another = replace(settled, duplicates=frozenset(["r2", "r3"]))
    assert another.unsettled_duplicates == ("r3",)


def test_a_person_may_send_where_the_rules_left_it_open() -> None:
    unsure = known(outcome(A, "review"), outcome(B, "needs-information"))
    assert decide(unsure.with_ruling("route", A)) == ROUTED_TO_A
    assert decide(unsure.with_ruling("route", B)) == Decision("routed", (B,))


@pytest.mark.parametrize("where", ["outside consent", "excluded by the rules", "said no", "unknown"])
def test_what_a_person_decided_never_sends_a_family(where: str) -> None:
    agency = "nobody" if where == "unknown" else B
    word = "ineligible" if where == "excluded by the rules" else "eligible"
    scope = (A,) if where == "outside consent" else (A, B)
    no = frozenset([B]) if where == "said no" else frozenset()
    ruled = known(outcome(A), outcome(B, word), scope=scope, chosen=(A,)).with_ruling("route", agency)
    assert decide(ruled, no) == ROUTED_TO_A


def test_a_refusal_by_a_person_holds_for_the_facts_that_it_was_made_on() -> None:
    refused = known(outcome(A), outcome(B)).with_ruling("not-eligible", None)
    assert decide(refused) == Decision("not-eligible", (), ("decided-by-person",))
    newer = refused.with_facts(2, "7KX-3FM-9QF", "family-support", (A,), (A,)).with_assessment(2, (outcome(A),))
    assert decide(newer) == ROUTED_TO_A


# Ends and new beginnings


@pytest.mark.parametrize("ended", ["withdrawn", "closed", "entered-in-error"])
def test_what_has_ended_is_decided_as_that_until_it_is_opened_again(ended: str) -> None:
    over = known().with_end(3, ended)
    assert decide(over) == Decision(ended)
    assert decide(over.with_reopening(4)) == ROUTED_TO_A
    assert decide(known().with_reopening(4).with_end(3, ended)) == ROUTED_TO_A


def test_a_person_decided_for_one_round_only() -> None:
    refused = known().with_ruling("not-eligible", None)
    assert decide(refused.with_reopening(4)) == ROUTED_TO_A


@pytest.mark.parametrize("state", ["rejected", "completed", "failed"])
def test_who_has_answered_may_be_asked_again_in_a_new_round(state: str) -> None:
    before = task(state=state)
    assert plan(known(), [before], ROUTED_TO_A).request == ()
    assert plan(known().with_reopening(4), [before], ROUTED_TO_A).request == (A,)


@pytest.mark.parametrize("state", ["completed", "failed"])
def test_when_everybody_asked_has_finished_nothing_is_left_to_try(state: str) -> None:
    changes = plan(known(), [task(state=state)], ROUTED_TO_A)
    assert (changes.decision, changes.tell) == (Decision("concluded", (A,)), True)


def test_nothing_is_concluded_while_one_agency_is_at_it() -> None:
    both = known(outcome(A), outcome(B), chosen=(A, B))
    changes = plan(both, [task(A, "completed"), task(B, "in-progress", number=2)], Decision("routed", (A, B)))
    assert (changes.decision, changes.tell) == (Decision("routed", (A, B)), False)


def test_a_rejection_alone_concludes_nothing() -> None:
    changes = plan(known(), [task(state="rejected")], ROUTED_TO_A)
    assert changes.decision == Decision("under-review", (A,), ("rejected",))


def test_an_agency_that_asked_goes_on_when_newer_facts_have_come() -> None:
    waiting = replace(task(state="on-hold"), asked_at=1)
    assert plan(known(), [waiting], ROUTED_TO_A).resume == ()
    newer = replace(known(), facts_sequence=2, assessed_sequence=2)
    assert plan(newer, [waiting], ROUTED_TO_A).resume == (waiting,)
