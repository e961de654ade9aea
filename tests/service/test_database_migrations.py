"""A database is brought to the newest shape where it is behind, and left alone where it is not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from services.catalogue import migrations_of
from shared.database import migrations
from shared.database.engine import Database
from shared.database.migrations import migrate
from shared.settings import SERVICES
from tests.support.deciding import PAIRS
from tests.support.pairs import default_pair, stores_at_scale

ROOT = Path(__file__).parents[2]
AGAIN = """
import sys
from services.catalogue import migrations_of
from shared.database.engine import Database
from shared.database.migrations import migrate
migrate(Database(sys.argv[1]), migrations_of("operations"))
print("alembic" in sys.modules)
"""


@pytest.mark.parametrize("service", SERVICES)
def test_the_last_file_is_the_one_end_of_the_line(service: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent / "alembic"))
    config.set_main_option("version_locations", str(migrations_of(service)))
    config.set_main_option("path_separator", "newline")
    assert ScriptDirectory.from_config(config).get_heads() == [migrations._newest(migrations_of(service))]


@pytest.mark.parametrize("kind", PAIRS)
def test_what_is_behind_is_brought_forward_and_what_is_not_needs_nothing(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    # One that no other test has left: it would have been brought forward there.
    stores = (
        default_pair(tmp_path)
        if kind == "default"
        else stores_at_scale(server := request.getfixturevalue("postgres"), server.new_database())
    )
    versions = tmp_path / "versions"
    shutil.copytree(migrations_of("operations"), versions)
    *_, before, last = sorted(versions.glob("[0-9]*.py"))
    removed = last.rename(tmp_path / last.name)
    database = Database(stores.database_url("operations"))
    migrate(database, versions)
    assert _revision(database).endswith(before.name[:4])

    removed.rename(last)
    migrate(database, versions)
    assert _revision(database).endswith(last.name[:4])

    words = [sys.executable, "-W", "ignore", "-c", AGAIN, stores.database_url("operations")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
    database.close()


def _revision(database: Database) -> str:
    with database.reading() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
