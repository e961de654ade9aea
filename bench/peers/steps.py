"""What each peer does with an event at each of three steps: one commit of "taken" and its effect, unless taken before.

The event goes on to the next step in either case, since a worker may have died between its commit and its publishing.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

STEPS = ("submitted", "assessed", "routed")
TABLES = (
    "CREATE TABLE inbox (step text, event_id text, PRIMARY KEY (step, event_id))",
    "CREATE TABLE effects (id bigserial PRIMARY KEY, step text NOT NULL, event_id text NOT NULL, body text NOT NULL, "
    "at timestamptz NOT NULL DEFAULT clock_timestamp())",
)
TAKE = "INSERT INTO inbox (step, event_id) VALUES ({}, {}) ON CONFLICT DO NOTHING"
EFFECT = "INSERT INTO effects (step, event_id, body) VALUES ({}, {}, {})"

_local = threading.local()


def take(step: str, event_id: str, body: str) -> None:
    """With psycopg, a connection for each thread."""
    if not hasattr(_local, "store"):
        _local.store = psycopg.connect(os.environ["PEER_DATABASE"])
    with _local.store.transaction():
        taken = _local.store.execute(TAKE.format("%s", "%s"), (step, event_id))
        if taken.rowcount:
            _local.store.execute(EFFECT.format("%s", "%s", "%s"), (step, event_id, body))


async def take_async(pool: Any, step: str, event_id: str, body: str) -> None:
    """With a pool of asyncpg."""
    async with pool.acquire() as store, store.transaction():
        if (await store.execute(TAKE.format("$1", "$2"), step, event_id)).endswith(" 1"):
            await store.execute(EFFECT.format("$1", "$2", "$3"), step, event_id, body)


def fill(send: Callable[[str, str], None]) -> None:
    """Sends what `python -m … fill FILE NUMBER` asks for to the first step."""
    for event_id, body in backlog():
        send(event_id, body)


def backlog() -> Iterator[tuple[str, str]]:
    """So many events with the file's body; the first comes twice, as after a crash."""
    body, number = Path(sys.argv[2]).read_text(), int(sys.argv[3])
    for each in (0, *range(number)):
        yield f"event-{each:09}", body
