"""Hears Waypost by the agency's own queue, and keeps each event once. Needs: pip install kombu"""

import json
import os
import sqlite3

from kombu import Connection, Queue
from kombu.mixins import ConsumerMixin

ROUTED, RECALLED = "uk.waypost.routing.referral.routed.v1", "uk.waypost.routing.task.recalled.v1"

store = sqlite3.connect(os.environ.get("WAYPOST_STORE", "waypost.sqlite3"))
store.execute("CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, task TEXT, sequence TEXT, body TEXT)")


def take(event):
    """Stores an event and what follows from it, in one transaction; one that is known already changes nothing."""
    task = event["data"].get("task_id", event["subject"])
    with store:
        newest = store.execute("SELECT max(sequence) FROM events WHERE task = ?", [task]).fetchone()[0] or ""
        row = [event["id"], task, event["sequence"], json.dumps(event)]
        if not store.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)", row).rowcount:
            print("seen before", event["id"], flush=True)
        elif event["sequence"] < newest:
            print("too late", event["id"], flush=True)  # Something newer about this task has come already.
        else:
            handle(event, task)


def handle(event, task):
    """Yours: what your system does. Called once for each event; use the transaction of `store`."""
    mark = "(rehearsal) " if event.get("rehearsal") else ""
    if event["type"] == ROUTED:
        print(mark + "new task", task, event["data"]["link"], flush=True)
    elif event["type"] == RECALLED:
        print(mark + "stop, and delete what you hold for task", task, flush=True)


class Listener(ConsumerMixin):
    """Connects again by itself when the connection is lost."""

    def __init__(self, connection):
        self.connection = connection

    def get_consumers(self, consumer, channel):
        # The queue is there already; declaring it is not yours to do, and would be refused.
        queue = Queue(os.environ["WAYPOST_QUEUE"], no_declare=True)
        return [consumer([queue], on_message=self.received, prefetch_count=50)]

    def on_consume_ready(self, connection, channel, consumers, **_):
        print("listening", flush=True)

    def received(self, message):
        take(json.loads(message.body))
        message.ack()  # Only now: what is not acknowledged comes again.


if __name__ == "__main__":
    with Connection(os.environ["WAYPOST_AMQP"], heartbeat=20) as connection:
        Listener(connection).run()
