"""The ages of a task's children, as far as the receipt tells: in whole years, on the day the referral was received."""

from collections.abc import Collection, Mapping
from typing import Any


def ages_of(receipt: Mapping[str, Any] | None, children: Collection[str]) -> list[int]:
    """The oldest first. A child whose age no clause asked for is not among them."""
    found = {
        used["child"]: used["value"]
        for clause in (receipt or {}).get("clauses", ())
        if clause["fact"].rpartition(".")[2] == "age"
        for used in clause["used"]
        if isinstance(used["value"], int)
    }
    return sorted((found[child] for child in children if child in found), reverse=True)
