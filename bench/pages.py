"""People's pages with 100,000 referrals stored, all of them one agency's: how long the server takes for each.

A few referrals go the whole way over HTTP; the rest are made in the databases after their pattern, spread over a year and over
all that can become of a task. Then each page is asked for again and again by somebody who is signed in, one at a time.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

import requests
from sqlalchemy import Connection, Table, func, insert, select

from bench.client import closed_loop
from bench.report import Figure, percentile
from bench.report import Table as Report
from bench.systems import AGENCY, Servers, System, tidy
from services.catalogue import runtime_of
from services.routing.due import NOTHING_OWED
from shared.ids import new_id
from shared.messaging.runtime import Runtime
from shared.references import new_reference
from shared.web.statics import address as address_of
from tests.support.people import signed_in_at

REAL, ASKED, BATCH, YEAR = 40, 100, 2_000, 365
GOAL = "under 100"
LIMITS = {f"WAYPOST_{who}_{what}": "100000" for who in ("KEY", "ADDRESS") for what in ("RATE", "BURST")}

Row = dict[str, Any]
_given: set[str] = set()
_OPEN = {"requested": 8, "accepted": 6, "on-hold": 6, "in-progress": 10}
_OVER = {"completed": 50, "rejected": 14, "failed": 5, "cancelled": 1}
_STATES = [state for state, parts in (_OPEN | _OVER).items() for _ in range(parts)]
_WAY: Mapping[str, tuple[str, ...]] = {
    "requested": (),
    "accepted": ("accept",),
    "on-hold": ("accept", "hold"),
    "in-progress": ("accept", "start"),
    "completed": ("accept", "start", "complete"),
    "rejected": ("reject",),
    "failed": ("accept", "start", "fail"),
    "cancelled": ("cancel",),
}
_WORKERS = 12


def measure(servers: Servers, referrals: int = 100_000) -> list[Report]:
    """Both pairs, the default first; `referrals` in all."""
    return [
        _measured("the default", servers.default(), referrals),
        _measured("PostgreSQL", servers.scale(), referrals),
    ]


def _measured(name: str, system: System, referrals: int) -> Report:
    system.environment |= LIMITS
    system.start()
    if not system.keys:
        system.make_keys()
    closed_loop(system.port, system.referrals()[:1], 60, REAL)
    runtime = runtime_of("routing", system.settings)
    task_id = _once_routed(runtime)
    system.stop()
    _store("referrals", system, referrals)
    _store("routing", system, referrals)
    tidy(runtime)
    cookies = signed_in_at(runtime, AGENCY, "agency-worker")
    with runtime.store.reading() as connection:
        tasks = runtime.metadata.tables["tasks"]
        worker = connection.execute(
            select(tasks.c.worker_index).where(tasks.c.worker_index.is_not(None)).limit(1)
        ).scalar()
        reference = connection.execute(select(tasks.c.reference).where(tasks.c.id == task_id)).scalar_one()
    runtime.store.database.close()
    system.start()
    lists = f"http://127.0.0.1:{system.settings.ports['routing']}"
    pages = {
        "the style sheet, as a floor": f"{lists}{address_of('waypost.css')}",
        "refer: where one begins": f"http://127.0.0.1:{system.port}/refer",
        "inbox": f"{lists}/tasks",
        "inbox, what is late": f"{lists}/tasks?which=overdue",
        "inbox, what is on hold": f"{lists}/tasks?which=on-hold",
        "inbox, mine": f"{lists}/tasks?which=mine",
        "inbox, one worker's": f"{lists}/tasks?worker={worker}",
        "inbox, all": f"{lists}/tasks?which=all",
        "inbox, by reference": f"{lists}/tasks?reference={reference}",
        "a task, with its family": f"{lists}/tasks/{task_id}",
        "a form of a task": f"{lists}/tasks/{task_id}/reject",
        "room": f"{lists}/capacity",
        "workload": f"{lists}/workload",
    }
    figures = []
    for page, address in pages.items():
        times_of(address, cookies, 1)
        before = sum(system.processor_seconds().values())
        times = times_of(address, cookies, ASKED)
        used = (sum(system.processor_seconds().values()) - before) * 1000 / len(times)
        figures.append(Figure(f"{page}: 95th percentile", [percentile(times, 0.95)], "ms", GOAL))
        figures.append(Figure(f"{page}: processor time, mean", [used], "ms"))
    system.stop()
    how = (
        f"{referrals:,} referrals stored, all tasks of one agency, {sum(_OPEN.values())} of 100 open; every page {ASKED} "
        "times, one at a time, over HTTP on the same machine, all between the question and the last byte counted. Processor "
        "time is that of all services."
    )
    return Report(f"Pages, {name}", how, figures)


def times_of(address: str, cookies: dict[str, str], asked: int, headers: dict[str, str] | None = None) -> list[float]:
    """How long each answer took, in milliseconds. The very first of a page fills caches: ask for it beforehand."""
    times = []
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(asked):
            begun = time.perf_counter()
            answer = session.get(address, cookies=cookies, headers=headers, timeout=30)
            times.append((time.perf_counter() - begun) * 1000)
            assert answer.status_code == 200, (address, answer.status_code)
    return times


def _once_routed(runtime: Runtime) -> str:
    """The id of a real task, once all referrals that went the whole way have one."""
    tasks, deadline = runtime.metadata.tables["tasks"], time.monotonic() + 60
    while time.monotonic() < deadline:
        with runtime.store.reading() as connection:
            if connection.execute(select(func.count()).select_from(tasks)).scalar_one() >= REAL:
                return str(connection.execute(select(func.max(tasks.c.id))).scalar_one())
        time.sleep(0.2)
    raise TimeoutError("the referrals were not routed")


def _store(service: str, system: System, referrals: int) -> None:
    """Rows of so many referrals, made after one that went the whole way."""
    runtime = runtime_of(service, system.settings)
    tables = runtime.metadata.tables
    chance = Random(4)
    with runtime.store.reading() as connection:
        patterns = _patterns(connection, tables, service)
    numbers: Iterator[int] = iter(range(referrals - REAL))
    while batch := list(islice(numbers, BATCH)):
        rows: dict[str, list[Row]] = {name: [] for name in patterns}
        for _ in batch:
            for name, made in (_routed if service == "routing" else _referred)(patterns, chance).items():
                rows[name] += made
        with runtime.store.writing() as transaction:
            for name, made in rows.items():
                transaction.execute(insert(tables[name]), made)
    runtime.store.database.close()


def _patterns(connection: Connection, tables: Mapping[str, Table], service: str) -> dict[str, list[Row]]:
    """Every row that a service has of one referral, by table; those that others point to come first."""
    names = (
        ("referrals", "tasks", "moves")
        if service == "routing"
        else ("referrals", "referral_keys", "children", "consents", "timeline", "assessments")
    )
    first = tables["referrals"]
    referral_id = connection.execute(select(func.min(next(iter(first.primary_key.columns))))).scalar_one()
    found: dict[str, list[Row]] = {}
    for name in names:
        table = tables[name]
        if name == "moves":
            task = select(tables["tasks"].c.id).where(tables["tasks"].c.referral_id == referral_id)
            where = table.c.task_id.in_(task)
        else:
            where = (table.c.referral_id if "referral_id" in table.c else table.c.id) == referral_id
        found[name] = [dict(row) for row in connection.execute(select(table).where(where)).mappings()]
    return found


def _reference() -> str:
    """A reference that none of the others has: of a hundred thousand at random two are alike once in fifteen runs."""
    while (reference := new_reference()) in _given:
        pass
    _given.add(reference)
    return reference


def _referred(patterns: dict[str, list[Row]], chance: Random) -> dict[str, list[Row]]:
    """What `referrals` has of one more; it is never looked at, so what is sealed need not open."""
    referral_id, made = new_id(), {}
    for name, rows in patterns.items():
        made[name] = [{**row, "referral_id": referral_id} for row in rows]
        for row in made[name]:
            row |= {key: new_id() for key in ("id", "event_id") if key in row}
            if name == "timeline":
                del row["id"]
    (referral,) = made["referrals"]
    del referral["referral_id"]
    referral |= {"id": referral_id, "reference": _reference(), "tracking_hash": chance.randbytes(32)}
    return made


def _routed(patterns: dict[str, list[Row]], chance: Random) -> dict[str, list[Row]]:
    """What `routing` has of one more: a task somewhere on its way, and how it came there."""
    ((referral,), (task,), (request,)) = (rows[:1] for rows in patterns.values())
    referral_id, task_id, state = new_id(), new_id(), chance.choice(_STATES)
    is_open = state in _OPEN
    came = datetime.now(UTC) - timedelta(days=chance.uniform(0, 15 if state == "requested" else YEAR))
    day = came.date()
    dates = {"acknowledge_by": 2, "decide_by": 7, "contact_by": 14}
    due_by = {name: day + timedelta(days=days) for name, days in dates.items()}
    due = {"requested": due_by["decide_by"], "accepted": due_by["contact_by"], "cancelled": day}
    moves, before, at = [{**request, "task_id": task_id, "at": came}], "requested", came
    for action in _WAY[state]:
        at += (datetime.now(UTC) - at) * chance.uniform(0, 0.3)
        moves.append({**request, "task_id": task_id, "at": at, "action": action, "role": "agency", "state": before})
    for move in moves:
        del move["id"]
    reference = _reference()
    about = {"referral_id": referral_id, "reference": reference, "changed_at": at}
    here = {
        "id": task_id,
        "state": state,
        "open_agency": AGENCY if is_open else None,
        "requested_at": came,
        "due": due.get(state, NOTHING_OWED if is_open else None),
        # The worker's name cannot be sealed here without a key for each task; lists find workers without it.
        "worker_index": f"{chance.randrange(_WORKERS):064x}" if is_open and chance.random() < 0.7 else None,
    }
    return {"referrals": [referral | about], "tasks": [task | about | due_by | here], "moves": moves}
