"""What an agency is rehearsed in, and what is to be said of what it did with each step."""

from dataclasses import dataclass
from typing import NamedTuple

from services.routing.domain.tasks import CANCELLED, OPEN

PLAIN, DUPLICATE, REORDERED, LATE, RECALLED = STEPS = ("plain", "duplicate", "reordered", "late", "recalled")
DELAY_SECONDS = 10
SENT = {
    PLAIN: "a referral",
    DUPLICATE: "a referral, its event three times",
    REORDERED: "a recall, and after it the referral that it recalls",
    LATE: f"a referral, its event {DELAY_SECONDS} seconds late",
    RECALLED: "a referral, and later its recall",
}
ANSWERS = frozenset(("accept", "reject", "hold", "request-information"))
ACKNOWLEDGE = "acknowledge-recall"
_WELL = {
    PLAIN: "answered once",
    DUPLICATE: "handled the duplicate once",
    LATE: "answered once, though it came late",
    REORDERED: "stopped, though the recall came first",
    RECALLED: "stopped after the recall",
}
_PAST = {"accept": "accepted", "reject": "rejected", "start": "started", "complete": "completed"}


class Refused(NamedTuple):
    """A call that got a 409, and the state in which the task was then."""

    action: str
    state: str


@dataclass(frozen=True)
class Done:
    """What an agency did with the task of one step: whether it read it, its moves in their order, what was refused."""

    state: str
    read: bool
    moves: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()


def verdict(step: str, done: Done) -> tuple[bool, str]:
    """Whether the step went well, and what to say of it."""
    wrong = _refused(done) + (_of_recall(done) if step in (REORDERED, RECALLED) else _of_answer(done))
    return (False, "; ".join(wrong)) if wrong else (True, _WELL[step])


def _refused(done: Done) -> list[str]:
    # To say twice that it has stopped does no harm.
    told = (_said_of(each, done.moves) for each in done.refused if each.action != ACKNOWLEDGE)
    return list(dict.fromkeys(told))


def _said_of(refused: Refused, moves: tuple[str, ...]) -> str:
    action, state = refused
    if state == CANCELLED:
        return f"went on after the recall ({action})"
    if action in moves:
        return f"{_PAST.get(action, f'asked for {action}')} twice"
    return f"tried {action} when the task was {state}"


def _of_answer(done: Done) -> list[str]:
    if ANSWERS.intersection(done.moves):
        return []
    return ["read the task, did not answer" if done.read else "neither read the task nor answered"]


def _of_recall(done: Done) -> list[str]:
    if done.state in OPEN:
        return ["not recalled yet"]
    if done.state != CANCELLED:
        return [f"ended the task ({done.state}) before it could be recalled"]
    return [] if ACKNOWLEDGE in done.moves else ["did not acknowledge the recall"]
