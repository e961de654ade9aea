"""The whole of Waypost, started and asked from outside, as whoever operates it would.

    with default_system(folder, places) as system:      # one process, as `make run` starts it
    with scale_system(folder, places, pair) as system:  # PostgreSQL and RabbitMQ, prepared by `waypost migrate`

`kill` is SIGKILL, `start` begins again on the same data. What was started is stopped by its process id, always.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import requests
from sqlalchemy import create_engine, text

from services.catalogue import runtime_of
from services.commands.keys import SCOPES
from shared.http.stored_keys import create_key
from shared.privacy.keyfile import create_key_file
from shared.settings import HTTP_PORTS, SERVICES, Settings
from tests.support.pairs import Pair
from tests.support.process import PATIENCE, Process, free_port

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
WAYPOST = [sys.executable, "-m", "services"]
EVERYTHING = {"everything": SERVICES}
"""All services in one process."""
APART = {name: (name,) for name in SERVICES}
"""A process for each service."""


class System:
    """Processes of Waypost on one set of databases and one broker; `groups` says which services share a process.

    A service that is in more than one group runs more than once: the first has the addresses that others know, each further
    one has ports of its own.
    """

    def __init__(
        self, name: str, folder: Path, environment: Mapping[str, str], groups: Mapping[str, Sequence[str]]
    ) -> None:
        self.name = name
        self.data = folder / "var"
        self._logs = folder / "logs"
        self._logs.mkdir()
        self._env = {
            **environment,
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "WAYPOST_DATA": str(self.data),
            **_ports(SERVICES),
        }
        self.settings = Settings.from_environment(self._env)
        self.referrals_url, self.routing_url, self.operations_url = (
            f"http://127.0.0.1:{self.settings.ports[service]}" for service in ("referrals", "routing", "operations")
        )
        self._groups = groups
        self._processes: dict[str, Process] = {}
        known: set[str] = set()
        for group, services in groups.items():
            env = self._env | _ports(known & set(services))
            self._processes[group] = Process(
                [*WAYPOST, "run", *services], log=self._logs / f"{group}.log", env=env, cwd=folder
            )
            known |= set(services)
        self._keys: dict[tuple[str, str], str] = {}

    def start(self, *groups: str) -> "System":
        """Starts these processes, or all, at the same time; returns when each of their services says it is ready."""
        for group in groups or self._groups:
            self._processes[group].start()
        for group in groups or self._groups:
            for service in self._groups[group]:
                ready = f"http://127.0.0.1:{self.settings_of(group).management_ports[service]}/health/ready"
                self._processes[group].wait_for_http(ready)
        return self

    def settings_of(self, group: str) -> Settings:
        """What the process of this group was started with."""
        return Settings.from_environment(self._processes[group].env)

    def process(self, group: str) -> Process:
        return self._processes[group]

    def kill(self, group: str) -> None:
        """SIGKILL: no time to tidy up."""
        self._processes[group].kill()

    def stop(self, *groups: str) -> None:
        """In order, these or all; a process that does not end in time is killed and reported."""
        for group in groups or self._processes:
            if self._processes[group].alive:
                self._processes[group].terminate(seconds=40)

    def discard(self) -> None:
        """Kills what still runs, where there is no time for order or it has failed."""
        for process in self._processes.values():
            if process.alive:
                process.kill()

    def management_url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.settings.management_ports[service]}"

    def waypost(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        """What a command of the command line prints; fails with what it said when it does not succeed."""
        done = subprocess.run(
            [*WAYPOST, *words],
            env={**self._processes[next(iter(self._groups))].env, "COLUMNS": "400", **(env or {})},
            cwd=self.data.parent,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"waypost {' '.join(words)} failed: {done.stderr or done.stdout}"
        return done.stdout

    def key(self, service: str, owner: str) -> str:
        """An API key of `owner`, made the first time it is asked for."""
        if (service, owner) not in self._keys:
            runtime = runtime_of(service, self.settings)
            # As `waypost keys create` does, which takes a hundred times longer to begin.
            self._keys[service, owner] = create_key(runtime.store, owner, SCOPES[service], "")
            runtime.store.database.close()
        return self._keys[service, owner]

    def headers(self, service: str, owner: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key(service, owner)}"}

    def queues(self) -> dict[str, Any]:
        """`GET /v1/queues`, as operations see it."""
        answer = requests.get(
            f"{self.operations_url}/v1/queues", headers=self.headers("operations", "test-operations"), timeout=20
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def is_quiet(self) -> bool:
        """Whether no message waits, is in hand, is to be tried again or is unsent, for three looks in a row."""
        return all(self._nothing_moves() for _ in range(3))

    def _nothing_moves(self) -> bool:
        counts = ("waiting", "in_flight", "due_for_retry", "unsent")
        time.sleep(0.1)  # What the broker has handed out and the service has not read yet shows in neither's count.
        return all(row.get(count) == 0 for row in self.queues()["services"] for count in counts)

    def rows(self, service: str, query: str) -> list[Any]:
        """What one service's database answers: only to compare it with what was promised."""
        engine = create_engine(self.settings.database_url(service))
        try:
            with engine.connect() as connection:
                return list(connection.execute(text(query)).all())
        finally:
            engine.dispose()

    def logs(self) -> str:
        """All that the processes have written."""
        return "\n".join(process.text() for process in self._processes.values())


