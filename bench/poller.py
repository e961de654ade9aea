"""The relay against the outbox poller that a tutorial writes: the same rows, bodies, exchange and quorum queues.

The poller takes a hundred rows with `FOR UPDATE SKIP LOCKED`, publishes one after the other and awaits each confirm, marks
them and commits; it looks again at once after a full batch, else after a tenth of a second.
"""

import time
from multiprocessing.connection import Connection

import amqp
import psycopg

from bench import floors
from bench.client import closed_loop
from bench.events import DONE_WITHIN, pace, until_sent
from bench.report import Figure, Table, ratios
from bench.systems import Servers
from shared.messaging.broker import EVENTS

BATCH = 100
EVERY_SECONDS = 0.1
UNSENT = "UPDATE referrals.outbox SET sent_at = NULL, position = NULL RETURNING id"


def measure(servers: Servers, rounds: int, events: int) -> list[Table]:
    """In turns over one outbox; each time to a virtual host where nobody takes what is sent."""
    scale = servers.scale()
    scale.start("referrals")
    closed_loop(scale.port, scale.referrals(), DONE_WITHIN, events)
    until_sent(scale, "referrals", events)
    scale.stop()
    ours, naive = [], []
    for _ in range(rounds):
        scale.rows(UNSENT)
        elsewhere = scale.elsewhere()
        elsewhere.start("referrals")
        until_sent(scale, "referrals", events)
        elsewhere.stop()
        ours.append(pace(scale, "referrals.outbox", "sent_at"))
        scale.rows(UNSENT)
        with floors.alone(poll, scale.elsewhere().broker_url, scale.database_url("referrals"), EVENTS):
            until_sent(scale, "referrals", events)
        naive.append(pace(scale, "referrals.outbox", "sent_at"))
    relay, poller = Figure("Waypost's relay", ours, "events/s"), Figure("the naive poller", naive, "events/s")
    how = (
        f"{events:,} `referral.submitted` wait in one outbox on PostgreSQL; both send them persistent and mandatory to the "
        f"same exchange and quorum queues, with confirms, and mark them. The relay has {floors.WINDOW} unconfirmed at the "
        f"most; the poller takes {BATCH} rows with `FOR UPDATE SKIP LOCKED`, awaits each confirm before the next event, then "
        f"marks and commits, and looks again after {EVERY_SECONDS:.1f} s or, after a full batch, at once. It is psycopg and "
        "py-amqp, with no layer above them."
    )
    return [
        Table(
            "Relay against a naive poller", how, [poller, relay, ratios("... in parts of the poller's", relay, poller)]
        )
    ]


def poll(pipe: Connection, url: str, database: str, exchange: str) -> None:
    """Sends for ever; in a process of its own."""
    _, channel = floors.channel_to(url)
    channel.confirm_select()
    store = psycopg.connect(database)
    while True:
        with store.transaction():
            rows = store.execute(
                "SELECT id, type, body FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED",
                (BATCH,),
            ).fetchall()
            for _, kind, body in rows:
                message = amqp.Message(bytes(body), delivery_mode=2)
                channel.basic_publish_confirm(message, exchange, kind, mandatory=True)
            sent = [row[0] for row in rows]
            store.execute("UPDATE outbox SET sent_at = now() WHERE id = ANY(%s)", (sent,))
        if len(rows) < BATCH:
            time.sleep(EVERY_SECONDS)
