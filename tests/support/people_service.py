"""A service with people and a page or two, listening, and a browser of it that keeps cookies and follows nothing by itself.

with running(RoutingService, pair, folder) as house:
    browser = Browser(house)
    browser.get("/sign-in")
    browser.send(email="worker@example.org", pass_phrase="…")     # the form on the page that was last shown
"""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import eventlet
from argon2 import PasswordHasher
from eventlet.green.http import client
from nameko.containers import ServiceContainer

from services.catalogue import migrations_of
from shared.http.server import Server
from shared.messaging.runtime import InboxProvider, RelayProvider, Runtime
from shared.messaging.store import Store
from shared.web.people import pass_phrases
from tests.support.pairs import Pair
from tests.support.parts import SteppedClock, runtime_for
from tests.support.schema import migrated


class House:
    """A service on a pair, its database made; `clock` stands until it is moved."""

    def __init__(self, pair: Pair, folder: Path, service: Any) -> None:
        self.clock = SteppedClock()
        self.service = service
        self.runtime: Runtime = runtime_for(pair, folder, service.name, service.metadata, self.clock)
        migrated(self.store.database, migrations_of(service.name))

    @property
    def store(self) -> Store:
        return self.runtime.store

    def rows(self, table: Any) -> list[dict[str, Any]]:
        """A table, in the order of its key."""
        with self.store.reading() as connection:
            return [dict(row) for row in connection.execute(table.select().order_by(*table.primary_key)).mappings()]

    def close(self) -> None:
        self.store.database.close()


class Running(House):
    """The same, listening at `address`."""

    def __init__(self, pair: Pair, folder: Path, service: Any, openid: Path | None = None, **config: Any) -> None:
        super().__init__(pair, folder, service)
        self.runtime.resources.settings = replace(self.runtime.resources.settings, openid_file=openid)
        inbox = getattr(service, "inbox", None)
        heard = [schema.type() for schema in inbox.handlers] if isinstance(inbox, InboxProvider) else []
        self.runtime.declare({service.name: heard}, {})
        given = {
            "runtime": self.runtime,
            "max_workers": 50,
            "WEB_SERVER_ADDRESS": "127.0.0.1:0",
            "MANAGEMENT_ADDRESS": "127.0.0.1:0",
            "INTERNAL_KEY": "internal-key-of-a-test",
            "ADDRESS_BURST": 10_000,
        }
        self.container = ServiceContainer(service, given | config)
        self.container.start()
        host, _, port = self.container.shared_extensions[Server].address.rpartition(":")
        self.address = (host, int(port))

    def close(self) -> None:
        # Before the pool is closed, whoever works by themselves gives their connections back: the relay, and webhooks.
        for each in self.container.extensions:
            if isinstance(each, RelayProvider) or hasattr(each, "webhooks"):
                each.stop()
        pool: Any = self.store.database.engine.pool
        with eventlet.Timeout(10):
            while pool.checkedout():
                eventlet.sleep(0.01)
        self.container.stop()


@contextmanager
def running(service: Any, pair: Pair, folder: Path, openid: Path | None = None, **config: Any) -> Iterator[Running]:
    """The service until the block ends. Pass phrases are hashed as always, but with less work: every test hashes several."""
    with hashing(PasswordHasher(time_cost=1, memory_cost=256, parallelism=1)):
        house = Running(pair, folder, service, openid, **config)
        try:
            yield house
        finally:
            house.close()


@contextmanager
def hashing(hasher: PasswordHasher) -> Iterator[None]:
    """Pass phrases are hashed so until the block ends."""
    before = pass_phrases._hasher
    try:
        pass_phrases._hasher = hasher
        pass_phrases._nobodys.cache_clear()
        yield
    finally:
        pass_phrases._hasher = before
        pass_phrases._nobodys.cache_clear()


class Browser:
    """What somebody sees: `status`, `location`, `page`. Cookies are kept as a browser keeps them."""

    def __init__(self, house: Running) -> None:
        self._address = house.address
        self.cookies: dict[str, str] = {}
        self.status = 0
        self.headers: dict[str, str] = {}
        self.path = "/"
        self.page = ""

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    def get(self, path: str) -> "Browser":
        return self._ask("GET", path, None)

    def send(self, **fields: str) -> "Browser":
        """Sends the first form on the page's own part that has these fields, with its hidden ones, to where it says."""
        own = self.page.partition("<main")[2]
        forms = re.findall(r'<form[^>]*method="post"[^>]*>.*?</form>', own, re.DOTALL)
        form = next((form for form in forms if all(f'name="/{field}"' in form for field in fields)), None)
        assert form, f"no form with {list(fields)} on {self.path}: {self.text}"
        return self._send_form(form, fields)

    def send_to(self, action: str, **fields: str) -> "Browser":
        """Sends the form of the page that goes to `action`."""
        forms = re.findall(r"<form.*?</form>", self.page, re.DOTALL)
        (form,) = [each for each in forms if _action_of(each, self.path) == action]
        return self._send_form(form, fields)

    def post(self, path: str, **fields: str) -> "Browser":
        """Sends fields as they are, with no token of a page."""
        return self._ask("POST", path, urlencode(fields))

    def follow(self) -> "Browser":
        """Goes where the answer sent it."""
        assert self.status == 303, (self.status, self.page)
        return self.get(self.location)

    @property
    def text(self) -> str:
        """The page's words alone."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.page)).split())

    def _send_form(self, form: str, fields: dict[str, str]) -> "Browser":
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        sent = {name: unescape(value) for name, value in hidden.items()}
        sent |= {f"/{field}": value for field, value in fields.items()}
        return self._ask("POST", _action_of(form, self.path), urlencode(sent))

    def _ask(self, method: str, path: str, body: str | None) -> "Browser":
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(client.HTTPConnection(*self._address, timeout=30)) as http:
            http.request(method, path, body, {name: value for name, value in headers.items() if value})
            answer = http.getresponse()
            self.status, self.page = answer.status, answer.read().decode()
            self.headers = dict(answer.headers)
            for line in answer.headers.get_all("Set-Cookie") or []:
                self._keep(line)
        if not 300 <= self.status < 400:
            self.path = path
        return self

    def _keep(self, line: str) -> None:
        for name, morsel in SimpleCookie(line).items():
            if morsel["max-age"] == "0" or not morsel.value:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value


def _action_of(form: str, path: str) -> str:
    found = re.search(r'<form[^>]* action="([^"]*)"', form)
    return unescape(found[1]) if found and found[1] else urlsplit(path).path
