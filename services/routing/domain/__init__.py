"""Routing's rules, all pure: what a task may do next (`tasks`), what is known of a referral (`knowledge`), where it goes
(`decision`), and what has to change for that (`planning`)."""

from services.routing.domain.decision import Decision, decide
from services.routing.domain.knowledge import Known, Outcome, Ruling
from services.routing.domain.planning import Plan, plan
from services.routing.domain.tasks import MOVES, Move, Task, WrongMove, move

__all__ = [
    "MOVES",
    "Decision",
    "Known",
    "Move",
    "Outcome",
    "Plan",
    "Ruling",
    "Task",
    "WrongMove",
    "decide",
    "move",
    "plan",
]
