"""Input: every route asked with everything, HTTP that is no HTTP, and queues full of what is no event.

None may be answered with a 5xx or tell of anybody, in an answer or in a log, and none may keep the next from being served.
"""

import random
import socket
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import amqp
import eventlet
import orjson

from services.catalogue import topology
from shared.contracts.referrals import ReferralSubmitted
from shared.ids import new_id
from shared.settings import HTTP_PORTS
from tests.faults.long.scenario import Ground, Scenario
from tests.support.system import wait_until


def _send_no_events(ground: Ground) -> str:
    """Into every service's queue, while referrals go through the same."""
    broker = urlsplit(ground.system.settings.broker)
    sent = 0
    with amqp.Connection(
        f"{broker.hostname}:{broker.port}", broker.username, broker.password, virtual_host=broker.path[1:]
    ) as connection:
        channel = connection.channel()
        for service in SERVICES_THAT_HEAR:
            for body in no_events(ground, service):
                channel.basic_publish(amqp.Message(body), routing_key=ground.queue(service))
                sent += 1
                eventlet.sleep(0)
    parked = "SELECT count(*) FROM failures WHERE parked_at IS NOT NULL"
    count = 0

    def taken() -> bool:
        nonlocal count
        count = sum(ground.count(service, parked) for service in SERVICES_THAT_HEAR)
        return count >= sent * 0.4  # Two of four kinds always are; some come twice.

    wait_until(taken, "most of it to be parked", seconds=900)
    return f"{sent:,} sent, {count:,} parked already, the others known or passed over"


SERVICES_THAT_HEAR = ("referrals", "eligibility", "routing", "notifications")
EACH = 18_000
"""With what the routes are asked, more than a hundred thousand inputs."""


def no_events(ground: Ground, service: str) -> Iterator[bytes]:
    """Noise; real events cut off or damaged; whole envelopes with data of any shape. None may have an effect."""
    chance = random.Random(f"{service} {ground.chance.random()}")
    real = _known_to_all(ground)
    for number in range(EACH):
        body = chance.choice(real)
        match number % 4:
            case 0:
                yield chance.randbytes(chance.randrange(2000))
            case 1:
                yield body[: chance.randrange(len(body) - 1)]
            case 2:
                yield _damaged(body, chance)
            case _:
                event = orjson.loads(body) | {"id": new_id(), "subject": new_id(), "data": any_json(chance)}
                yield orjson.dumps(event)


def _known_to_all(ground: Ground) -> list[bytes]:
    """Events that everybody who hears them has taken."""

    def bodies() -> list[bytes]:
        taken = [
            {row[0] for row in ground.system.rows(service, "SELECT event_id FROM inbox")}
            for service, kinds in topology(ground.system.settings).services.items()
            if ReferralSubmitted.type() in kinds
        ]
        query = f"SELECT event_id, body FROM outbox WHERE type = '{ReferralSubmitted.type()}'"
        rows = ground.system.rows("referrals", query)
        return [bytes(body) for event_id, body in rows if all(event_id in each for each in taken)]

    return wait_until(bodies, "events that everybody has taken")


def _damaged(body: bytes, chance: random.Random) -> bytes:
    """With one byte changed, in what comes after its id: what can still be read is known, and has no second effect."""
    place = chance.randrange(body.index(orjson.loads(body)["id"].encode()) + 40, len(body))
    return body[:place] + bytes([chance.randrange(256)]) + body[place + 1 :]


def any_json(chance: random.Random, depth: int = 0) -> Any:
    kinds: list[Any] = [None, True, -1, 2**63, 1e300, "", "\x00", "x" * 300, "Test Child", "2026-02-30", "\ud7ff\u202e"]
    if depth > 3 or chance.random() < 0.5:
        return chance.choice(kinds)
    if chance.random() < 0.5:
        return [any_json(chance, depth + 1) for _ in range(chance.randrange(4))]
    names = ("referral_id", "version", "children", "home", "consent", "outcomes", "agencies", "x")
    return {chance.choice(names): any_json(chance, depth + 1) for _ in range(chance.randrange(5))}


def _send_no_http(ground: Ground) -> str:
    """From many sockets at once, with three hundred more that say nothing."""
    ports = [ground.system.settings.ports[service] for service in HTTP_PORTS]
    idle = [socket.create_connection(("127.0.0.1", port), timeout=20) for port in ports for _ in range(100)]
    statuses: Counter[str] = Counter()

    def send(port: int, pieces: list[bytes], pause: float) -> None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=40) as sock:
                for piece in pieces:
                    sock.sendall(piece)
                    eventlet.sleep(pause)
                sock.shutdown(socket.SHUT_WR)
                said = sock.recv(4096)
            statuses[said[9:10].decode(errors="replace") + "xx" if said.startswith(b"HTTP/") else "closed"] += 1
        except OSError:
            statuses["closed"] += 1

    pool = eventlet.GreenPool(60)
    for port in ports:
        for pieces, pause in no_http(ground.chance):
            pool.spawn_n(send, port, pieces, pause)
    pool.waitall()
    for sock in idle:
        sock.close()
    assert statuses["5xx"] == 0, f"{statuses['5xx']} were answered with a 5xx"
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(statuses.items()))
    return f"300 idle connections; {statuses.total()} requests that are none: {counted}"


def no_http(chance: random.Random) -> Iterator[tuple[list[bytes], float]]:
    """Pieces to send, and the pause after each."""
    post = b"POST /v1/referrals HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    chunked = post + b"Transfer-Encoding: chunked\r\n\r\n"
    for _ in range(40):
        yield [chance.randbytes(chance.randrange(1, 5000))], 0
    for _ in range(20):
        line = b"%s /%s HTTP/1.1\r\nHost: x\r\n\r\n" % (
            chance.choice([b"GET", b"PUT", b"\xff"]),
            chance.randbytes(20).hex().encode(),
        )
        yield [line[: chance.randrange(1, len(line))]], 0
        yield [line], 0
    for size in (b"5", b"ffffffff", b"-1", b"0x2", b"2;" + b"x" * 5000):
        yield [chunked, size + b'\r\n{"a"'], 0.1
    yield [post + b"Content-Length: 100000000\r\n\r\n", *[b"x" * 65536] * 40], 0.01
    yield [post + b"Content-Length: 50\r\n\r\n", b"{"], 1
    yield [bytes([byte]) for byte in post + b"Content-Length: 2\r\n\r\n{}"], 0.02
    yield [post, *[b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(100)]], 0
    yield [b"GET /v1/services HTTP/1.1\r\nHost: x\r\n\r\n" * 50], 0
    yield [post + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"], 0


SCENARIOS = [
    Scenario("queues full of what is no event", _send_no_events, apart_from=(": inbox",)),
    Scenario("HTTP that is none, and three hundred idle connections", _send_no_http),
]
