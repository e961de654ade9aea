"""One agency on the broker cannot read, touch, bind, publish or learn anything of another's, on a real RabbitMQ.

Each attempt is made twice: with an agency's credentials, where it must be refused, and with the operator's, where it must
work. So none is refused merely because it was typed wrongly.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import amqp
import pytest
import requests

from shared.messaging.agency_access import LIMITS, AccessError, AgencyAccess, Credentials
from shared.messaging.broker import AGENCIES, DEAD, EVENTS, Outgoing, Topology, queue_of
from shared.messaging.rabbitmq import RabbitBroker
from tests.support.rabbitmq import RabbitMQ

A, B = "families-apart", "time-matters"
KIND = "uk.waypost.referrals.referral.submitted.v1"
SALT = "5b1d09e7c2f84a36"
DEAD_QUEUE = queue_of("dead", SALT)
TOPOLOGY = Topology(
    {"referrals": [KIND]},
    {A: "waypost.agency.families-apart.3f9c2b71d0", B: "waypost.agency.time-matters.a81e05c44d"},
    SALT,
)


@dataclass(frozen=True)
class World:
    """A broker as production has it: queues, two agencies with access, a message waiting in each queue."""

    rabbitmq: RabbitMQ
    broker: RabbitBroker
    access: AgencyAccess
    a: Credentials
    b: Credentials

    @property
    def service(self) -> str:
        return queue_of("referrals", SALT)

    @contextlib.contextmanager
    def channel(
        self, user: str | None = None, password: str | None = None, vhost: str | None = None
    ) -> Iterator[amqp.Channel]:
        """A channel as that user; the operator's where none is named."""
        connection = amqp.Connection(
            f"127.0.0.1:{self.rabbitmq.port}",
            user or self.rabbitmq.user,
            password or self.rabbitmq.password,
            virtual_host=vhost or self.access.virtual_host,
            connect_timeout=5,
        )
        connection.connect()
        try:
            yield connection.channel()
        finally:
            # A refused attempt has closed its channel already, or the broker the connection.
            with contextlib.suppress(OSError, amqp.AMQPError):
                connection.close()

    def as_agency(self, credentials: Credentials) -> contextlib.AbstractContextManager[amqp.Channel]:
        return self.channel(credentials.user, credentials.password)

    def publish(self, exchange: str, routing_key: str, body: bytes) -> None:
        publisher = self.broker.publisher()
        try:
            assert publisher.publish([Outgoing(1, "event-1", exchange, routing_key, body)]) == {1: None}
        finally:
            publisher.close()

    def ask(self, path: str, user: str | None = None, password: str | None = None) -> int:
        """The status of a GET of the management API."""
        auth = (user or self.rabbitmq.user, password or self.rabbitmq.password)
        return requests.get(
            f"http://127.0.0.1:{self.rabbitmq.management_port}{path}", auth=auth, timeout=10
        ).status_code

    def waiting(self) -> dict[str, int]:
        """How many messages wait in each queue."""
        return {
            queue: self.broker.depth(queue).waiting for queue in (self.a.queue, self.b.queue, self.service, DEAD_QUEUE)
        }


def a_world(rabbitmq: RabbitMQ) -> World:
    url = rabbitmq.url(rabbitmq.new_vhost())
    broker, access = RabbitBroker(url), AgencyAccess(rabbitmq.management_url, url)
    broker.declare(TOPOLOGY)
    credentials = (access.grant(agency, queue) for agency, queue in TOPOLOGY.agencies.items())
    made = World(rabbitmq, broker, access, *credentials)
    made.publish(AGENCIES, A, b"for A")
    made.publish(AGENCIES, B, b"for B")
    made.publish(EVENTS, KIND, b"for the services")
    made.publish(DEAD, "anything", b"for nobody")
    return made


@pytest.fixture
def world(rabbitmq: RabbitMQ) -> World:
    """One that the test may change."""
    return a_world(rabbitmq)


