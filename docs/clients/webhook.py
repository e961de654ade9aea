"""Takes Waypost's webhook, and keeps each event once. Needs: pip install standardwebhooks"""

import json
import os
import sqlite3
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

store = sqlite3.connect(os.environ.get("WAYPOST_STORE", "waypost.sqlite3"))
store.execute("CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, task TEXT, sequence TEXT, body TEXT)")
signed_by_waypost = Webhook(os.environ["WAYPOST_WEBHOOK_SECRET"])


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
            print("stored", event["id"], event["type"], flush=True)  # Yours: what your system does, once.


class Receiver(BaseHTTPRequestHandler):
    """2xx when the event is stored. Anything else, or no answer within 15 seconds, and it is sent again."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            event = signed_by_waypost.verify(body, dict(self.headers))
        except (WebhookVerificationError, ValueError):
            self.answer(401)  # Not from Waypost, changed on the way, or five minutes old: look at nothing in it.
            return
        take(event)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()


if __name__ == "__main__":
    # For the machine itself: put your proxy before it, which speaks https.
    server = HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Receiver)
    print("listening", flush=True)
    server.serve_forever()
