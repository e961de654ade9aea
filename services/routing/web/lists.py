"""The list of tasks as a page asks for it: its chips, its form, and the query that leads to the next page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from services.routing.domain.lists import ACTIVE, BY_DUE, NEWEST, WHICH
from services.routing.domain.tasks import OPEN
from services.routing.listing import Wanted, counts_of, page_of
from services.routing.web.staff import Staff, my_index
from services.routing.web.task import when
from services.routing.web.wording import ages_words
from shared.clock import london_date
from shared.messaging.store import Store
from shared.web.people.person import Person

ALL, MINE = "all", "mine"
CHIPS = (*WHICH[:-1], MINE, WHICH[-1], ALL)
STATES = ("requested", "accepted", "in-progress", "on-hold", "completed", "rejected", "failed", "cancelled")
_ASKED = ("which", "state", "worker", "reference", "sort")


@dataclass(frozen=True)
class Asked:
    """What somebody wants to see: a chip, or what they chose and typed."""

    chip: str
    wanted: Wanted
    query: Mapping[str, str]

    @classmethod
    def of(cls, store: Store, staff: Staff, person: Person, arguments: Mapping[str, str]) -> "Asked":
        """As the page's query says it; without any, all that is to be done, the most urgent first."""
        query = {name: text for name in _ASKED if (text := arguments.get(name, "").strip())}
        state, found = query.get("state"), query.get("reference") or query.get("worker")
        chip = "" if state or found else query.get("which", ACTIVE)
        over = chip == ALL or (state is not None and state not in OPEN)
        asked = {**query, "sort": query.get("sort", NEWEST if over or query.get("reference") else BY_DUE)}
        if over and asked["sort"] == BY_DUE:
            asked["sort"] = NEWEST
        if chip == MINE:
            asked["worker"] = my_index(store, staff, person)
        asked["which"] = chip if chip in WHICH else "" if chip in ("", ALL, MINE) else chip
        return cls(chip, Wanted.of(asked), query)

    def address(self, path: str, **more: str) -> str:
        """A page about the same tasks."""
        query = urlencode({**self.query, **more})
        return f"{path}?{query}" if query else path


def shown(store: Store, staff: Staff, agency: str, asked: Asked, arguments: Mapping[str, str]) -> dict[str, Any]:
    """What the template of the list needs: the page, and how many there are of each chip that can be counted."""
    today = london_date(store.resources.clock.now())
    with store.reading() as connection:
        counts = counts_of(connection, agency, today)
    page = page_of(store, agency, asked.wanted, arguments)
    return {
        "tasks": [_row(task, staff, today) for task in page["items"]],
        "counts": counts,
        "chips": CHIPS,
        "states": STATES,
        "asked": asked,
        "following": asked.address("/tasks", cursor=page["next"]) if page["next"] else None,
        "first": asked.address("/tasks") if "cursor" in arguments else None,
    }


def _row(task: Mapping[str, Any], staff: Staff, today: date) -> dict[str, Any]:
    return {
        **task,
        "when": when(task, today),
        "who": ages_words(len(task["children"]), task["ages"]),
        "by": staff.name(task["worker"]),
    }
