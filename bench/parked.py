"""A million messages parked in 40 groups: how long operations' pages take, and how fast a group is tried again.

On each pair the whole system runs as it always does; the messages are put where the routing service keeps those that failed
for good, with real bodies, sealed. Each page is asked for over HTTP by somebody who is signed in.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import requests

from bench.report import Figure, Table, percentile
from bench.systems import Servers, System, tidy
from services.catalogue import migrations_of, runtime_of
from shared.contracts.referrals import ReferralWithdrawn
from shared.database.migrations import migrate
from shared.database.rows import insert_rows
from shared.ids import new_id
from shared.messaging.runtime import Runtime
from tests.support.people import signed_in_at

GROUPS = 40
BATCH = 10_000
ASKED = 30
GOAL = "under 200"


def measure(servers: Servers, messages: int = 1_000_000) -> list[Table]:
    """Both pairs, the default first; `messages` in all."""
    # The default commits to one file from one process, so what is tried again leaves it less room for anything else.
    return [
        _measured("the default", servers.default(), messages, pace=20),
        _measured("PostgreSQL", servers.scale(), messages, pace=200),
    ]


def park(runtime: Runtime, messages: int) -> float:
    """Puts them there; answers the seconds that it took."""
    table, begun = runtime.metadata.tables["failures"], time.perf_counter()
    body = _body()
    seal = runtime.resources.keyring.seal
    for first in range(0, messages, BATCH):
        with runtime.store.writing() as transaction:
            now = transaction.now
            if runtime.store.database.is_sqlite:  # Its usual cache is meant for less than this.
                transaction.connection.exec_driver_sql("PRAGMA cache_size=-500000")
            rows = [
                {
                    "event_id": (event_id := f"bench-{number:09}"),
                    "type": ReferralWithdrawn.type(),
                    "subject": f"bench-subject-{number % 250_000:09}",
                    "body": seal(event_id, body),
                    "size": len(body),
                    "error": f"Error{number % GROUPS % 8}",
                    "place": f"services.routing.handlers:handler:{number % GROUPS}",
                    "attempts": 10,
                    "failed_at": now,
                    "first_failed_at": now,
                    "parked_at": now,
                }
                for number in range(first, min(first + BATCH, messages))
            ]
            insert_rows(transaction.connection, [(table, rows)])
    return time.perf_counter() - begun


def _measured(name: str, system: System, messages: int, pace: int) -> Table:
    for service in ("routing", "operations"):
        runtime = runtime_of(service, system.settings)
        migrate(runtime.store.database, migrations_of(service))
        if service == "routing":
            seconds = park(runtime, messages)
            tidy(runtime)
        else:
            cookies = signed_in_at(runtime, "operations", "operations")
        runtime.store.database.close()
    system.start()
    session = requests.Session()
    session.cookies.update(cookies)
    address = f"http://127.0.0.1:{system.settings.ports['operations']}"
    try:
        figures = [Figure("messages parked in a second", [messages / seconds], "/s")]
        figures += list(_pages(session, address))
        figures += list(_group_retried(session, address, pace))
    finally:
        system.stop()
    how = f"{messages:,} messages in {GROUPS} groups at one service. Each page was asked for {ASKED} times."
    return Table(f"Parked messages: {name}", how, figures)


def _pages(session: requests.Session, address: str) -> Iterator[Figure]:
    group = f"{address}/parked/routing?group=7"
    listed = session.get(group, timeout=60).text
    more = listed.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    pages = {
        "the overview": address + "/",
        "the groups": address + "/parked",
        "a group's first page": group,
        "a group's second page": address + more,
        "the messages of one referral": f"{address}/parked/routing?subject=bench-subject-000000123",
        "one message": f"{address}/parked/routing/messages/bench-000000123",
        "before a group is tried again": f"{address}/parked/routing/many?group=7",
    }
    for name, url in pages.items():
        times = []
        for _ in range(ASKED):
            begun = time.perf_counter()
            answer = session.get(url, timeout=60)
            times.append((time.perf_counter() - begun) * 1e3)
            assert answer.status_code == 200, (name, answer.status_code)
            if name == "the overview":
                time.sleep(2)  # Within two seconds all who watch see the same look.
        yield Figure(f"{name}, p50", [percentile(times, 0.5)], "ms", GOAL)
        yield Figure(f"{name}, p95", [percentile(times, 0.95)], "ms", GOAL)


def _group_retried(session: requests.Session, address: str, pace: int) -> Iterator[Figure]:
    """A group tried again at so many a second for ten seconds, then stopped."""
    page = session.get(f"{address}/parked/routing/many?group=7", timeout=60).text
    token = page.partition('name="csrf" value="')[2].partition('"')[0]
    answer = session.post(
        f"{address}/parked/routing/many?group=7",
        data={"csrf": token, "/pace": str(pace)},
        timeout=60,
        allow_redirects=False,
    )
    assert answer.status_code == 303, answer.status_code
    job = address + answer.headers["Location"]
    begun, times = time.perf_counter(), []
    while time.perf_counter() - begun < 10:
        asked = time.perf_counter()
        page = session.get(job, timeout=60).text
        times.append((time.perf_counter() - asked) * 1e3)
        time.sleep(0.5)
    moved = int(page.partition('<progress class="progress" max="')[2].partition('value="')[2].partition('"')[0])
    session.post(job + "/stop", data={"csrf": token}, timeout=60)
    yield Figure(f"handed over at {pace} a second, within ten seconds", [moved / 10], "/s")
    yield Figure("the page of it meanwhile, p95", [percentile(times, 0.95)], "ms", GOAL)


def _body() -> bytes:
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": new_id(),
        "source": "urn:waypost:referrals",
        "type": ReferralWithdrawn.type(),
        "subject": new_id(),
        "time": "2026-11-20T10:00:00+00:00",
        "datacontenttype": "application/json",
        "sequence": "0000000001",
        "data": {"referral_id": new_id(), "reason": "family-changed-mind"},
    }
    return json.dumps(event).encode()
