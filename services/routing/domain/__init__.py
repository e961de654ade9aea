"""Routing's rules, all pure: what a task may do next (`tasks`), what is known of a referral (`knowledge`), and where it
goes (`decision`)."""

from services.routing.domain.decision import Decision, Plan, decide, plan
from services.routing.domain.knowledge import Known, Outcome
from services.routing.domain.tasks import MOVES, Move, Task, WrongMove, move

__all__ = ["MOVES", "Decision", "Known", "Move", "Outcome", "Plan", "Task", "WrongMove", "decide", "move", "plan"]
