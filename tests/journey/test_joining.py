"""An agency's developer follows docs/joining.md: each client of that page runs as it is printed there, and hears."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from cloudevents.core.bindings.http import HTTPMessage, from_structured
from cloudevents.core.formats.json import JSONFormat

from services.routing.domain.tasks import MOVES
from shared.contracts.envelope import CONTENT_TYPE, read
from shared.contracts.registry import schema_for
from shared.contracts.routing import ReferralRouted
from shared.ids import new_id
from shared.messaging.broker import AGENCIES, Outgoing, broker_for
from tests.support.callers import Json, Referrer, World
from tests.support.families import LIVERPOOL, PERSONAL, family
from tests.support.npm import node_modules, program
from tests.support.process import Process, free_port
from tests.support.rabbitmq import RabbitMQ
from tests.support.system import default_system, wait_until

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "joining.md").read_text()
SHELL = re.findall(r"^```sh try\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PRINTED = dict(re.findall(r"^```\w+ clients/(\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
AGENCY = "time-matters"

scale = pytest.mark.parametrize("world", ["scale"], indirect=True)
clients_of_the_queue = pytest.mark.parametrize("name", ["listen.py", "listen.mjs"])


class Client:
    """One of the page's clients, in a folder of its own, started as the page says."""

    def __init__(self, name: str, folder: Path, env: dict[str, str]) -> None:
        self.folder = folder
        script = folder / name
        script.write_text(PRINTED[name])
        start = {".py": [sys.executable], ".mjs": ["node"], ".sh": ["sh"]}[script.suffix]
        if script.suffix == ".mjs":
            start = [program("node", "nodejs")]
            (folder / "node_modules").symlink_to(node_modules())
        if script.suffix == ".sh":
            program("jq", "jq"), program("curl", "curl")
        self.process = Process([*start, script], log=folder / "client.log", env=env, cwd=folder)

    def start(self) -> "Client":
        self.process.start()
        return self

    def says(self, text: str) -> str:
        return self.process.wait_for_line(text)

    def kept(self) -> list[Json]:
        """The events in the client's own store."""
        if (self.folder / "waypost.sqlite3").exists():
            with closing(sqlite3.connect(self.folder / "waypost.sqlite3")) as store:
                made = store.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchone()
                return [json.loads(body) for (body,) in store.execute("SELECT body FROM events")] if made else []
        if (self.folder / "waypost.ndjson").exists():
            return [json.loads(line) for line in (self.folder / "waypost.ndjson").read_text().splitlines()]
        return [json.loads(path.read_text()) for path in (self.folder / "events").glob("*.json")]


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[list[Client]]:
    """What a test appends is killed when it ends."""
    running: list[Client] = []
    yield running
    for client in running:
        if client.process.alive:
            client.process.kill()


@pytest.fixture
def queue(world: World, rabbitmq: RabbitMQ) -> dict[str, str]:
    """The settings of a client of the queue, with a password of its own: the one before cuts nobody off."""
    told = world.system.waypost(
        "agencies", "rotate", AGENCY, env={"WAYPOST_BROKER_MANAGEMENT": rabbitmq.management_url}
    )
    access = {line[:12].strip(): line[12:].strip() for line in told.splitlines()}
    host = urlsplit(world.system.settings.broker).netloc.rpartition("@")[2]
    url = f"amqp://{access['user']}:{access['password']}@{host}/{access['virtual host']}"
    return {"WAYPOST_AMQP": url, "WAYPOST_QUEUE": access["queue"]}


def publish(world: World, *bodies: bytes) -> None:
    """Straight to the agency, as a relay does that was cut off before it heard that it had sent."""
    publisher = broker_for(world.system.settings.broker).publisher()
    try:
        messages = [Outgoing(number, new_id(), AGENCIES, AGENCY, body) for number, body in enumerate(bodies)]
        assert set(publisher.publish(messages).values()) == {None}
    finally:
        publisher.close()


def depth(world: World, queue: dict[str, str]) -> int:
    return broker_for(world.system.settings.broker).depth(queue["WAYPOST_QUEUE"]).waiting


def events_about(client: Client, referral_id: str) -> list[Json]:
    return sorted((event for event in client.kept() if event["subject"] == referral_id), key=lambda e: e["sequence"])


@pytest.mark.parametrize("path", sorted((DOCS / "clients").iterdir()), ids=lambda path: path.name)
def test_the_page_prints_each_client_as_its_file_has_it(path: Path) -> None:
    assert PRINTED[path.name] == path.read_text()


