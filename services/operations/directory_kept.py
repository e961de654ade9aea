"""What operations keeps of the agency directory's versions, looked up: what is live, a version by its id."""

from collections.abc import Mapping

from sqlalchemy import Connection, RowMapping, select

from services.operations.tables import metadata
from shared.directory.live import FOLDER, Published
from shared.directory.reader import files_of
from shared.http import problems
from shared.messaging.store import Store

versions, publications = metadata.tables["directory_versions"], metadata.tables["directory_publications"]
changes = metadata.tables["directory_changes"]
DRAFT, PUBLISHED, DISCARDED = "draft", "published", "discarded"
UNTRIED, RUNNING, DONE = "untried", "running", "done"
FIRST, PUBLISH, BACK = "folder", "publish", "back"
FOLDER_ACTOR = "waypost"


def live(connection: Connection, store: Store) -> Published:
    """What was published last, else what the folder holds now."""
    newest = newest_publication(connection)
    if newest is None:
        return Published(FOLDER, files_of(store.resources.settings.directory), {})
    files = version_row(connection, newest["version_id"])["files"]
    return Published(newest["number"], files, former_files(connection, files))


def newest_publication(connection: Connection) -> RowMapping | None:
    query = select(publications).order_by(publications.c.number.desc()).limit(1)
    return connection.execute(query).mappings().first()


def version_row(connection: Connection, version_id: str) -> RowMapping:
    """Raises a 404 problem where there is none."""
    row = connection.execute(select(versions).where(versions.c.id == version_id)).mappings().first()
    if row is None:
        raise problems.not_found()
    return row


def former_files(connection: Connection, files: Mapping[str, str]) -> dict[str, str]:
    """Files of earlier publications that are in this one no more, each as it was last."""
    query = select(versions.c.files).join(publications, publications.c.version_id == versions.c.id)
    found: dict[str, str] = {}
    for (earlier,) in connection.execute(query.order_by(publications.c.number)):
        found |= {name: text for name, text in earlier.items() if name not in files}
    return found
