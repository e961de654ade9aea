"""The servers that other tests lean on: they keep what they confirmed when they are killed, and keep services apart."""

import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import amqp
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.catalogue import migrations_of
from shared.database.engine import Database
from tests.support.kept_databases import KeptDatabases
from tests.support.pairs import Pair
from tests.support.postgres import SERVICES, Postgres
from tests.support.process import Process, free_port
from tests.support.programs import NotInstalled, find
from tests.support.rabbitmq import RabbitMQ
from tests.support.schema import migrated

ROOT = Path(__file__).parents[2]
QUORUM = {"x-queue-type": "quorum"}


def connect(rabbitmq: RabbitMQ, vhost: str) -> amqp.Connection:
    return amqp.Connection(
        f"127.0.0.1:{rabbitmq.port}", rabbitmq.user, rabbitmq.password, virtual_host=vhost, confirm_publish=True
    )


@pytest.fixture
def own_postgres(server_folder: Path) -> Iterator[Postgres]:
    """A durable one with nothing in it: that of the whole run is not, and has hundreds of databases to look through."""
    (folder := server_folder / "own-postgres").mkdir()
    server = Postgres(folder)
    try:
        yield server.start()
    finally:
        server.stop()


def test_a_row_that_postgresql_committed_is_there_after_kill_9(own_postgres: Postgres) -> None:
    postgres = own_postgres
    database = postgres.new_database()
    postgres.psql("CREATE TABLE kept (what text)", role="referrals", database=database)
    postgres.psql("INSERT INTO kept VALUES (%s)", ["a row"], role="referrals", database=database)

    postgres.kill()
    with pytest.raises(psycopg.OperationalError):
        postgres.psql("SELECT 1")
    postgres.start()

    assert postgres.psql("SELECT what FROM kept", role="referrals", database=database) == [("a row",)]


@pytest.fixture
def own_rabbitmq(server_folder: Path) -> Iterator[RabbitMQ]:
    """A broker with nothing in it: that of the whole run has hundreds of virtual hosts to bring back after a kill."""
    (folder := server_folder / "own-rabbitmq").mkdir()
    server = RabbitMQ(folder)
    try:
        yield server.start()
    finally:
        server.discard()


def test_a_message_that_rabbitmq_confirmed_is_there_after_kill_9(own_rabbitmq: RabbitMQ) -> None:
    rabbitmq = own_rabbitmq
    vhost = rabbitmq.new_vhost()
    with connect(rabbitmq, vhost) as connection:
        channel = connection.channel()
        channel.queue_declare("kept", durable=True, auto_delete=False, arguments=QUORUM)
        channel.basic_publish(amqp.Message("a message", delivery_mode=2), routing_key="kept", mandatory=True)

    rabbitmq.write_queues()
    rabbitmq.kill()
    with pytest.raises(ConnectionRefusedError):
        connect(rabbitmq, vhost).connect()
    rabbitmq.start()

    with connect(rabbitmq, vhost) as connection:
        message = connection.channel().basic_get("kept")
        assert message is not None
        assert message.body == "a message"


def test_no_service_reads_what_another_owns(postgres: Postgres) -> None:
    database = postgres.new_database()
    postgres.psql("CREATE TABLE private (what text)", role="referrals", database=database)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        postgres.psql("SELECT * FROM referrals.private", role="routing", database=database)


def test_nobody_but_the_services_connects_to_their_database(postgres: Postgres) -> None:
    database = postgres.new_database()
    postgres.psql(f"CREATE ROLE stranger LOGIN PASSWORD '{postgres.password}'")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        postgres.psql("SELECT 1", role="stranger", database=database)