@pytest.fixture(scope="module")
def still_world(rabbitmq: RabbitMQ) -> World:
    """One for those who only ask."""
    return a_world(rabbitmq)


@pytest.fixture(scope="module")
def operators_world(rabbitmq: RabbitMQ) -> World:
    """One in which the operator does what an agency may not."""
    return a_world(rabbitmq)


Attempt = Callable[[amqp.Channel, World], Any]


def publish(exchange: str, routing_key: Callable[[World], str]) -> Attempt:
    def attempt(channel: amqp.Channel, world: World) -> None:
        channel.confirm_select()
        channel.basic_publish_confirm(amqp.Message(b"forged"), exchange=exchange, routing_key=routing_key(world))

    return attempt


def publish_in_a_transaction(channel: amqp.Channel, world: World) -> None:
    channel.tx_select()
    channel.basic_publish(amqp.Message(b"forged"), exchange=AGENCIES, routing_key=B)
    channel.tx_commit()


def consume(queue: Callable[[World], str], **how: Any) -> Attempt:
    return lambda channel, world: channel.basic_consume(queue(world), callback=lambda message: None, **how)


def get(queue: Callable[[World], str]) -> Attempt:
    return lambda channel, world: channel.basic_get(queue(world))


def purge(queue: Callable[[World], str]) -> Attempt:
    return lambda channel, world: channel.queue_purge(queue(world))


def delete(queue: Callable[[World], str]) -> Attempt:
    return lambda channel, world: channel.queue_delete(queue(world))


def bind(exchange: str, key: str) -> Attempt:
    return lambda channel, world: channel.queue_bind(world.a.queue, exchange, key)


def declare(name: str, **how: Any) -> Attempt:
    return lambda channel, world: channel.queue_declare(name, **how)


QUEUES: dict[str, Callable[[World], str]] = {
    "B's queue": lambda world: world.b.queue,
    "a service's queue": lambda world: world.service,
    "the dead-letter queue": lambda world: DEAD_QUEUE,
}