def _ports(services: Collection[str]) -> dict[str, str]:
    """Settings that give each of these services ports of its own."""
    return {
        **{f"WAYPOST_{name.upper()}_PORT": str(free_port()) for name in services if name in HTTP_PORTS},
        **{f"WAYPOST_{name.upper()}_MANAGEMENT_PORT": str(free_port()) for name in services},
    }


def places_folder(folder: Path, *registers: Path) -> Path:
    """The index of the whole country with these registers imported into it, built in `folder` the first time.

    Runs that go on side by side have one between them, where WAYPOST_TESTS_SHARED names a folder: all import the same.
    """
    folder = Path(os.environ.get("WAYPOST_TESTS_SHARED") or folder)
    finished = folder / "places.finished"
    with (folder / "places.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            for words in (["build"], *(["import", str(path)] for path in registers)):
                command = [*WAYPOST, "places", *words, "--data", str(folder)]
                done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
                assert done.returncode == 0, done.stderr or done.stdout
            finished.touch()
    return folder / "places"


@contextlib.contextmanager
def default_system(folder: Path, places: Path, **environment: str) -> Iterator[System]:
    """The default: one process, SQLite, the broker inside. It makes its own secrets and databases."""
    with running(system_by_default(folder, places, **environment)) as system:
        yield system


def system_by_default(folder: Path, places: Path, **environment: str) -> System:
    """What `default_system` starts, not yet started."""
    return _prepared("default", folder, places, environment, EVERYTHING)


@contextlib.contextmanager
def scale_system(
    folder: Path, places: Path, pair: Pair, groups: Mapping[str, Sequence[str]], **environment: str
) -> Iterator[System]:
    """PostgreSQL and RabbitMQ, with secrets in files that somebody put there, brought up to date before the start."""
    with running(system_at_scale(folder, places, pair, groups, **environment)) as system:
        yield system


def system_at_scale(
    folder: Path, places: Path, pair: Pair, groups: Mapping[str, Sequence[str]], **environment: str
) -> System:
    """What `scale_system` starts, not yet started."""
    secrets = folder / "secrets"
    secrets.mkdir()
    create_key_file(secrets / "master")
    (secrets / "internal").write_text("internal-key-of-a-test")
    files = {f"WAYPOST_{name.upper()}_KEY_FILE": str(secrets / name) for name in ("master", "internal")}
    system = _prepared("scale", folder, places, {**pair.environment, **files, **environment}, groups)
    system.waypost("migrate")
    return system


@contextlib.contextmanager
def running(system: System) -> Iterator[System]:
    """Started, and stopped in order; killed when something failed."""
    try:
        yield system.start()
        system.stop()
    finally:
        system.discard()


def _prepared(
    name: str, folder: Path, places: Path, environment: Mapping[str, str], groups: Mapping[str, Sequence[str]]
) -> System:
    (folder / "var").mkdir()
    (folder / "var" / "places").symlink_to(places)
    return System(name, folder, environment, groups)


def wait_until(ready: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """The first true answer of `ready`; fails, and says what was awaited, when there is none in time."""
    deadline = (asked := time.monotonic()) + seconds
    while not (answer := ready()):
        took = time.monotonic() - asked
        assert asked + took < deadline, f"after {seconds:.0f} s still waiting for {what}"
        # What is awaited needs the processor too: asking for it again and again may not take more than half of it.
        time.sleep(max(0.05, took))
        asked = time.monotonic()
    return answer
