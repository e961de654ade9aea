"""A PostgreSQL of the tests' own, that can be killed and started again on the same data.

Durable as in production unless it is told not to be, listening on 127.0.0.1 alone. Root may call it: the server, which
refuses to be root, then runs as Debian's `postgres`, or as `nobody`.
"""

import contextlib
import itertools
import os
import pwd
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from tests.support.process import PATIENCE, Process, free_port
from tests.support.programs import find

PROGRAMS = ["/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin"]
ROLES = Path(__file__).parents[2] / "deploy" / "postgres" / "roles.sh"
SERVICES = ("referrals", "eligibility", "routing", "notifications", "operations")
# What only a machine that stops could lose, and work that nobody waits for: hundreds of databases are made and thrown away.
SHORT_LIVED = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}


class Postgres:
    """One server. When root calls, the user `postgres` must be able to reach `folder` (mode 0711 or wider above it).

    One that is not `durable` answers as every other, commits included, and must not be killed by a test.
    """

    password = "for-tests-only"

    def __init__(self, folder: Path, durable: bool = True) -> None:
        self.folder = folder
        self._durable = durable
        self.port = free_port()
        self._data = folder / "data"
        self._numbers = itertools.count(1)
        self._model = ""
        self._user = _unprivileged_user()
        self._initdb = find("initdb", "postgresql", PROGRAMS)
        self._secrets = folder / "secrets"
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "shared_buffers": "32MB",
            "max_connections": "200",
            **({} if durable else SHORT_LIVED),
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._server = Process(
            [self._initdb.with_name("postgres"), "-D", self._data, *options],
            log=folder / "postgres.log",
            env={"LANG": "C.UTF-8"},
            cwd=folder,
            user=self._user,
        )

    def start(self) -> "Postgres":
        """Makes the data folder the first time; returns when SQL is answered."""
        if not self._data.exists():
            self._create()
        self._server.start().wait_until(self._answers, "answer to SQL")
        return self

    def stop(self) -> None:
        """In order: sessions are ended and, where the data are to last, a checkpoint is written."""
        self._server.signal(signal.SIGINT if self._durable else signal.SIGQUIT)
        self._server.wait(30)

    @property
    def alive(self) -> bool:
        return self._server.alive

    def kill(self) -> None:
        """SIGKILL to the server and to each process that serves a session, as a power cut would."""
        assert self._durable, "a server that is to be killed must be durable"
        if not self._server.alive:
            return
        # A stopped parent starts no more children while we look for them, and tells them nothing.
        self._server.signal(signal.SIGSTOP)
        for child in _children(self._server.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self._server.kill()

    def url(self, role: str = "postgres", password: str | None = None, database: str = "postgres") -> str:
        """For SQLAlchemy, by psycopg. Every role that the tests use has the same password."""
        return f"postgresql+psycopg://{role}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def psql(
        self, query: str, parameters: Sequence[object] = (), *, role: str = "postgres", database: str = "postgres"
    ) -> list[tuple[Any, ...]]:
        """The rows that one statement gives, committed at once; none where it gives no rows."""
        with self.connect(role, database) as connection:
            cursor = connection.execute(query.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def new_database(self) -> str:
        """The name of a new database with the services' schemas, empty, as production's first start leaves them."""
        if not self._model:
            self._model = "model"
            self.psql(f"CREATE DATABASE {self._model}")
            self._first_start(self._model)
        name = self.new_name()
        self.copy_database(self._model, name)
        return name

    def new_name(self) -> str:
        """A name that no database has had."""
        return f"test_{next(self._numbers)}"

    def end_sessions(self, database: str) -> None:
        """Whoever is connected to it is so no more."""
        self.psql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [database])

    def copy_database(self, model: str, name: str) -> None:
        """A new database with all that `model`, which nobody may be connected to, has, and who may connect to it."""
        # Files are copied in no time, but what is on disk must then be on disk for good, which a durable server waits for.
        strategy = "WAL_LOG" if self._durable else "FILE_COPY"
        with self.connect("postgres", "postgres") as session:
            session.execute(f"CREATE DATABASE {name} TEMPLATE {model} STRATEGY {strategy}".encode())
            # The one thing that is not copied.
            session.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC".encode())
            session.execute(f"GRANT CONNECT ON DATABASE {name} TO {', '.join(SERVICES)}".encode())

    def _first_start(self, database: str) -> None:
        environment = {
            **self._server.env,
            "PATH": f"{self._initdb.parent}:{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": "postgres",
            "PGPASSWORD": self.password,
            "PGDATABASE": database,
            "WAYPOST_SECRETS": str(self._secrets),
        }
        _run([ROLES], env=environment)

    def connect(self, role: str, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        """A session that commits each statement by itself."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=role,
            password=self.password,
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            return self.psql("SELECT 1") == [(1,)]
        return False

    def _create(self) -> None:
        self._secrets.mkdir()
        for service in SERVICES:
            (self._secrets / f"database_{service}").write_text(self.password)
        password_file = self.folder / "password"
        password_file.write_text(self.password)
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        # The folder is new and thrown away after: syncing what initdb copies only costs time.
        command: list[str | Path] = [
            self._initdb,
            "-D",
            self._data,
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
        ]
        command += ["--no-sync", "--no-instructions", f"--pwfile={password_file}"]
        _run(command, env=self._server.env, cwd=self.folder, user=self._user)


def _run(command: list[Any], env: dict[str, str], cwd: Path | None = None, user: str | None = None) -> None:
    as_user: dict[str, Any] = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    done = subprocess.run(
        command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, **as_user
    )
    assert done.returncode == 0, f"{Path(command[0]).name} failed: {done.stderr or done.stdout}"


def _unprivileged_user() -> str | None:
    """Whom root is to become; None for those who are not root."""
    if os.geteuid() != 0:
        return None
    names = {account.pw_name for account in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in listed.stdout.split()]
