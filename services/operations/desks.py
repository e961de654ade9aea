"""The services' management listeners, asked over HTTP with the internal key: the only way from here to their data."""

from collections.abc import Iterable, Mapping
from typing import Any

import eventlet
import requests
from nameko.extensions import DependencyProvider

from shared.http import problems
from shared.settings import Settings

WATCHED = ("referrals", "eligibility", "routing", "notifications")
TELLING = {
    "referrals": ("/v1/watch",),
    "routing": ("/v1/watch", "/v1/overdue"),
    "notifications": ("/v1/watch",),
}
"""Those that tell more than where their messages are."""
ANSWER_WITHIN = (2, 10)
_IN_ITS_OWN_WORDS = (400, 404, 409, 410, 422, 503)
_OF_DATABASES = {"database-away": "away", "database-full": "full"}
"""What a service says that cannot ask its database, and what is told of that database then."""


class Desks:
    """The desks of every watched service."""

    def __init__(self, settings: Settings, internal_key: str) -> None:
        self._addresses = {
            name: f"http://{settings.management_hosts[name]}:{settings.management_ports[name]}" for name in WATCHED
        }
        self._headers = {"Authorization": f"Bearer {internal_key}"}

    def backlogs(self) -> list[dict[str, Any]]:
        """Each service's counts, asked at the same time; one that cannot count is there as unreachable, or its database is."""
        return list(eventlet.GreenPool(len(WATCHED)).imap(self._backlog, WATCHED))

    def parked_groups(self, services: Iterable[str], wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The groups of parked messages at these services, the largest first; raises as `ask` does."""

        def of(service: str) -> list[dict[str, Any]]:
            found = self.ask(service, "GET", "/v1/parked/groups", params=wanted)["groups"]
            return [{"service": service, **group} for group in found]

        every = [group for found in eventlet.GreenPool(len(WATCHED)).imap(of, services) for group in found]
        return sorted(every, key=lambda group: (-group["count"], group["service"], group["id"]))

    def ask(self, service: str, method: str, path: str, **arguments: Any) -> Any:
        """One desk's answer; raises problems: 404 for no such service, 503 when it does not answer, or its own."""
        if service not in self._addresses:
            raise problems.not_found(f"There is no service of that name. There are: {', '.join(WATCHED)}.")
        try:
            answer = requests.request(
                method,
                self._addresses[service] + path,
                headers=self._headers,
                timeout=ANSWER_WITHIN,
                allow_redirects=False,
                **arguments,
            )
        except requests.RequestException:
            raise problems.unavailable(code="service-unreachable") from None
        if answer.status_code != 200:
            raise _refusal(service, answer)
        return answer.json()

    def _backlog(self, service: str) -> Mapping[str, Any]:
        """All that one service tells of itself, its parts asked for at the same time."""
        paths = ("/v1/backlog", *TELLING.get(service, ()))
        counts, *more = eventlet.GreenPool(len(paths)).imap(lambda path: self._told(service, path), paths)
        if isinstance(counts, problems.Problem):
            return {"service": service, "unreachable": True, "database": _OF_DATABASES.get(counts.code)}
        # While a service is replaced, the one before may not tell as much.
        told = {path: of for path, of in zip(paths[1:], more, strict=True) if not isinstance(of, problems.Problem)}
        if "/v1/overdue" in told:
            counts["escalated_tasks"] = told["/v1/overdue"]["escalated"]
        return {**counts, "watch": told.get("/v1/watch", {})}

    def _told(self, service: str, path: str) -> Any:
        try:
            return self.ask(service, "GET", path)
        except problems.Problem as problem:
            return problem


def _refusal(service: str, answer: requests.Response) -> problems.Problem:
    """What a service refused, in its own words where it has said why."""
    said = answer.json() if answer.status_code in _IN_ITS_OWN_WORDS else {}
    title = said.get("title", f"The {service} service refused.")
    errors = [problems.FieldError(**each) for each in said.get("errors", ())]
    return problems.Problem(
        answer.status_code, said.get("code", "refused-by-service"), title, said.get("detail"), errors
    )


class DesksProvider(DependencyProvider):
    """Gives the operations service the desks."""

    def setup(self) -> None:
        resources = self.container.config["runtime"].resources
        self.desks = Desks(resources.settings, resources.internal_key)

    def get_dependency(self, worker_ctx: Any) -> Desks:
        return self.desks
