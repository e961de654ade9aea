"""What becomes of one referral's facts under another directory, and why: the criteria that are answered differently. Pure.

Consent, choice and room are not looked at: this is about rules alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.directory.agency import AgencyDecision
from shared.rules.receipt import ELIGIBLE, Receipt

RE_ROUTED, NEWLY_IN, NEWLY_OUT, OTHERWISE = KINDS = ("re-routed", "newly-in", "newly-out", "otherwise")
"""Of a referral: from one agency to another, to one more, to one less; or an answer is another, and nobody gains or loses."""
MOST_REASONS = 12

Json = dict[str, Any]


def difference(before: Sequence[AgencyDecision], after: Sequence[AgencyDecision]) -> Json | None:
    """The kind of change and each agency whose answer is another, with reasons; None where all answers are the same.

    An agency that is in one directory alone has no outcome in the other.
    """
    was, now = ({each.agency: each for each in decisions} for decisions in (before, after))
    agencies = [
        _agency(agency, was.get(agency), now.get(agency))
        for agency in dict.fromkeys([*was, *now])
        if _answer(was.get(agency)) != _answer(now.get(agency))
    ]
    if not agencies:
        return None
    able_before, able_after = _able(before), _able(after)
    gained, lost = able_after - able_before, able_before - able_after
    kind = RE_ROUTED if gained and lost else NEWLY_IN if gained else NEWLY_OUT if lost else OTHERWISE
    return {"kind": kind, "agencies": agencies}


def _able(decisions: Sequence[AgencyDecision]) -> set[str]:
    return {each.agency for each in decisions if each.outcome == ELIGIBLE}


def _answer(decision: AgencyDecision | None) -> Any:
    return None if decision is None else (decision.outcome, dict(decision.children))


def _agency(agency: str, was: AgencyDecision | None, now: AgencyDecision | None) -> Json:
    return {
        "agency": agency,
        "was": was.outcome if was else None,
        "becomes": now.outcome if now else None,
        "because": _reasons(was.receipt, now.receipt) if was and now else [],
    }


def _reasons(was: Receipt, now: Receipt) -> list[Json]:
    """The clauses whose answer is another, or that are in one of both alone; none where the same answers count otherwise."""
    before, after = _clauses(was), _clauses(now)
    reasons = []
    for key in dict.fromkeys([*after, *before]):
        old, new = before.get(key), after.get(key)
        if old and new and old["answer"] == new["answer"]:
            continue
        told = new or old or {}
        reasons.append(
            {
                "clause": key[0],
                "sentence": told["sentence"],
                "interpretation": told["interpretation"],
                "was": old["answer"] if old else None,
                "becomes": new["answer"] if new else None,
            }
        )
    return _distinct(reasons)[:MOST_REASONS]


def _clauses(receipt: Receipt) -> Mapping[tuple[str, frozenset[str | None]], Json]:
    """Each answer by its clause, and by whom it is about: a clause of the children is answered for each."""
    found = {}
    for clause in receipt.to_json()["clauses"]:
        about = frozenset(used["child"] for used in clause["used"])
        found[clause["id"], about] = clause
    return found


def _distinct(reasons: list[Json]) -> list[Json]:
    """The same of several children is told once."""
    return list({tuple(each.values()): each for each in reasons}.values())
