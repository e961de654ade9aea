"""What an agency asks of its webhooks over HTTP, and that nothing of another's can be seen or changed; on both pairs."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from eventlet.green.http import client
from nameko.containers import ServiceContainer

from services.routing.service import RoutingService
from services.routing.tables import api_keys
from shared.http.keys import new_key
from shared.http.pages import encode_cursor
from shared.http.server import Server
from shared.ids import new_id
from tests.support.deciding import PAIRS, pair_in
from tests.support.process import free_port
from tests.support.waiting import until
from tests.support.webhooks import A, B, Desk, Receiver


class Agencies:
    """The running service, as agencies reach it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.runtime.declare({}, {agency: f"waypost.agency.{agency}" for agency in (A, B)})
        self.container = ServiceContainer(
            RoutingService,
            {
                "runtime": desk.runtime,
                "max_workers": 50,
                "WEB_SERVER_ADDRESS": "127.0.0.1:0",
                "MANAGEMENT_ADDRESS": "127.0.0.1:0",
                "INTERNAL_KEY": "internal-key-of-a-test",
            },
        )
        self.container.start()
        host, _, port = self.container.shared_extensions[Server].address.rpartition(":")
        self.address = (host, int(port))
        self.keys = {agency: self.key(agency, "events:read", "tasks:read", "tasks:write") for agency in (A, B)}

    def key(self, agency: str, *scopes: str) -> str:
        text, row = new_key(agency, scopes, "a test", self.desk.store.resources.clock.now())
        with self.desk.store.writing() as transaction:
            transaction.insert(api_keys, **vars(row))
        return text

    def asks(self, agency: str, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {key or self.keys[agency]}", "Content-Type": "application/json"}
        with closing(client.HTTPConnection(*self.address, timeout=30)) as http:
            http.request(method, path, None if body is None else orjson.dumps(body), headers)
            answer = http.getresponse()
            text = answer.read()
            return answer.status, orjson.loads(text) if text else None

    def makes(self, agency: str, url: str, **about: Any) -> dict[str, Any]:
        status, made = self.asks(agency, "POST", "/v1/webhooks", {"url": url, **about})
        assert status == 201, made
        return dict(made)

    def shown(self, agency: str, webhook: dict[str, Any]) -> dict[str, Any]:
        return dict(self.asks(agency, "GET", f"/v1/webhooks/{webhook['id']}")[1])

    def tell(self, agency: str, *subjects: str) -> None:
        """What the agency hears of these referrals; the service's own relay has sent it."""
        self.desk.write(agency, *subjects)
        until(self.desk.relayed)


@pytest.fixture(scope="module", params=PAIRS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agencies]:
    folder = tmp_path_factory.mktemp("webhooks")
    agencies = Agencies(Desk(pair_in(request, folder), folder))
    yield agencies
    agencies.container.stop()
    agencies.desk.store.database.close()


@pytest.fixture
def agencies(running: Agencies) -> Iterator[Agencies]:
    """The service, with no webhooks left behind."""
    yield running
    for agency in (A, B):
        for webhook in running.asks(agency, "GET", "/v1/webhooks")[1]["items"]:
            assert running.asks(agency, "DELETE", f"/v1/webhooks/{webhook['id']}") == (204, None)


def url() -> str:
    return f"http://127.0.0.1:{free_port()}/heard"


def test_an_agency_makes_a_webhook_and_hears_by_it(agencies: Agencies, tmp_path: Path) -> None:
    port, referral = free_port(), new_id()
    webhook = agencies.makes(A, f"http://127.0.0.1:{port}/")
    with Receiver(tmp_path, "--secret", webhook["secret"], port=port) as receiver:
        agencies.tell(A, referral)
        until(lambda: receiver.heard())
        until(lambda: agencies.shown(A, webhook)["delivered"] == 1)
        assert [event["subject"] for event in receiver.heard()] == [referral]
    assert agencies.shown(A, webhook)["state"] == "enabled"


def test_the_secret_is_shown_once_and_stored_sealed(agencies: Agencies) -> None:
    webhook = agencies.makes(A, url())
    assert webhook["secret"].startswith("whsec_")
    assert "secret" not in agencies.shown(A, webhook)
    assert webhook["secret"] not in str(agencies.asks(A, "GET", "/v1/webhooks"))
    (row,) = agencies.desk.rows("webhooks")
    assert webhook["secret"].encode() not in row["secret"]
    rotated = agencies.asks(A, "POST", f"/v1/webhooks/{webhook['id']}/rotate")[1]
    assert rotated["secret"] != webhook["secret"]
    assert rotated["old_secret_until"] is not None


def test_a_test_event_tells_what_came_of_it(agencies: Agencies, tmp_path: Path) -> None:
    port = free_port()
    webhook = agencies.makes(A, f"http://127.0.0.1:{port}/")
    status, tried = agencies.asks(A, "POST", f"/v1/webhooks/{webhook['id']}/test")
    assert (status, tried["delivered"], tried["problem"]) == (200, False, "connection-failed")
    with Receiver(tmp_path, "--secret", webhook["secret"], port=port) as receiver:
        _, tried = agencies.asks(A, "POST", f"/v1/webhooks/{webhook['id']}/test")
        assert (tried["delivered"], tried["status"], tried["problem"]) == (True, 200, None)
        (event,) = receiver.heard()
    assert (event["type"], event["id"]) == ("uk.waypost.routing.webhook.tried.v1", tried["event_id"])


def test_what_is_not_delivered_is_listed_in_pages_and_replayed_from_its_cursor(
    agencies: Agencies, tmp_path: Path
) -> None:
    referral, other = new_id(), new_id()
    with Receiver(tmp_path, "--refuse", referral) as receiver:
        webhook = agencies.makes(A, receiver.url)
        path = f"/v1/webhooks/{webhook['id']}"
        agencies.tell(A, referral, other, referral)
        until(lambda: agencies.shown(A, webhook)["waiting"] == 2)
        _, first = agencies.asks(A, "GET", f"{path}/deliveries?limit=1")
        _, second = agencies.asks(A, "GET", f"{path}/deliveries?limit=1&cursor={first['next']}")
        (due,), (held,) = first["items"], second["items"]
        assert (due["state"], due["problem"], due["referral_id"]) == ("waiting", "http-500", referral)
        assert (held["state"], held["problem"], second["next"]) == ("held", None, None)

        receiver.recover()
        status, shown = agencies.asks(A, "POST", f"{path}/replay", {"after": due["after"]})
        assert (status, shown["waiting"]) == (200, 0)
        until(lambda: len(receiver.heard()) == 3)
        assert agencies.asks(A, "GET", f"{path}/deliveries")[1]["items"] == []


def test_a_webhook_may_begin_in_the_past_where_the_feed_has_been(agencies: Agencies, tmp_path: Path) -> None:
    referrals = [new_id() for _ in range(3)]
    agencies.tell(A, *referrals)
    events = agencies.asks(A, "GET", "/v1/events?limit=100")[1]["events"]
    page = agencies.asks(A, "GET", f"/v1/events?limit={len(events) - 2}")[1]
    with Receiver(tmp_path) as receiver:
        agencies.makes(A, receiver.url, after=page["next"])
        until(lambda: len(receiver.heard()) == 2)
        assert {event["subject"] for event in receiver.heard()} == set(referrals[1:])


def test_nothing_of_another_agency_can_be_seen_or_changed(agencies: Agencies) -> None:
    webhook = agencies.makes(A, url())
    before, path = agencies.desk.rows("webhooks"), f"/v1/webhooks/{webhook['id']}"
    assert agencies.asks(B, "GET", "/v1/webhooks") == (200, {"items": []})
    asked: list[tuple[str, str, Any]] = [
        ("GET", path, None),
        ("DELETE", path, None),
        ("POST", f"{path}/rotate", None),
        ("POST", f"{path}/test", None),
        ("POST", f"{path}/enable", None),
        ("POST", f"{path}/replay", {"after": None}),
        ("GET", f"{path}/deliveries", None),
    ]
    for method, where, body in asked:
        status, problem = agencies.asks(B, method, where, body)
        assert (status, problem["code"]) == (404, "not-found"), where
    unchanged = ("secret", "state", "after", "generation", "url")
    after = agencies.desk.rows("webhooks")
    assert [[row[name] for name in unchanged] for row in after] == [[row[name] for name in unchanged] for row in before]


def test_a_key_without_the_scope_is_refused(agencies: Agencies) -> None:
    reader = agencies.key(A, "events:read", "tasks:read")
    assert agencies.asks(A, "GET", "/v1/webhooks", key=reader)[0] == 403
    assert agencies.asks(A, "POST", "/v1/webhooks", {"url": url()}, key=reader)[0] == 403


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("ftp://127.0.0.1/", "not-a-url"),
        ("http://", "not-a-url"),
        ("https://agency.example.org/with space", "not-a-url"),
        ("https://agency.example.org:99999/", "not-a-url"),
        ("https://agency.example.org:0/", "not-a-url"),
        ("https://agency.example.org/#part", "not-a-url"),
        ("https://ägency.example.org/", "not-a-url"),
        ("https://agency.example.org/\r\nX: y", "not-a-url"),
        ("https://[::1/", "not-a-url"),
        ("https://user:secret@127.0.0.1/", "credentials"),
        ("https://user@127.0.0.1/", "credentials"),
        ("https://10.0.0.1/", "address-not-allowed"),
        ("https://169.254.169.254/latest/meta-data", "address-not-allowed"),
        ("https://[::ffff:127.0.0.1]/", "address-not-allowed"),
        ("http://93.184.215.14/", "not-https"),
        ("https://127.0.0.1/" + "x" * 1000, "too-long"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_a_code(agencies: Agencies, address: str, code: str) -> None:
    status, problem = agencies.asks(A, "POST", "/v1/webhooks", {"url": address})
    assert (status, [error["code"] for error in problem["errors"]]) == (422, [code])
    assert problem["errors"][0]["pointer"] == "/url"


def test_one_address_has_one_webhook_and_an_agency_has_five_at_most(agencies: Agencies) -> None:
    first = url()
    agencies.makes(A, first)
    status, problem = agencies.asks(A, "POST", "/v1/webhooks", {"url": first})
    assert (status, problem["code"]) == (409, "webhook-exists")
    for _ in range(4):
        agencies.makes(A, url())
    status, problem = agencies.asks(A, "POST", "/v1/webhooks", {"url": url()})
    assert (status, problem["code"]) == (409, "too-many-webhooks")
    agencies.makes(B, first)


def test_a_replay_from_where_sending_has_not_come_is_refused(agencies: Agencies) -> None:
    webhook = agencies.makes(A, url())
    path = f"/v1/webhooks/{webhook['id']}/replay"
    status, problem = agencies.asks(A, "POST", path, {"after": encode_cursor(1 << 40)})
    assert (status, problem["code"]) == (409, "not-reached")
    assert agencies.asks(A, "POST", path, {"after": "made-up"})[0] == 400
    assert agencies.asks(A, "POST", path, {})[0] == 422


def test_what_was_switched_off_is_switched_on_over_http(agencies: Agencies, tmp_path: Path) -> None:
    with Receiver(tmp_path, "--answer", "410") as receiver:
        webhook = agencies.makes(A, receiver.url)
        agencies.tell(A, new_id())
        until(lambda: agencies.shown(A, webhook)["state"] == "disabled")
        path = f"/v1/webhooks/{webhook['id']}"
        assert agencies.asks(A, "POST", f"{path}/replay", {"after": None})[0] == 409
        receiver.recover()
        assert agencies.asks(A, "POST", f"{path}/enable")[1]["state"] == "enabled"
        until(lambda: receiver.heard())
