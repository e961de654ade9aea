"""What the figures were measured on: the machine, the versions, how fast its disk keeps a write."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from tests.support.postgres import PROGRAMS
from tests.support.programs import find

ROOT = Path(__file__).parents[1]


def described() -> dict[str, str]:
    """Names and values, for the head of the report."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores for everything, the load and the servers included",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}",
        "servers": f"{_postgres()}, RabbitMQ {_rabbitmq()}",
        "libraries": ", ".join(f"{name} {version(name)}" for name in ("nameko", "eventlet", "sqlalchemy", "psycopg")),
        "revision": _revision(),
    }


def sync_speed(folder: Path) -> str:
    """What `pg_test_fsync` says of the folder's disk, for PostgreSQL's way of writing its log."""
    program = find("pg_test_fsync", "postgresql", PROGRAMS)
    said = subprocess.run(
        [program, "-s", "1", "-f", folder / "sync"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"fdatasync\s+([\d.]+) ops/sec\s+(\d+) usecs", said)
    return (
        f"pg_test_fsync, 8 kB by fdatasync: {float(found[1]):,.0f} a second, {found[2]} µs each"
        if found
        else "not measured"
    )


def _processor() -> str:
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _postgres() -> str:
    said = subprocess.run(
        [find("postgres", "postgresql", PROGRAMS), "--version"], capture_output=True, text=True, check=True
    )
    return "PostgreSQL " + said.stdout.split()[2]


def _rabbitmq() -> str:
    folders = sorted(path.name for path in Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*"))
    return folders[-1].partition("-")[2] if folders else "unknown"


def _revision() -> str:
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "unknown"
