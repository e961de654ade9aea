"""Five faults of the world around: the overview names each within half a minute in plain English, with a way to its steps in
the runbook, and the steps put it right.

One system, at scale, is broken in five ways after one another; nothing of ours is replaced.
"""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import psycopg
import pytest
import requests
from sqlalchemy.engine import make_url

from tests.support.callers import Referrer
from tests.support.families import family
from tests.support.pairs import scale_pair
from tests.support.people import signed_in
from tests.support.postgres import Postgres
from tests.support.process import Process, free_port
from tests.support.rabbitmq import RabbitMQ
from tests.support.small_disk import SmallDisk, small_disk
from tests.support.system import System, scale_system, wait_until
from tests.support.webhooks import Receiver

pytestmark = pytest.mark.timeout(300)

NAMED_WITHIN = 30
GROUPS = {"rest": ("referrals", "routing", "operations"), "rules": ("eligibility",), "mail": ("notifications",)}
MAIL_SERVER = Path(__file__).parents[1] / "support" / "mail_server.py"
APART = "families-apart"


@dataclass
class World:
    """A system, what it stands on, and somebody who looks at the console."""

    system: System
    postgres: Postgres
    rabbitmq: RabbitMQ
    disk: SmallDisk
    mail: Path
    smtp_password: Path
    referrer: Referrer
    cookies: dict[str, str]

    def page(self, path: str) -> str:
        return unescape(wait_until(lambda: self._answer(path), f"{path} to be shown"))

    def _answer(self, path: str) -> str:
        """Nothing where the console itself cannot be shown just now: it, too, may need a connection that is refused."""
        answer = requests.get(self.system.operations_url + path, cookies=self.cookies, timeout=20)
        assert answer.status_code in (200, 503), answer.text
        return answer.text if answer.status_code == 200 else ""

    def names(self, words: str, code: str) -> None:
        """Within half a minute the overview says so, and leads to the runbook, which has steps."""
        began = time.monotonic()
        wait_until(lambda: words in self.page("/"), f"the overview to say {words!r}", seconds=NAMED_WITHIN)
        assert time.monotonic() - began <= NAMED_WITHIN
        steps = f"/runbook/what-is-wrong#{code}"
        assert f'href="{steps}"' in self.page("/")
        told = self.page(steps).partition(f'id="{code}"')[2].partition("<h2")[0]
        assert "<ol>" in told, f"the runbook has no steps for {code}"

    def forgets(self, words: str) -> None:
        wait_until(lambda: words not in self.page("/"), f"the overview to say {words!r} no more", seconds=90)

    def heard(self) -> None:
        """A family can be referred, and everything that has been said about it arrives."""
        referral = self.referrer.refer(family())
        self.referrer.wait_for(referral, "routed")
        wait_until(self.system.is_quiet, "all queues to be empty", seconds=60)