def test_rabbitmq_is_provisioned_over_http(rabbitmq: RabbitMQ) -> None:
    words = b64encode(f"{rabbitmq.user}:{rabbitmq.password}".encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{rabbitmq.management_port}/api/whoami", headers={"Authorization": f"Basic {words}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def test_each_test_is_given_a_pair_that_nobody_used(pair: Pair) -> None:
    assert "{service}" not in pair.database_url("referrals")
    assert pair.database_url("referrals") != pair.database_url("routing")
    assert pair.broker_url.startswith({"default": "memory://", "scale": "amqp://"}[pair.name])


def test_a_database_that_is_handed_on_is_empty_counts_from_one_and_is_nobody_elses(postgres: Postgres) -> None:
    kept, service = KeptDatabases(postgres), "routing"
    first = kept.take()
    database = Database(postgres.url(service, database=first))
    migrated(database, migrations_of(service))
    with database.writing() as connection:
        connection.execute(text("INSERT INTO parked_groups (error, place, type, messages) VALUES ('a', 'b', 'c', 1)"))
        connection.execute(text("INSERT INTO subjects (subject, sequence) VALUES ('somebody', 7)"))
    with database.writing() as connection:
        connection.execute(text("DELETE FROM parked_groups"))
    kept.give_back(first)

    second = kept.take()
    assert second != first
    with pytest.raises(DBAPIError), database.reading() as connection:
        connection.execute(text("SELECT 1"))
    assert postgres.psql("SELECT count(*) FROM routing.subjects", database=second) == [(0,)]
    added = "INSERT INTO routing.parked_groups (error, place, type, messages) VALUES ('a', 'b', 'c', 1) RETURNING id"
    assert postgres.psql(added, database=second) == [(1,)]
    version = postgres.psql("SELECT version_num FROM routing.alembic_version", database=second)
    assert version[0][0].startswith("routing_")
    database.close()


@pytest.mark.parametrize("service", SERVICES)
def test_a_database_is_handed_on_whichever_way_its_tables_came_there(postgres: Postgres, service: str) -> None:
    kept = KeptDatabases(postgres)
    for _ in range(2):  # By its migrations, and by what these came out as.
        name = postgres.new_database()
        database = Database(postgres.url(service, database=name))
        migrated(database, migrations_of(service))
        database.close()
        kept.give_back(name)
    assert len(kept._kept) == 2


def test_a_database_in_which_something_else_was_made_is_not_handed_on(postgres: Postgres) -> None:
    kept = KeptDatabases(postgres)
    name = kept.take()
    postgres.psql("CREATE TABLE something (what text)", role="routing", database=name)
    kept.give_back(name)
    assert postgres.psql("SELECT to_regclass('routing.something') IS NULL", database=kept.take()) == [(True,)]


def test_two_scale_pairs_share_nothing(postgres: Postgres, rabbitmq: RabbitMQ) -> None:
    assert postgres.new_database() != postgres.new_database()
    assert rabbitmq.new_vhost() != rabbitmq.new_vhost()


def test_runs_that_go_on_side_by_side_are_given_different_ports() -> None:
    code = (
        "from tests.support.process import free_port; print(*[free_port() for _ in range(1000)], flush=True); input()"
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    given = [int(word) for run in runs if run.stdout for word in run.stdout.readline().split()]
    for run in runs:
        run.communicate("\n")

    assert len(given) == 3000
    assert len(set(given)) == 3000


def test_a_program_that_is_missing_fails_and_says_what_to_install() -> None:
    with pytest.raises(NotInstalled, match="apt-get install a-package"):
        find("no-such-program", "a-package", [])


def test_a_process_that_dies_before_it_is_ready_shows_the_end_of_its_log(tmp_path: Path) -> None:
    process = Process([sys.executable, "-c", "print('the reason'); raise SystemExit(3)"], log=tmp_path / "log")
    with pytest.raises(AssertionError, match=r"(?s)exit code 3.*the reason"):
        process.start().wait_for_port(free_port())


def test_a_process_that_ignores_sigterm_is_killed_and_reported(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    process = Process([sys.executable, "-c", code], log=tmp_path / "log").start()
    process.wait_for_line("deaf")
    with pytest.raises(AssertionError, match="had not ended"):
        process.terminate(seconds=0.2)
    assert not process.alive


def test_a_process_is_waited_for_until_it_answers_over_http(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    process = Process(command, log=tmp_path / "log", cwd=tmp_path).start()
    try:
        process.wait_for_http(f"http://127.0.0.1:{port}/")
        process.wait_for_http(f"http://127.0.0.1:{port}/absent", status=404)
    finally:
        process.kill()


def test_a_run_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from tests.support.process import Process; "
        "child = Process([sys.executable, '-uc', 'import time; print(1); time.sleep(60)'], log=Path('child')).start(); "
        "child.wait_for_line('1'); print('child', child.pid, flush=True); time.sleep(60)"
    )
    run = Process(
        [sys.executable, "-c", code], log=tmp_path / "log", cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}
    ).start()
    child = Path("/proc") / run.wait_for_line("child").split()[1]
    assert child.exists()

    run.kill()

    deadline = time.monotonic() + 10
    while child.exists() and "zombie" not in (child / "status").read_text():
        assert time.monotonic() < deadline, "the child still runs"
        time.sleep(0.02)
