"""The version that the fault of a rolling restart moves to can be made of this one, with a migration that is found."""

from pathlib import Path

from shared.database.migrations import _newest
from tests.faults.long.upgrade import next_version


def test_the_next_version_follows_this_one(tmp_path: Path) -> None:
    tree = next_version(tmp_path)
    assert _newest(tree / "services" / "eligibility" / "migrations") == "eligibility_next"