@pytest.fixture(scope="module")
def world(
    server_folder: Path, places: Path, postgres: Postgres, rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("named")
    port, mail, password = free_port(), folder / "mail", folder / "smtp"
    mail.mkdir()
    password.write_text("wrong")
    server = Process(
        [sys.executable, MAIL_SERVER, str(port), mail, "--password", "right"], log=folder / "mail.log", env={}
    )
    pair = scale_pair(postgres, rabbitmq)
    with small_disk(server_folder / "small", megabytes=96) as disk:
        database = pair.database_url("referrals").rpartition("/")[2]
        postgres.psql(f"CREATE TABLESPACE small LOCATION '{_for_postgres(disk.folder, postgres)}'")
        postgres.psql(f"ALTER DATABASE {database} SET TABLESPACE small")
        settings = {
            "WAYPOST_SMTP": f"smtp://waypost@127.0.0.1:{port}",
            "WAYPOST_SMTP_PASSWORD_FILE": str(password),
            "WAYPOST_AGENCY_MAIL_FAMILIES_APART": "families-apart@example.org",
            "WAYPOST_WEBHOOKS_ALLOW": "127.0.0.1/32",
            "WAYPOST_BROKER_MANAGEMENT": rabbitmq.management_url,
            "WAYPOST_DATABASE_FOLDER": str(disk.folder),
        }
        server.start().wait_for_line("ready")
        try:
            with scale_system(folder, places, pair, GROUPS, **settings) as system:
                cookies = signed_in(system, "operations", "operations", "operations", "Test Operator")
                yield World(system, postgres, rabbitmq, disk, mail, password, Referrer(system), cookies)
        finally:
            server.kill()
        postgres.psql(f"DROP DATABASE {database} WITH (FORCE)")
        postgres.psql("DROP TABLESPACE small")


def test_wrong_credentials_at_the_mail_server(world: World) -> None:
    for _ in range(3):
        world.referrer.refer(family())
    words = "the mail server does not accept our name and password"
    world.names(words, "messages-delayed")

    world.smtp_password.write_text("right")
    world.system.stop("mail")
    world.system.start("mail")

    world.forgets(words)
    wait_until(lambda: len(list(world.mail.glob("*.json"))) >= 6, "what waited to arrive")


def test_an_agency_s_dead_webhook(world: World, tmp_path: Path) -> None:
    with Receiver(tmp_path) as receiver:
        made = requests.post(
            f"{world.system.routing_url}/v1/webhooks",
            json={"url": receiver.url},
            headers=world.system.headers("routing", APART),
            timeout=20,
        )
        assert made.status_code == 201, made.text
        receiver.process.kill()
        referral = world.referrer.refer(family())
        words = "The webhook of Families Apart does not take"
        world.names(words, "webhook-failing")

        key = {"WAYPOST_KEY": world.system.key("operations", "test-operations")}
        world.system.waypost("pause", f"{APART}.webhook", "--reason", "their machine is down", env=key)
        receiver.process.start()
        receiver.process.wait_for_port(receiver.port)
        world.system.waypost("resume", f"{APART}.webhook", env=key)

        world.forgets(words)
        assert referral in {event["subject"] for event in receiver.heard()}


def test_the_broker_s_memory_alarm(world: World) -> None:
    words = "The broker takes no messages: it is short of memory"
    world.rabbitmq.ctl("set_vm_memory_high_watermark", "0.000001")
    try:
        world.names(words, "broker-alarm")
    finally:
        world.rabbitmq.ctl("set_vm_memory_high_watermark", "0.8")

    world.forgets(words)
    world.heard()


def test_a_full_disk_of_the_database(world: World) -> None:
    world.disk.fill()
    try:
        world.names("The disk of the database is full", "disk-full")
        wait_until(lambda: world.referrer.post(family()).status_code == 503, "the database to have no room", seconds=60)
        world.names("The database of Referrals takes nothing: its disk is full", "database-full")

        _refuse_connections(world)
        words = "Its database takes nothing"
        wait_until(lambda: words in world.page("/"), f"the overview to say {words!r} instead of counts")
        world.names("The database of Referrals takes nothing: its disk is full", "database-full")
    finally:
        world.disk.empty()

    world.heard()
    world.forgets("takes nothing: its disk is full")


def test_a_handler_that_hangs(world: World) -> None:
    connection = psycopg.connect(
        host="127.0.0.1",
        port=world.postgres.port,
        user="postgres",
        password=world.postgres.password,
        dbname=world.system.settings.database_url("eligibility").rpartition("/")[2],
    )
    connection.execute("LOCK TABLE eligibility.assessments IN EXCLUSIVE MODE")
    for _ in range(4):
        world.referrer.refer(family())
    words = "in hand for"
    world.names(words, "standing-still")

    query = "SELECT pid FROM pg_locks WHERE mode = 'ExclusiveLock' AND relation = 'eligibility.assessments'::regclass"
    database = connection.info.dbname
    ((pid,),) = world.postgres.psql(query, database=database)
    world.postgres.psql("SELECT pg_terminate_backend(%s)", [pid])
    connection.close()

    world.forgets(words)
    world.heard()


def _refuse_connections(world: World) -> None:
    """Ends those of referrals. PostgreSQL writes a file of its catalogues when one is made and has none, and cannot now.

    It takes the file away by itself when it vacuums, so on a full disk this comes sooner or later.
    """
    for file in world.disk.folder.glob("tablespace/*/*/pg_internal.init"):
        file.unlink()
    world.disk.fill()
    account = make_url(world.system.settings.database_url("referrals")).username
    world.postgres.psql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s", [account])


def _for_postgres(folder: Path, postgres: Postgres) -> Path:
    """A folder of the server's own on the disk: it wants an empty one that nobody else may look into."""
    own = folder / "tablespace"
    own.mkdir(mode=0o700)
    account = postgres.folder.stat()
    os.chown(own, account.st_uid, account.st_gid)
    return own
