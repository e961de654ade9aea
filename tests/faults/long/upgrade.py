"""A rolling restart onto a new version, while the old one still runs: it brings a migration, and its events say more.

The new version is this one, copied and changed in three places. Two of each service run; one is renewed while the other serves.
"""

import shutil
from pathlib import Path

from tests.faults.long.processes import TWICE
from tests.faults.long.scenario import Ground, Scenario
from tests.support.system import ROOT

MIGRATION = '''"""What the next version keeps besides."""

import sqlalchemy as sa
from alembic import op

revision = "eligibility_next"
down_revision = "{last}"


def upgrade() -> None:
    op.add_column("assessments", sa.Column("said_by", sa.String(80)))
'''
LAST_FIELD = "    possible_duplicates = List(fields.Id(), load_default=list)\n"
WRITTEN = '            event["possible_duplicates"] ='


def next_version(folder: Path) -> Path:
    """The folder that Python must find first to run it."""
    tree = folder / "next"
    for name in ("services", "shared"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    _replace(
        tree / "shared/contracts/referrals.py",
        LAST_FIELD,
        f"{LAST_FIELD}    said_by = fields.Code(load_default=None)\n",
    )
    _replace(
        tree / "services/referrals/intake.py", WRITTEN, f'            event["said_by"] = "next-version"\n{WRITTEN}'
    )
    migrations = tree / "services/eligibility/migrations"
    last = next(
        line.split('"')[1]
        for line in max(migrations.glob("0*.py")).read_text().splitlines()
        if line.startswith("revision =")
    )
    (migrations / "9999_next.py").write_text(MIGRATION.format(last=last))
    return tree


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{path.name} has changed: this scenario must follow it"
    path.write_text(text.replace(old, new))


def _renewed(ground: Ground) -> str:
    """As docs/operations.md has it: the databases first, then one process after the other; writers of events before readers."""
    system = ground.system
    tree = next_version(system.data.parent)
    first, *_ = TWICE
    system.process(first).env["PYTHONPATH"] = str(tree)
    system.waypost("migrate")
    for group in TWICE:
        system.process(group).env["PYTHONPATH"] = str(tree)
        system.stop(group)
        system.start(group)
    said = ground.count("referrals", "SELECT count(*) FROM outbox WHERE position('said_by'::bytea IN body) > 0")
    ground.count("eligibility", "SELECT count(said_by) FROM assessments")
    assert said, "no event of the new version was written"
    again = ground.ledger.uncertain
    return f"{len(TWICE)} processes renewed, {said} events that say more; clients that had to try again: {again}"


SCENARIOS = [Scenario("rolling restart onto a new version", _renewed, groups=TWICE, proxied=True, rate=8)]
