"""What is said of an agency that was rehearsed."""

import pytest

from services.routing.domain.rehearsal import (
    DUPLICATE,
    LATE,
    PLAIN,
    RECALLED,
    REORDERED,
    SENT,
    STEPS,
    Done,
    Refused,
    verdict,
)

ACCEPTED = Done("accepted", True, ("accept",))
STOPPED = Done("cancelled", True, ("accept", "acknowledge-recall"))


@pytest.mark.parametrize(
    ("step", "done", "said"),
    [
        (PLAIN, ACCEPTED, "answered once"),
        (PLAIN, Done("rejected", False, ("reject",)), "answered once"),
        (DUPLICATE, ACCEPTED, "handled the duplicate once"),
        (LATE, ACCEPTED, "answered once, though it came late"),
        (REORDERED, Done("cancelled", False, ("acknowledge-recall",)), "stopped, though the recall came first"),
        (RECALLED, STOPPED, "stopped after the recall"),
    ],
)
def test_what_went_well_is_said_to_have(step: str, done: Done, said: str) -> None:
    assert verdict(step, done) == (True, said)


@pytest.mark.parametrize(
    ("step", "done", "said"),
    [
        (PLAIN, Done("requested", False), "neither read the task nor answered"),
        (LATE, Done("requested", True, ("note",)), "read the task, did not answer"),
        (DUPLICATE, Done("accepted", True, ("accept",), (Refused("accept", "accepted"),) * 2), "accepted twice"),
        (
            PLAIN,
            Done("rejected", True, ("reject",), (Refused("accept", "rejected"),)),
            "tried accept when the task was rejected",
        ),
        (
            REORDERED,
            Done("cancelled", True, (), (Refused("accept", "cancelled"),)),
            "went on after the recall (accept); did not acknowledge the recall",
        ),
        (RECALLED, Done("cancelled", True, ("accept",)), "did not acknowledge the recall"),
        (RECALLED, ACCEPTED, "not recalled yet"),
        (RECALLED, Done("rejected", True, ("reject",)), "ended the task (rejected) before it could be recalled"),
    ],
)
def test_what_did_not_is_named(step: str, done: Done, said: str) -> None:
    assert verdict(step, done) == (False, said)


def test_to_acknowledge_a_recall_twice_does_no_harm() -> None:
    done = Done("cancelled", True, STOPPED.moves, (Refused("acknowledge-recall", "cancelled"),))
    assert verdict(RECALLED, done) == (True, "stopped after the recall")


def test_for_each_step_it_is_said_what_was_sent() -> None:
    assert set(SENT) == set(STEPS)
