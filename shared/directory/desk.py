"""The directory of one service on its management listener, and taking up a new one while the service runs.

    GET  /v1/directory   which version this service goes by, since when, and when each entry was confirmed
    POST /v1/directory   a publication: kept and taken up; one that is older than what is here changes nothing

`directory = DirectoryDesk()` on the service, with a timer that calls `look`: whichever replica a publication reaches, the
others find it in the database they share.
"""

from typing import Any

import structlog
from marshmallow import Schema, fields, validate
from nameko.extensions import DependencyProvider

from shared.audit.record import record
from shared.directory.live import FOLDER, Published, keep, newest, newest_number
from shared.directory.reader import DirectoryError
from shared.directory.showing import entries_of
from shared.http import problems
from shared.http.management import Management
from shared.http.request import Request
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store

LOOKS_EVERY_SECONDS = 3
log = structlog.get_logger(__name__)


class PublicationSchema(Schema):
    """A publication, and who made it."""

    number = fields.Integer(required=True, validate=validate.Range(1))
    files = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    former = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    actor = fields.String(required=True, validate=validate.Length(1, 80))


class LiveDirectory:
    """One for each service in a process; `number` is that of the publication that it goes by."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._forced = store.resources.settings.directory_forced
        self.number = FOLDER
        self.look()

    def told(self) -> dict[str, Any]:
        """What this service goes by, for people."""
        directory = self._store.resources.directory
        return {
            "number": self.number,
            "version": directory.version,
            "forced": self._forced,
            "entries": entries_of(directory),
        }

    def take(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Keeps a publication and goes by it; raises a 422 problem where this service cannot use it."""
        published = Published(asked["number"], asked["files"], asked["former"])
        try:
            version = published.directory().version
        except DirectoryError as error:
            raise problems.invalid(
                [problems.FieldError("/files", "not-usable", line) for line in error.problems]
            ) from None
        with self._store.writing() as transaction:
            if keep(transaction, self._store.metadata, published, version):
                record(transaction, asked["actor"], "directory.taken-up", version, f"publication {published.number}")
        self.look()
        return self.told()

    def look(self) -> None:
        """Takes up what another replica was told, if there is anything new. What fails half-way is done again."""
        if self._forced or self._newest() == self.number:
            return
        with self._store.reading() as connection:
            published = newest(connection, self._store.metadata)
        if published is None:
            return
        try:
            self._store.resources.take_up(published.directory())
        except DirectoryError as error:
            log.error("directory.not-usable", number=published.number, mistakes=len(error.problems))
            return
        self.number = published.number
        log.info("directory.taken-up", number=self.number, version=self._store.resources.directory.version)

    def _newest(self) -> int:
        with self._store.reading() as connection:
            return newest_number(connection, self._store.metadata)


class DirectoryDesk(DependencyProvider):
    """Gives a service its live directory."""

    management = Management()

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        self.live = LiveDirectory(runtime.store)
        self.management.add("GET", "/v1/directory", lambda request: self.live.told())
        self.management.add("POST", "/v1/directory", self._take)

    def get_dependency(self, worker_ctx: Any) -> LiveDirectory:
        return self.live

    def _take(self, request: Request) -> dict[str, Any]:
        return self.live.take(request.load(PublicationSchema()))
