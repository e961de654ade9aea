"""Whatever somebody puts into a service's queue is parked or passed over, blocks nothing, and is repeated nowhere."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import amqp
import orjson
import pytest
import requests

from shared.contracts.eligibility import EligibilityAssessed
from shared.contracts.referrals import ReferralSubmitted
from shared.contracts.routing import ReferralRouted
from shared.ids import new_id
from shared.messaging.broker import queue_of
from shared.messaging.runtime import queue_salt
from shared.resources import Resources
from tests.support.callers import World
from tests.support.families import family
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ
from tests.support.system import System, wait_until

Json = dict[str, Any]
MARK = "Test Child Garbage"
"""In every piece of garbage, and nowhere afterwards but sealed in the database."""
HEARD_BY = {
    "referrals": EligibilityAssessed,
    "eligibility": ReferralSubmitted,
    "routing": EligibilityAssessed,
    "notifications": ReferralRouted,
}


def envelope(kind: str = "uk.waypost.elsewhere.unheard-of.v1", *, changes: Json | None = None, **more: Any) -> bytes:
    """A whole event of a type that nobody handles; `changes` and `more` are what is wrong with it; None: not there."""
    event = {
        "specversion": "1.0",
        "id": new_id(),
        "source": "urn:waypost:elsewhere",
        "type": kind,
        "subject": new_id(),
        "time": "2026-11-20T10:00:00+00:00",
        "datacontenttype": "application/json",
        "sequence": "0000000001",
        "data": {"name": MARK},
    }
    return orjson.dumps({name: value for name, value in (event | (changes or {}) | more).items() if value is not None})


def garbage_for(service: str) -> Iterator[tuple[str | None, bytes, dict[str, str]]]:
    """What it must be parked as (None: passed over), the body, and the message's properties."""
    known, json = HEARD_BY[service].type(), {"content_type": "application/cloudevents+json"}
    yield "not-json", f"{MARK}, not JSON".encode() + b"\xff\x00", json
    yield "not-json", b"", json
    yield "not-json", b"[" * 100_000 + MARK.encode(), json
    yield "not-json", f"name={MARK}".encode(), {"content_type": "application/x-www-form-urlencoded"}
    yield "not-json", MARK.encode("utf-16"), {"content_type": "text/plain", "content_encoding": "utf-16"}
    yield "not-json", f"{MARK}, encoded".encode(), {"content_type": "text/plain", "content_encoding": MARK}
    yield "not-a-cloudevent", orjson.dumps([MARK]), json
    yield "not-a-cloudevent", envelope(specversion="0.3"), json
    yield "too-large", orjson.dumps(MARK * 250_000), json
    for name in ("id", "source", "type", "subject", "time"):
        for wrong in (None, {"name": MARK}, f"{MARK} \x00"):
            yield "envelope-incomplete", envelope(changes={name: wrong}), json
    for sequence in ("9" * 20, "-1", MARK, [MARK]):
        yield "envelope-incomplete", envelope(sequence=sequence), json
    yield "envelope-incomplete", envelope(time="2026-11-20T10:00:00"), json
    yield "data-breaks-contract", envelope(known), json
    yield "data-breaks-contract", envelope(known, data=None), json
    yield "data-breaks-contract", envelope(known, data=MARK), json
    yield "data-breaks-contract", envelope(known, data={"referral_id": [MARK], "outcomes": {MARK: 7}}), json
    yield "data-breaks-contract", envelope(known, data={"referral_id": MARK}, correlationid=MARK), json
    yield None, envelope(), json
    yield None, envelope(correlationid=f"{MARK}\x00", causationid=MARK), {"content_type": "text/plain"}


