"""Those who use Waypost from outside: a referrer, an agency that hears by its queue or by the pull feed, readers of e-mail.

Each knows only what it was given: an address and a key, or the broker's credentials of one agency.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from urllib.parse import urlsplit

import amqp
import orjson
import requests

from tests.support.system import System, wait_until

Json = dict[str, Any]
ANSWER_WITHIN = 20


class Referrer:
    """One organisation that refers families; `url` is another way to the service than its own address."""

    def __init__(self, system: System, owner: str = "test-school", url: str = "") -> None:
        self._base = f"{url or system.referrals_url}/v1/referrals"
        self._headers = system.headers("referrals", owner)

    def post(self, body: Json, path: str = "", idempotency_key: str | None = None) -> requests.Response:
        """`POST /v1/referrals`, or one of the calls below a referral."""
        headers = self._headers | ({"Idempotency-Key": idempotency_key} if idempotency_key else {})
        return requests.post(self._base + path, json=body, headers=headers, timeout=ANSWER_WITHIN)

    def refer(self, body: Json) -> str:
        """The id of the referral that was accepted."""
        answer = self.post(body)
        assert answer.status_code == 201, answer.text
        assert answer.headers["Location"] == f"/v1/referrals/{answer.json()['id']}"
        referral_id: str = answer.json()["id"]
        return referral_id

    def ask(self, path: str) -> requests.Response:
        return requests.get(self._base + path, headers=self._headers, timeout=ANSWER_WITHIN)

    def one(self, referral_id: str) -> Json:
        answer = self.ask(f"/{referral_id}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def wait_for(self, referral_id: str, status: str) -> Json:
        """The referral, once it has this status."""

        def there() -> Json | None:
            found = self.one(referral_id)
            return found if found["status"] == status else None

        return wait_until(there, f"{referral_id} to be {status}") or {}

    def timeline(self, referral_id: str) -> list[Json]:
        answer = self.ask(f"/{referral_id}/timeline")
        assert answer.status_code == 200, answer.text
        items: list[Json] = answer.json()["items"]
        return items

    def every(self) -> list[Json]:
        """All referrals of this organisation, page by page."""
        found: list[Json] = []
        query = "?limit=100"
        while True:
            page = self.ask(query).json()
            found += page["items"]
            if page["next"] is None:
                return found
            query = f"?limit=100&cursor={page['next']}"


class Agency:
    """One agency; `about` is everything that it was told of a referral, in the order in which it heard."""

    def __init__(self, system: System, agency: str, hear: Callable[[], list[Json]]) -> None:
        self.id = agency
        self._system = system
        self._hear = hear
        self.heard: list[Json] = []

    def about(self, referral_id: str) -> list[Json]:
        self.listen()
        return [event for event in self.heard if event["subject"] == referral_id]

    def listen(self) -> None:
        """Takes what is new."""
        self.heard += self._hear()

    def wait_for(self, referral_id: str, fact: str) -> Json:
        """The data of the first event of this kind about a referral."""

        def there() -> Json | None:
            kind = f"uk.waypost.routing.{fact}.v1"
            return next((event["data"] for event in self.about(referral_id) if event["type"] == kind), None)

        return wait_until(there, f"{self.id} to hear {fact}") or {}

    def read(self, url: str) -> requests.Response:
        """A page of its own, such as the link in an event."""
        return requests.get(url, headers=self._system.headers("routing", self.id), timeout=ANSWER_WITHIN)


def by_feed(system: System, agency: str) -> Agency:
    """Hears by `GET /v1/events`, from the first event on."""
    headers = system.headers("routing", agency)
    place: dict[str, str] = {}

    def hear() -> list[Json]:
        heard: list[Json] = []
        while True:
            answer = requests.get(
                f"{system.routing_url}/v1/events", params=place, headers=headers, timeout=ANSWER_WITHIN
            )
            assert answer.status_code == 200, answer.text
            page = answer.json()
            place["after"] = page["next"]
            if not page["events"]:
                return heard
            heard += page["events"]

    return Agency(system, agency, hear)


def by_queue(system: System, agency: str, management_url: str) -> Agency:
    """Hears by its own queue on RabbitMQ, with the credentials that `waypost agencies provision` shows once."""
    told = system.waypost("agencies", "provision", agency, env={"WAYPOST_BROKER_MANAGEMENT": management_url})
    access = {line[:12].strip(): line[12:].strip() for line in told.splitlines()}
    broker = urlsplit(system.settings.broker)
    connection = amqp.Connection(
        f"{broker.hostname}:{broker.port}",
        access["user"],
        access["password"],
        virtual_host=access["virtual host"],
    )
    connection.connect()
    channel = connection.channel()

    def hear() -> list[Json]:
        heard = []
        while (message := channel.basic_get(access["queue"])) is not None:
            heard.append(orjson.loads(message.body))
            channel.basic_ack(message.delivery_tag)
        return heard

    return Agency(system, agency, hear)


@dataclass(frozen=True)
class Mail:
    """An e-mail as its reader sees it."""

    to: str
    subject: str
    text: str


def mails(system: System) -> list[Mail]:
    """All e-mails, in the order in which they were written."""
    found = []
    for path in sorted((system.data / "outbox").glob("*.eml")):
        email = message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=default)
        found.append(Mail(str(email["To"]), str(email["Subject"]), email.as_string() + email.get_content()))
    return found


def mails_about(system: System, reference: str) -> list[Mail]:
    """The e-mails that carry a referral's reference in their subject."""
    return [mail for mail in mails(system) if reference in mail.subject]


def wait_for_mail(system: System, to: str, saying: str = "") -> Mail:
    """The last e-mail to an address whose subject or text says this, once there is one."""

    def there() -> Mail | None:
        return next((mail for mail in reversed(mails(system)) if mail.to == to and saying in mail.text), None)

    found = wait_until(there, f"an e-mail to {to} that says {saying!r}")
    assert found
    return found


@dataclass(frozen=True)
class World:
    """A running Waypost and those who use it; `stranger` is another organisation that refers."""

    system: System
    referrer: Referrer
    stranger: Referrer
    families_apart: Agency
    time_matters: Agency

    @classmethod
    def of(cls, system: System, families_apart: Agency, time_matters: Agency) -> "World":
        return cls(system, Referrer(system), Referrer(system, "test-surgery"), families_apart, time_matters)

    def wait_until_quiet(self) -> None:
        """Whatever was going to be said has been said."""
        wait_until(self.system.is_quiet, "all queues to be empty")

    def wait_for_timeline(self, referral_id: str, counts: Mapping[str, int]) -> None:
        """Until a referral's timeline has so many entries of these types."""

        def there() -> bool:
            found = Counter(item["type"] for item in self.referrer.timeline(referral_id))
            return all(found[kind] >= count for kind, count in counts.items())

        wait_until(there, f"the timeline to show {dict(counts)}")
