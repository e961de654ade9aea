"""A connection to RabbitMQ that something between has forgotten: given up, closed without waiting for an answer, made anew."""

import time
from collections.abc import Iterator

import pytest

from shared.ids import new_id
from shared.messaging import rabbitmq as ours
from shared.messaging.broker import Outgoing
from tests.support.parts import TOPOLOGY
from tests.support.proxy import Proxy
from tests.support.rabbitmq import RabbitMQ


@pytest.fixture
def proxy(rabbitmq: RabbitMQ) -> Iterator[Proxy]:
    proxy = Proxy(lambda: rabbitmq.port)
    yield proxy
    proxy.close()


def test_a_connection_that_the_broker_has_forgotten_holds_nobody_up(
    rabbitmq: RabbitMQ, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "CONFIRM_WITHIN", 0.3)
    monkeypatch.setattr(ours, "CLOSE_WITHIN", 0.3)
    url = rabbitmq.url(rabbitmq.new_vhost()).replace(f":{rabbitmq.port}/", f":{proxy.port}/")
    broker = ours.RabbitBroker(url)
    broker.declare(TOPOLOGY)
    message = Outgoing(1, new_id(), "waypost.events", "uk.waypost.nobody.hears.v1", b"{}")
    publisher, consumer = broker.publisher(), broker.consumer("waypost.routing")
    proxy.forget()

    began = time.monotonic()
    with pytest.raises(ConnectionError, match="did not confirm"):
        publisher.publish([message])
    publisher.close()
    consumer.close()

    assert time.monotonic() - began < 20, "it would have waited for ever"
    monkeypatch.setattr(ours, "CONFIRM_WITHIN", 20)
    again = broker.publisher()
    assert again.publish([message]) == {1: "unroutable"}
    again.close()