def test_the_event_on_the_page_is_one_that_we_would_send() -> None:
    (printed,) = re.findall(r"^```json event\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    event = read(printed.encode(), {ReferralRouted.type(): schema_for(ReferralRouted)})
    assert event.type == ReferralRouted.type()
    assert event.data["agency"] == "families-apart"


@scale
@clients_of_the_queue
def test_a_client_of_the_queue_hears_once_and_in_order(
    world: World, name: str, queue: dict[str, str], clients: list[Client], tmp_path: Path
) -> None:
    clients.append(client := Client(name, tmp_path, queue).start())
    client.says("listening")

    referral_id = world.referrer.refer(family(home=LIVERPOOL))
    wait_until(lambda: events_about(client, referral_id), "the client to hear of the family")
    (routed,) = events_about(client, referral_id)
    world.referrer.post({"reason": "family-declined"}, f"/{referral_id}/withdrawal")
    client.says(f"stop, and delete what you hold for task {routed['data']['task_id']}")

    late = json.dumps(routed | {"id": f"late-{routed['id']}"}).encode()
    publish(world, json.dumps(routed).encode(), late)
    client.says(f"seen before {routed['id']}")
    client.says(f"too late late-{routed['id']}")
    assert client.process.text().count(f"new task {routed['data']['task_id']}") == 1
    assert depth(world, queue) == 0


@scale
@clients_of_the_queue
def test_a_client_of_the_queue_that_is_killed_loses_nothing(
    world: World, name: str, queue: dict[str, str], clients: list[Client], tmp_path: Path
) -> None:
    sent = [made_up(number) for number in range(400)]
    clients.append(client := Client(name, tmp_path, queue))
    for number in range(0, 300, 100):  # Some for each start: a quick client takes all that there are.
        publish(world, *(json.dumps(event).encode() for event in sent[number : number + 100]))
        before = len(client.kept()) if client.process.log.exists() else 0
        client.start().process.wait_until(lambda: len(client.kept()) > before, "another event to be kept")  # noqa: B023
        client.process.kill()
    publish(world, *(json.dumps(event).encode() for event in sent[300:]))
    client.start()

    ids = {event["id"] for event in sent}
    wait_until(lambda: ids <= {event["id"] for event in client.kept()}, "all to be kept")
    wait_until(lambda: depth(world, queue) == 0, "all to be acknowledged")
    kept = [event["id"] for event in client.kept()]
    assert len(kept) == len(set(kept))


@scale
def test_an_event_that_cannot_be_stored_is_not_acknowledged(
    world: World, queue: dict[str, str], clients: list[Client], tmp_path: Path
) -> None:
    clients.append(client := Client("listen.py", tmp_path, queue).start())
    client.says("listening")
    wait_until(lambda: depth(world, queue) == 0, "what others left to be taken")
    with closing(sqlite3.connect(tmp_path / "waypost.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        event = made_up(1)
        publish(world, json.dumps(event).encode())
        assert client.process.wait() != 0
    assert "database is locked" in client.process.text()

    wait_until(lambda: depth(world, queue) == 1, "the event to be back in the queue")
    client.start()
    wait_until(lambda: [kept for kept in client.kept() if kept["id"] == event["id"]], "the event to be kept")


def made_up(number: int) -> Json:
    """An event as an agency hears it, about nobody."""
    event_id = f"{new_id()}-{number}"
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "urn:waypost:routing",
        "type": "uk.waypost.routing.referral.routed.v1",
        "subject": event_id,
        "time": "2026-11-20T10:00:00+00:00",
        "datacontenttype": "application/json",
        "sequence": "0000000001",
        "data": {"task_id": event_id, "link": "http://127.0.0.1/v1/tasks/1"},
    }


def test_a_client_of_the_feed_hears_once_goes_on_from_its_cursor_and_can_replay(
    world: World, clients: list[Client], tmp_path: Path
) -> None:
    env = {"WAYPOST_URL": world.system.routing_url, "WAYPOST_KEY": world.system.key("routing", AGENCY)}
    clients.append(client := Client("feed.sh", tmp_path, env).start())
    first = world.referrer.refer(family(home=LIVERPOOL))
    wait_until(lambda: events_about(client, first), "the client to hear of the family")

    client.process.kill()
    second = world.referrer.refer(family(home=LIVERPOOL))
    world.referrer.post({"reason": "family-declined"}, f"/{first}/withdrawal")
    client.start()
    wait_until(lambda: events_about(client, second) and len(events_about(client, first)) == 2, "the client to catch up")
    (routed, recalled) = events_about(client, first)
    assert recalled["type"] == "uk.waypost.routing.task.recalled.v1"
    assert client.process.text().count(f"stored {routed['id']}") == 1

    client.process.kill()
    (tmp_path / "cursor").unlink(missing_ok=True)  # What was killed at once may not have got so far.
    client.start()
    client.says(f"seen before {routed['id']}")
    assert not any(word in client.process.text() for word in PERSONAL)


def test_the_webhook_receiver_takes_what_is_signed_once_and_catches_up(
    places: Path, clients: list[Client], tmp_path: Path
) -> None:
    here, there = tmp_path / "receiver", tmp_path / "waypost"
    here.mkdir()
    there.mkdir()
    with default_system(there, places, WAYPOST_WEBHOOKS_ALLOW="127.0.0.1/32") as system:
        referrer, port = Referrer(system), free_port()
        api = {"WAYPOST_URL": system.routing_url, "WAYPOST_KEY": system.key("routing", AGENCY)}
        made = typed('/v1/webhooks"', api | {"WAYPOST_WEBHOOK_URL": f"http://127.0.0.1:{port}/waypost"})

        env = {"PORT": str(port), "WAYPOST_WEBHOOK_SECRET": made["secret"]}
        clients.append(client := Client("webhook.py", here, env).start())
        client.says("listening")
        assert typed('/test"', api | {"WAYPOST_WEBHOOK": made["id"]})["delivered"]

        referral_id = referrer.refer(family(home=LIVERPOOL))
        wait_until(lambda: events_about(client, referral_id), "the receiver to hear of the family")
        client.process.kill()
        referrer.post({"reason": "family-declined"}, f"/{referral_id}/withdrawal")
        url = f"{system.routing_url}/v1/webhooks/{made['id']}"
        headers = system.headers("routing", AGENCY)
        wait_until(lambda: requests.get(url, headers=headers, timeout=20).json()["failed_attempts"], "a failed attempt")
        client.start()
        wait_until(lambda: len(events_about(client, referral_id)) == 2, "the recall to be sent again", seconds=40)

        assert requests.post(f"{url}/replay", json={"after": None}, headers=headers, timeout=20).status_code == 200
        client.says(f"seen before {events_about(client, referral_id)[0]['id']}")

        forged = {
            "webhook-id": "forged",
            "webhook-timestamp": str(int(time.time())),
            "webhook-signature": "v1,Zm9yZ2Vk",
        }
        answer = requests.post(f"http://127.0.0.1:{port}/", json=made_up(1), headers=forged, timeout=20)
        assert answer.status_code == 401
        assert len(client.kept()) == 3


def typed(part: str, env: dict[str, str]) -> Json:
    """What the one command of the page that holds `part` answers when it is typed as it is printed."""
    (command,) = (each for each in SHELL if part in each)
    done = subprocess.run(
        ["sh", "-eu", "-c", command],
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    answer: Json = json.loads(done.stdout)
    return answer


def test_the_feed_and_the_tasks_can_be_read_by_hand(world: World) -> None:
    referral_id = world.referrer.refer(family(home=LIVERPOOL))
    world.time_matters.wait_for(referral_id, "referral.routed")
    env = {"WAYPOST_URL": world.system.routing_url, "WAYPOST_KEY": world.system.key("routing", AGENCY)}

    page = typed("/v1/events", env)
    assert 0 < len(page["events"]) <= 5
    assert typed("/v1/tasks?state", env)["items"][0]["referral_id"] == referral_id


def test_a_task_can_be_answered_by_hand_and_a_wrong_answer_says_what_is_allowed(world: World) -> None:
    env = {"WAYPOST_URL": world.system.routing_url, "WAYPOST_KEY": world.system.key("routing", AGENCY)}

    def referred() -> tuple[str, dict[str, str]]:
        referral_id = world.referrer.refer(family(home=LIVERPOOL))
        return referral_id, env | {
            "WAYPOST_TASK": world.time_matters.wait_for(referral_id, "referral.routed")["task_id"]
        }

    referral_id, task = referred()
    accepted = typed('/accept"', task)
    assert accepted["state"] == "accepted"
    assert typed('/accept"', task) == accepted, "the same key gets the first answer again"
    refused = typed('/reject"', task)
    assert (refused["status"], refused["code"], refused["state"]) == (409, "not-allowed-now", "accepted")
    assert "start" in refused["allowed"]

    world.referrer.post({"reason": "family-declined"}, f"/{referral_id}/withdrawal")
    world.time_matters.wait_for(referral_id, "task.recalled")
    assert typed('/acknowledge-recall"', task)["recall_acknowledged_at"]

    _, task = referred()
    assert typed('/reject"', task)["reason"] == "no-capacity"


def test_the_page_lists_each_answer_with_its_states_and_reasons() -> None:
    rows = dict(
        re.findall(
            r"^\| `([a-z-]+)` \| (`(?:requested|accepted|on-hold|in-progress|cancelled)`.*) \|$", PAGE, re.MULTILINE
        )
    )
    of_the_agency = [each for each in MOVES if each.role == "agency"]
    for action in ("accept", "reject", "hold", "resume", "start", "complete", "fail", "acknowledge-recall"):
        states, _, reasons = rows[action].split(" | ")
        known = [each for each in of_the_agency if each.action == action]
        assert set(re.findall("`(.+?)`", states)) == {each.state for each in known}
        assert set(re.findall("`(.+?)`", reasons)) == {reason for each in known for reason in each.reasons}


def test_other_peoples_library_reads_our_envelope(world: World) -> None:
    referral_id = world.referrer.refer(family(home=LIVERPOOL))
    world.time_matters.wait_for(referral_id, "referral.routed")
    (ours,) = world.time_matters.about(referral_id)

    message = HTTPMessage({"content-type": CONTENT_TYPE}, json.dumps(ours).encode())
    event = from_structured(message, JSONFormat())

    assert (event.get_id(), event.get_subject()) == (ours["id"], referral_id)
    assert event.get_type() == "uk.waypost.routing.referral.routed.v1"
    assert event.get_time() == datetime.fromisoformat(ours["time"])
    assert event.get_extension("sequence") == ours["sequence"]
    assert event.get_data() == ours["data"]
