"""`waypost directory`, as somebody types it."""

import json
import shutil
from pathlib import Path

from typer.testing import CliRunner

from services.commands.directory import app
from shared.directory.reader import PACKAGED

run = CliRunner().invoke


def test_check_says_that_the_files_hold_together() -> None:
    result = run(app, ["check"])

    assert result.exit_code == 0
    assert "agencies: 2, signposts: 1 · no mistakes" in result.output


def test_check_tells_each_mistake_and_fails(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(PACKAGED, tmp_path / "agencies"))
    path = folder / "time-matters.yaml"
    path.write_text(path.read_text().replace("capacity: open", "capacity: full"))

    result = run(app, ["check", "--folder", str(folder)])

    assert result.exit_code == 1
    assert result.output == "time-matters.yaml: capacity: is not any of open, waiting-list, closed.\n"


def test_the_folder_may_come_from_the_environment(tmp_path: Path) -> None:
    shutil.copy(PACKAGED / "time-matters.yaml", tmp_path)

    result = run(app, ["list"], env={"WAYPOST_DIRECTORY": str(tmp_path)})

    assert result.output.split() == ["time-matters", "agency", "unverified", "Time", "Matters", "UK"]


def test_show_prints_an_entry_as_it_is_served() -> None:
    assert json.loads(run(app, ["show", "families-apart"]).output)["name"] == "Families Apart"


def test_show_names_the_entries_that_there_are_for_one_that_is_not() -> None:
    result = run(app, ["show", "family-apart"])

    assert result.exit_code == 1
    assert (
        "No entry 'family-apart'. There are: families-apart, time-matters, prisoners-families-helpline."
        in result.output
    )