ATTEMPTS: dict[str, Attempt] = {
    **{f"consume {name}": consume(queue) for name, queue in QUEUES.items()},
    **{f"consume {name} without acknowledging": consume(queue, no_ack=True) for name, queue in QUEUES.items()},
    "consume B's queue alone": consume(QUEUES["B's queue"], exclusive=True),
    **{f"get from {name}": get(queue) for name, queue in QUEUES.items()},
    **{f"purge {name}": purge(queue) for name, queue in QUEUES.items()},
    **{f"delete {name}": delete(queue) for name, queue in QUEUES.items()},
    "delete its own queue": lambda channel, world: channel.queue_delete(world.a.queue),
    "declare a queue": declare("mine", durable=True, auto_delete=False),
    "declare a queue that the broker names": declare("", exclusive=True),
    "declare a queue whose dead letters go to B": declare(
        "mine-too",
        durable=True,
        auto_delete=False,
        arguments={"x-dead-letter-exchange": AGENCIES, "x-dead-letter-routing-key": B, "x-message-ttl": 1},
    ),
    "declare an exchange": lambda channel, world: channel.exchange_declare("mine", "fanout"),
    "declare an exchange whose alternate is the agencies'": lambda channel, world: channel.exchange_declare(
        "mine-too", "fanout", arguments={"alternate-exchange": AGENCIES}
    ),
    "delete the agencies' exchange": lambda channel, world: channel.exchange_delete(AGENCIES),
    "delete the services' exchange": lambda channel, world: channel.exchange_delete(EVENTS),
    "bind its queue to what B hears": bind(AGENCIES, B),
    "bind its queue to what every agency hears": bind(AGENCIES, "#"),
    "bind its queue to its own key a second time": bind(AGENCIES, A),
    "bind its queue to what the services hear": bind(EVENTS, "#"),
    "bind its queue to dead letters": bind(DEAD, "#"),
    "bind B's queue to its own key": lambda channel, world: channel.queue_bind(world.b.queue, AGENCIES, A),
    "bind exchange to exchange": lambda channel, world: channel.exchange_bind("amq.fanout", AGENCIES, "#"),
    "unbind its queue": lambda channel, world: channel.queue_unbind(world.a.queue, AGENCIES, A),
    "unbind B's queue": lambda channel, world: channel.queue_unbind(world.b.queue, AGENCIES, B),
    "publish to B by the agencies' exchange": publish(AGENCIES, lambda world: B),
    "publish to itself by the agencies' exchange": publish(AGENCIES, lambda world: A),
    "publish to B by the agencies' exchange, in a transaction": publish_in_a_transaction,
    "publish an event to the services": publish(EVENTS, lambda world: KIND),
    "publish to the dead letters": publish(DEAD, lambda world: "#"),
    "publish into B's queue by the default exchange": publish("", lambda world: world.b.queue),
    "publish into its own queue by the default exchange": publish("", lambda world: world.a.queue),
    "publish into a service's queue by the default exchange": publish("", lambda world: world.service),
    **{
        f"publish to amq.{kind}": publish(f"amq.{kind}", lambda world: B)
        for kind in ("direct", "fanout", "topic", "headers", "match")
    },
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_an_agency_is_refused_to(still_world: World, operators_world: World, attempt: Attempt) -> None:
    before = still_world.waiting()
    with still_world.as_agency(still_world.a) as channel, pytest.raises(amqp.AccessRefused):
        attempt(channel, still_world)
    assert still_world.waiting() == before == dict.fromkeys(before, 1)
    operators_world.broker.declare(TOPOLOGY)  # What the attempt before took away is there again.
    with operators_world.channel() as channel:
        attempt(channel, operators_world)


def test_an_agency_hears_what_is_for_it_and_nothing_else(world: World) -> None:
    for agency, credentials in ((A, world.a), (B, world.b)):
        with world.as_agency(credentials) as channel:
            message = channel.basic_get(credentials.queue)
            assert message.body == (b"for A" if agency == A else b"for B")
            channel.basic_ack(message.delivery_tag)
            assert channel.basic_get(credentials.queue) is None


def test_an_agency_may_throw_away_what_waits_for_it_alone(world: World) -> None:
    with world.as_agency(world.a) as channel:
        assert channel.queue_purge(world.a.queue) == 1
    assert world.waiting() == {world.a.queue: 0, world.b.queue: 1, world.service: 1, DEAD_QUEUE: 1}


@pytest.mark.parametrize(
    "guess",
    [
        "waypost.agency.time-matters",
        "waypost.agency.time-matters.3f9c2b71d0",  # its own name, with the other's id put in
        "waypost.agencies.time-matters",
        "waypost.time-matters",
        "time-matters",
        "agency-time-matters",
        "waypost.referrals",
        "waypost.routing",
        "waypost.dead",
    ],
)
def test_the_name_of_anothers_queue_cannot_be_guessed_so_not_even_its_length_is_told(
    still_world: World, guess: str
) -> None:
    with still_world.as_agency(still_world.a) as channel, pytest.raises(amqp.NotFound):
        channel.queue_declare(guess, passive=True)


@pytest.mark.parametrize("queue", ["waypost.agency.time-matters.a81e05c44d", "no-such-queue"])
def test_a_refusal_does_not_tell_whether_there_is_such_a_queue(still_world: World, queue: str) -> None:
    with still_world.as_agency(still_world.a) as channel, pytest.raises(amqp.AccessRefused) as refused:
        channel.basic_get(queue)
    assert str(refused.value).replace(queue, "QUEUE") == (
        f"Basic.get: (403) ACCESS_REFUSED - access to queue 'QUEUE' in vhost '{still_world.access.virtual_host}' refused "
        f"for user '{still_world.a.user}'"
    )


def test_no_other_virtual_host_is_open_to_an_agency(still_world: World, rabbitmq: RabbitMQ) -> None:
    for vhost in ("/", rabbitmq.new_vhost()):
        with pytest.raises(amqp.NotAllowed), still_world.channel(still_world.a.user, still_world.a.password, vhost):
            pytest.fail(f"{vhost} let an agency in")


def test_a_password_opens_its_own_user_only(still_world: World) -> None:
    for user in (still_world.b.user, still_world.rabbitmq.user, "guest"):
        with pytest.raises(amqp.AccessRefused), still_world.channel(user, still_world.a.password):
            pytest.fail(f"the password of another opened {user}")


@pytest.mark.parametrize(
    "path",
    [
        "/api/whoami",
        "/api/overview",
        "/api/queues",
        "/api/queues/VHOST",
        "/api/connections",
        "/api/consumers",
        "/api/bindings",
        "/api/exchanges",
        "/api/users",
        "/api/permissions",
        "/api/definitions",
        "/api/vhosts",
    ],
)
def test_the_management_api_tells_an_agency_nothing(still_world: World, path: str) -> None:
    path = path.replace("VHOST", still_world.access.virtual_host)
    assert still_world.ask(path) == 200
    assert still_world.ask(path, still_world.a.user, still_world.a.password) == 401


def test_an_agency_cannot_use_up_the_brokers_connections(world: World) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(LIMITS["max-connections"]):
            held.enter_context(world.as_agency(world.a))
        with pytest.raises(amqp.NotAllowed), world.as_agency(world.a):
            pytest.fail("one connection too many was opened")
        with world.as_agency(world.b) as channel:
            assert channel.basic_get(world.b.queue) is not None


def test_a_rotated_password_ends_the_old_one_and_cuts_nothing_off(world: World) -> None:
    with world.as_agency(world.a) as channel:
        rotated = world.access.rotate(A, world.a.queue)
        assert rotated is not None
        assert channel.basic_get(world.a.queue) is not None
    with pytest.raises(amqp.AccessRefused), world.as_agency(world.a):
        pytest.fail("the old password still connects")
    with world.as_agency(rotated) as channel:
        assert channel.basic_get(rotated.queue) is not None
    with world.as_agency(rotated) as channel, pytest.raises(amqp.AccessRefused):
        channel.basic_get(world.b.queue)


@pytest.mark.parametrize("end", ["grant again", "revoke"])
def test_when_access_is_granted_anew_or_revoked_open_connections_end(world: World, end: str) -> None:
    with world.as_agency(world.a) as channel:
        if end == "revoke":
            assert world.access.revoke(A)
        else:
            world.access.grant(A, world.a.queue)
        with pytest.raises(amqp.ConnectionForced):
            channel.connection.drain_events(timeout=20)
    with pytest.raises(amqp.AccessRefused), world.as_agency(world.a):
        pytest.fail("the old password still connects")
    assert world.waiting()[world.a.queue] == 1


def test_who_has_access_is_known_and_only_that(world: World, rabbitmq: RabbitMQ) -> None:
    assert world.access.agencies() == [A, B]
    assert world.access.revoke(A)
    assert world.access.agencies() == [B]
    assert not world.access.revoke(A)
    assert world.access.rotate(A, world.a.queue) is None
    beside = AgencyAccess(rabbitmq.management_url, rabbitmq.url(rabbitmq.new_vhost()))
    assert beside.agencies() == []


def test_an_operator_without_the_right_tag_is_told_what_is_missing(still_world: World, rabbitmq: RabbitMQ) -> None:
    url = rabbitmq.management_url.replace(rabbitmq.password, "wrong")
    for ask in (AgencyAccess.agencies, lambda access: access.grant(A, still_world.a.queue)):
        with pytest.raises(AccessError, match="answered 401"):
            ask(AgencyAccess(url, still_world.broker.url))
