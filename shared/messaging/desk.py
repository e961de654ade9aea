"""What operations may ask of one service, on its management listener: where its messages are, and what to do with parked ones.

Also the two readiness checks that every service has: its database answers, and its broker is connected.
"""

from typing import Any

from marshmallow import Schema, fields, validate
from nameko.extensions import DependencyProvider
from sqlalchemy import text

from shared.http import problems
from shared.http.management import Management
from shared.http.request import Request
from shared.messaging.backlog import backlog
from shared.messaging.parked import discard_parked, parked_groups, parked_messages, retry_parked
from shared.messaging.runtime import Runtime
from shared.messaging.subscription import Subscription


class RetryRequest(Schema):
    """Which parked messages to try again: by id, or all of one error."""

    actor = fields.String(required=True, validate=validate.Length(1, 80))
    ids = fields.List(fields.String(validate=validate.Length(1, 80)), validate=validate.Length(1, 1000))
    error = fields.String(validate=validate.Length(1, 80))


class DiscardRequest(Schema):
    """Which parked messages to give up, and why."""

    actor = fields.String(required=True, validate=validate.Length(1, 80))
    ids = fields.List(fields.String(validate=validate.Length(1, 80)), required=True, validate=validate.Length(1, 1000))
    reason = fields.String(required=True, validate=validate.Length(3, 500))


class Desk(DependencyProvider):
    """`desk = Desk()` on a service that takes messages."""

    management = Management()

    @property
    def runtime(self) -> Runtime:
        runtime: Runtime = self.container.config["runtime"]
        return runtime

    def setup(self) -> None:
        self.management.registry = self.runtime.metrics.registry
        self.management.check("database", self._database)
        self.management.check("broker", self._broker)
        self.management.add("GET", "/v1/backlog", lambda request: backlog(self.runtime))
        self.management.add("GET", "/v1/parked", self._parked)
        self.management.add("GET", "/v1/parked/groups", lambda request: {"groups": parked_groups(self.runtime.store)})
        self.management.add("POST", "/v1/parked/retry", self._retry)
        self.management.add("POST", "/v1/parked/discard", self._discard)

    def get_dependency(self, worker_ctx: Any) -> "Desk":
        return self

    def _parked(self, request: Request) -> dict[str, Any]:
        messages = parked_messages(
            self.runtime.store, error=request.args.get("error"), after=request.args.get("after", "")
        )
        return {"messages": messages}

    def _retry(self, request: Request) -> dict[str, Any]:
        asked = request.load(RetryRequest())
        if "ids" not in asked and "error" not in asked:
            raise problems.invalid([problems.FieldError("/ids", "required", "Name ids, or an error.")])
        return {
            "retried": retry_parked(self.runtime.store, asked["actor"], ids=asked.get("ids"), error=asked.get("error"))
        }

    def _discard(self, request: Request) -> dict[str, Any]:
        asked = request.load(DiscardRequest())
        return {"discarded": discard_parked(self.runtime.store, asked["actor"], asked["reason"], ids=asked["ids"])}

    def _database(self) -> tuple[bool, str]:
        with self.runtime.store.reading() as connection:
            connection.execute(text("SELECT 1"))
        return True, "ok"

    def _broker(self) -> tuple[bool, str]:
        """Connected, as the service's own consumer sees it: asking anew would say nothing about that connection."""
        consumers = [entry for entry in self.container.entrypoints if isinstance(entry, Subscription)]
        connected = all(entry.connected for entry in consumers)
        return connected, "ok" if connected else "not-connected"
