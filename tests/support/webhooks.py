"""Routing's webhooks without nameko: a store with events for agencies, a dispatcher, receivers as processes of their own."""

import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import eventlet
from sqlalchemy import select

import services.routing.webhooks.tables  # noqa: F401 - its tables belong to routing's metadata
from services.routing.service import RoutingService
from services.routing.webhooks import endpoints
from services.routing.webhooks.addresses import Addresses
from services.routing.webhooks.dispatcher import Dispatcher
from services.routing.webhooks.schedule import Schedule
from services.routing.webhooks.sending import Post
from shared.clock import SystemClock
from shared.contracts.routing import TaskRecalled
from shared.ids import new_id
from shared.messaging.broker import Outgoing
from shared.messaging.relay import Relay
from shared.messaging.runtime import Runtime
from shared.resources import Resources
from tests.support.pairs import Pair
from tests.support.parts import SteppedClock, settings_for
from tests.support.process import Process, free_port
from tests.support.schema import migrated

A, B = "families-apart", "time-matters"
RECEIVER = Path(__file__).with_name("webhook_receiver.py")
MIGRATIONS = Path(__file__).parents[2] / "services" / "routing" / "migrations"
QUICK = Schedule(first=0.02, longest=0.2, per_second=2000)


class Desk:
    """Routing's store on a pair, and what a test does with it."""

    def __init__(self, pair: Pair, folder: Path, clock: SteppedClock | None = None) -> None:
        settings = replace(settings_for(pair, folder), webhooks_allow=("127.0.0.1/32",))
        resources = Resources(settings, clock or SystemClock())
        self.runtime = Runtime("routing", RoutingService.metadata, resources)
        self.store = self.runtime.store
        self.post = Post(Addresses(settings.webhooks_allow))
        self._relay = Relay(self.store, self.runtime.broker, self.runtime.metrics)
        migrated(self.store.database, MIGRATIONS)

    def write(self, agency: str, *subjects: str) -> None:
        """One event for the agency about each of these referrals, in this order; it waits for a relay."""
        for first in range(0, len(subjects), 500):
            with self.store.writing() as transaction:
                for subject in subjects[first : first + 500]:
                    about = {"referral_id": subject, "agency": agency, "task_id": new_id(), "reason": "withdrawn"}
                    transaction.publish(TaskRecalled, subject, about, audience=agency)

    def relayed(self) -> bool:
        """Whether all that was written stands in the feeds."""
        outbox = self.runtime.metadata.tables["outbox"]
        with self.store.reading() as connection:
            return connection.execute(select(outbox.c.id).where(outbox.c.sent_at.is_(None)).limit(1)).first() is None

    def tell(self, agency: str, *subjects: str) -> None:
        """The same, and the relay has sent them."""
        self.write(agency, *subjects)
        self.relay()

    def relay(self) -> None:
        """What was told enters the feeds. No agency here has a queue, so the broker is not asked."""
        self._relay.outbox.wake()
        with self.store.database.engine.connect() as connection:
            autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
            while self._relay.send_waiting(autocommit, _NoBroker()):
                eventlet.sleep(0)

    def add(self, agency: str, url: str, after: int | None = None) -> tuple[str, str]:
        return endpoints.create(self.store, agency, url, after)

    def shown(self, agency: str, webhook_id: str) -> dict[str, Any]:
        return endpoints.show(self.store, agency, webhook_id)

    def rows(self, table: str) -> list[dict[str, Any]]:
        found = self.runtime.metadata.tables[table]
        with self.store.reading() as connection:
            return [dict(row) for row in connection.execute(select(found)).mappings()]

    def dispatcher(self, schedule: Schedule = QUICK, post: Post | None = None) -> Dispatcher:
        return Dispatcher(self.store, post or self.post, schedule)

    @contextmanager
    def sending(self, schedule: Schedule = QUICK, post: Post | None = None) -> Iterator[Dispatcher]:
        """A dispatcher at work for the time of the block."""
        dispatcher = self.dispatcher(schedule, post)
        thread = eventlet.spawn(dispatcher.run)
        try:
            yield dispatcher
        finally:
            dispatcher.stop()
            thread.wait()


class _NoBroker:
    """Confirms what the services hear, which nobody here reads."""

    def publish(self, messages: Sequence[Outgoing]) -> dict[int, str | None]:
        return {message.key: None for message in messages}

    def beat(self) -> None:
        """Nobody listens."""

    def close(self) -> None:
        """Nothing was opened."""


class Receiver:
    """`webhook_receiver.py` at work: start it, read what it has noted, let it recover."""

    def __init__(self, folder: Path, *options: str, port: int | None = None) -> None:
        self.port = port or free_port()
        name = f"receiver-{self.port}-{time.monotonic_ns()}"
        self.log = folder / f"{name}.jsonl"
        self.process = Process(
            [sys.executable, RECEIVER, str(self.port), self.log, *options], log=folder / f"{name}.out"
        )
        self.url = f"http://127.0.0.1:{self.port}/heard?from=waypost"

    def __enter__(self) -> "Receiver":
        self.process.start()
        self.process.wait_for_line("ready")
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()

    def recover(self) -> None:
        self.process.signal(signal.SIGUSR1)

    def heard(self, was: str = "taken") -> list[dict[str, Any]]:
        """What it noted, in order; each event once, where it was heard first."""
        first: dict[str, dict[str, Any]] = {}
        for line in self.lines():
            if line["was"] == was:
                first.setdefault(line["id"], line)
        return list(first.values())

    def lines(self) -> list[dict[str, Any]]:
        text = self.log.read_text() if self.log.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def out_of_order(heard: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events that came after a later one about the same referral."""
    last: dict[str, int] = {}
    wrong = []
    for event in heard:
        if event["sequence"] < last.get(event["subject"], 0):
            wrong.append(event)
        last[event["subject"]] = max(event["sequence"], last.get(event["subject"], 0))
    return wrong