def publish_garbage(system: System) -> dict[str, Counter[str]]:
    """Puts garbage for each service straight into its queue; answers what must be parked there, by error."""
    broker, expected = urlsplit(system.settings.broker), {}
    salt = queue_salt(Resources(system.settings))
    with amqp.Connection(
        f"{broker.hostname}:{broker.port}",
        broker.username,
        broker.password,
        virtual_host=broker.path[1:],
        confirm_publish=True,  # What is not confirmed may be lost when the connection is closed.
    ) as connection:
        channel = connection.channel()
        for service in HEARD_BY:
            wanted: Counter[str] = Counter()
            for error, body, properties in garbage_for(service):
                channel.basic_publish(amqp.Message(body, **properties), routing_key=queue_of(service, salt))
                wanted.update([error] if error else [])
            expected[service] = wanted
    return expected


def parked_in(system: System) -> dict[str, Counter[str]]:
    """What is parked, by service and error, as operations see it."""
    headers = system.headers("operations", "test-operations")
    answer = requests.get(f"{system.operations_url}/v1/parked/groups", headers=headers, timeout=20)
    assert answer.status_code == 200, answer.text
    found: dict[str, Counter[str]] = {service: Counter() for service in HEARD_BY}
    for group in answer.json()["groups"]:
        found[group["service"]][group["error"]] += group["count"]
    return found


def assert_said_nowhere(said: str) -> None:
    found = re.search(f".{{0,200}}(?:{MARK}|{MARK.replace(' ', '.')}).{{0,200}}", said)
    assert found is None, found


@pytest.mark.parametrize("world", ["scale"], indirect=True)
def test_garbage_on_every_queue_is_counted_blocks_nothing_and_is_repeated_nowhere(
    world: World, postgres: Postgres, rabbitmq: RabbitMQ
) -> None:
    system = world.system
    operator = {
        "WAYPOST_KEY": system.key("operations", "test-operations"),
        "WAYPOST_OPERATIONS_URL": system.operations_url,
    }
    assert system.waypost("parked", "list", env=operator) == "Nothing is parked.\n"
    assert system.waypost("parked", "list", "routing", env=operator) == "Nothing that fits is parked.\n"
    expected = publish_garbage(system)

    referral_id = world.referrer.refer(family())

    world.referrer.wait_for(referral_id, "routed")
    world.families_apart.wait_for(referral_id, "referral.routed")
    # What a paced service has been handed and has not read yet stands in no count, so the end is waited for by its number.
    amount = sum(map(Counter.total, expected.values()))
    wait_until(lambda: sum(map(Counter.total, parked_in(system).values())) >= amount, "all garbage to be parked")
    world.wait_until_quiet()
    assert parked_in(system) == expected
    counted = {row["service"]: (row["parked"], row["concerns"]) for row in system.queues()["services"]}
    assert counted == {service: (errors.total(), ["parked"]) for service, errors in expected.items()}

    listed = [system.waypost("parked", "list", env=operator)]
    for service, errors in expected.items():
        listed.append(system.waypost("parked", "list", service, env=operator))
        if service != "routing":
            continue
        many = ("--error", "not-json", "--pace", "1000", "--yes")
        retried = system.waypost("parked", "retry", service, *many, env=operator)
        assert retried.startswith(f"{errors['not-json']} of {errors['not-json']} handed over.\n")
        world.wait_until_quiet()
        assert parked_in(system)[service] == errors, "what cannot be read does not become readable by trying again"
    answers = [str(system.queues())]
    for service, errors in expected.items():
        page = requests.get(
            f"{system.operations_url}/v1/parked",
            params={"service": service},
            headers=system.headers("operations", "test-operations"),
            timeout=20,
        )
        answers += [page.text, requests.get(system.management_url(service) + "/metrics", timeout=20).text]
        ids = [message["event_id"] for message in page.json()["messages"]]
        done = system.waypost("parked", "discard", service, *ids, "--reason", "garbage of a test", env=operator)
        assert done == f"{errors.total()} discarded.\n"

    assert system.queues()["all_well"]
    servers = [
        (server.folder / name).read_text(errors="replace")
        for server, name in ((postgres, "postgres.log"), (rabbitmq, "rabbitmq.log"))
    ]
    assert_said_nowhere("\n".join([*listed, *answers, *servers, system.logs()]))
