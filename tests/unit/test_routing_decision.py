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
