"""The floors: the same steps with nothing of ours in them. Each function runs in a process of its own.

psycopg and py-amqp are used as they come, blocking, one thread: no fewer layers are possible in Python.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import amqp
import psycopg
from kombu.utils.url import parse_url

WINDOW = 200


@contextmanager
def alone(work: Callable[..., None], *arguments: Any) -> Iterator[Connection]:
    """Runs `work(pipe, *arguments)` in a fresh process; gives our end of the pipe. Ended when the block ends."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=work, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        process.terminate()
        process.join()


def channel_to(url: str) -> tuple[amqp.Connection, amqp.Channel]:
    parts = parse_url(url)
    connection = amqp.Connection(
        f"{parts['hostname']}:{parts['port']}", parts["userid"], parts["password"], virtual_host=parts["virtual_host"]
    )
    connection.connect()
    return connection, connection.channel()


def consume(pipe: Connection, url: str, queue: str, most: int) -> None:
    """Consumes `most` messages, acknowledging by windows; tells events per second."""
    connection, channel = channel_to(url)
    channel.basic_qos(0, 2 * WINDOW, False)
    taken: list[int] = []

    def take(message: Any) -> None:
        taken.append(message.delivery_tag)
        if len(taken) % WINDOW == 0 or len(taken) == most:
            channel.basic_ack(message.delivery_tag, multiple=True)

    begun = time.perf_counter()
    channel.basic_consume(queue, callback=take)
    while len(taken) < most:
        connection.drain_events(timeout=30)
    pipe.send(most / (time.perf_counter() - begun))
    connection.close()


def confirm(pipe: Connection, url: str, exchange: str, routing_key: str, body: bytes, most: int) -> None:
    """Publishes the same message `most` times, mandatory and persistent, by windows of confirms; tells events per second."""
    leave(pipe, url, exchange, routing_key, [body] * most)


def leave(pipe: Connection, url: str, exchange: str, routing_key: str, bodies: Sequence[bytes]) -> None:
    """Publishes these messages, mandatory and persistent, by windows of confirms; tells events per second."""
    connection, channel = channel_to(url)
    channel.confirm_select()
    unconfirmed: set[int] = set()

    def acked(tag: int, multiple: bool) -> None:
        unconfirmed.difference_update([each for each in unconfirmed if each <= tag] if multiple else [tag])

    channel.events["basic_ack"].add(acked)
    begun = time.perf_counter()
    for number, body in enumerate(bodies, 1):
        channel.basic_publish(amqp.Message(body, delivery_mode=2), exchange, routing_key, mandatory=True)
        unconfirmed.add(number)
        while len(unconfirmed) >= WINDOW or (number == len(bodies) and unconfirmed):
            connection.drain_events(timeout=30)
    pipe.send(len(bodies) / (time.perf_counter() - begun))
    connection.close()


def listen(pipe: Connection, url: str, queue: str) -> None:
    """Notes (body, moment) of each message as it arrives, as an agency would read its queue; tells them when asked.

    Not as they come: a pipe that nobody reads is soon full, and would hold up the next message.
    """
    connection, channel = channel_to(url)
    came: list[tuple[bytes, float]] = []

    def take(message: Any) -> None:
        body = message.body.encode() if isinstance(message.body, str) else bytes(message.body)
        came.append((body, time.monotonic()))
        channel.basic_ack(message.delivery_tag)

    channel.basic_consume(queue, callback=take)
    pipe.send("ready")
    while True:
        with suppress(TimeoutError):
            connection.drain_events(timeout=0.05)
        if pipe.poll():
            pipe.recv()
            pipe.send(came)
            came = []


def hop(pipe: Connection, url: str, database: str, queue: str, following: str) -> None:
    """One service's least: consume, commit a row and an event, publish it and await the confirm, acknowledge."""
    connection, channel = channel_to(url)
    _, out = channel_to(url)
    out.confirm_select()
    store = psycopg.connect(database)

    def take(message: Any) -> None:
        _commit_and_publish(store, out, following, message.body)
        channel.basic_ack(message.delivery_tag)

    channel.basic_qos(0, 2 * WINDOW, False)
    channel.basic_consume(queue, callback=take)
    pipe.send("ready")
    while True:
        connection.drain_events()


def submit(pipe: Connection, url: str, database: str, queue: str, rate: float, seconds: float, padding: str) -> None:
    """By the clock: commit a row and an event, publish it and await the confirm. The body says when it was due."""
    _, out = channel_to(url)
    out.confirm_select()
    store = psycopg.connect(database)
    pipe.send("ready")
    pipe.recv()
    begun = time.monotonic()
    for number in range(int(rate * seconds)):
        due = begun + number / rate
        time.sleep(max(0.0, due - time.monotonic()))
        _commit_and_publish(store, out, queue, f"{due} {padding}")
    pipe.send("done")


def _commit_and_publish(store: "psycopg.Connection[Any]", channel: amqp.Channel, queue: str, body: str) -> None:
    with store.cursor() as cursor:
        cursor.execute("INSERT INTO floor_rows (body) VALUES (%s)", (body,))
        cursor.execute("INSERT INTO floor_events (body) VALUES (%s)", (body,))
    store.commit()
    channel.basic_publish_confirm(amqp.Message(body, delivery_mode=2), "", queue, mandatory=True)
