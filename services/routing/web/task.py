"""What a task's page needs beside the task itself: names, history and receipt as people read them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.routing.web.staff import Staff
from services.routing.web.wording import Due, actor_words, ages_words, due_words
from shared.resources import Resources
from shared.web.catalogue import Catalogue

Json = Mapping[str, Any]
FIRST, BESIDE = ("accept", "start", "complete", "resume", "acknowledge-recall"), ("assign", "note")


def about_task(task: Json, staff: Staff, today: date) -> dict[str, Any]:
    """`task` is the task in full, as the API answers it."""
    return {
        "task": task,
        "staff": staff,
        "worker": staff.name(task["worker"]),
        "due": when(task, today),
        "history": [{**move, "who": actor_words(move["actor"], staff.names)} for move in reversed(task["moves"])],
        "why": why(task["receipt"], task["children"]),
        "who": ages_words(len(task["children"]), task["ages"]),
        "main": [action for action in FIRST if action in task["actions"]],
        "others": [action for action in task["actions"] if action not in FIRST and action not in BESIDE],
    }


def why(receipt: Json | None, children: list[str]) -> Json | None:
    """The receipt for people: clauses that were met, and those that were not or nobody knows; None for a made-up one."""
    if not receipt or "clauses" not in receipt:
        return None
    mine = [clause for clause in receipt["clauses"] if _is_about(clause, children)]
    return {
        **receipt,
        "met": [_clause(each) for each in mine if each["part"] == "criteria" and each["answer"] == "true"],
        "not_met": [_clause(each) for each in mine if each["part"] == "criteria" and each["answer"] != "true"],
    }


def needs(resources: Resources) -> dict[str, str]:
    """The names of all needs that the directory knows, by code."""
    return {code: name for agency in resources.directory.agencies for code, name in agency.needs.items()}


def _is_about(clause: Json, children: list[str]) -> bool:
    """Whether a clause is about the family, or a child that the task covers."""
    who = {used["child"] for used in clause["used"]}
    return None in who or not who or bool(who & set(children))


def _clause(clause: Json) -> dict[str, Any]:
    """What a clause was met by is what was known: that another child's school was not given says nothing then."""
    known = [used for used in clause["used"] if used["value"] is not None] if clause["answer"] == "true" else []
    bases = list(dict.fromkeys(used["basis"] for used in known or clause["used"]))
    return {**clause, "about": clause["fact"].rpartition(".")[2], "bases": bases}


def when(task: Json, today: date) -> Due | None:
    """When the task's agency owes something, in words."""
    return due_words(date.fromisoformat(task["due"]), today) if task["due"] else None


def options(catalogue: Catalogue, task: Json, action: str, staff: Staff) -> list[tuple[str, str]]:
    """What there is to choose from for a move, with labels: reasons, items, workers."""
    if action == "request-information":
        return list(catalogue.section("task-items").items())
    if action != "assign":
        return [(code, catalogue.word("task-reasons", code)) for code in task["reasons"].get(action, ())]
    # Whoever has it now may be somebody whom only the agency's program knows.
    now = {task["worker"]: str(staff.name(task["worker"]))} if task["worker"] else {}
    return list({"": "Nobody", **now, **{each.email: f"{each.name}, {each.email}" for each in staff.here}}.items())
