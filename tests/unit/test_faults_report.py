"""The page about reliability says what failed and what was not run as plainly as what passed."""

from pathlib import Path

from tests.faults.long.driver import Row
from tests.faults.long.report import page
from tests.faults.long.results import Result, keep, last_of_each

PARTS = {"Processes": ["killed", "ended"], "Broker": ["away"]}


def result(name: str, date: str = "2026-11-22 06:00", **about: object) -> Result:
    return Result(Row(name, 7, **about), date, "abc1234")  # type: ignore[arg-type]


def test_what_failed_and_what_was_not_run_stand_at_the_head(tmp_path: Path) -> None:
    kept = tmp_path / "faults.json"
    keep(result("killed", trouble="e-mails differs", lost=2), kept)
    keep(result("away", struck="gone | for good", acknowledged=120, recovery=1.25), kept)

    said = page({"processor": "two cores"}, PARTS, last_of_each(kept))

    assert "**1 of 3 faults passed. Failed: killed. Not run yet: ended.**" in said
    assert "| killed | 7 | 0 | 2 | 0 | 0 |  |  |  | **failed**: e-mails differs | 2026-11-22 06:00, abc1234 |" in said
    assert "| away | 7 | 120 | 0 | 0 | 0 | 1.2 s |  | gone / for good | passed |" in said


def test_a_row_that_is_run_again_takes_the_place_of_its_last(tmp_path: Path) -> None:
    kept = tmp_path / "faults.json"
    keep(result("killed", trouble="e-mails differs"), kept)
    keep(result("ended"), kept)
    keep(result("killed", date="2026-11-22 07:00"), kept)

    found = last_of_each(kept)

    assert (found["killed"].row.trouble, found["killed"].date) == ("", "2026-11-22 07:00")
    assert sorted(found) == ["ended", "killed"]
