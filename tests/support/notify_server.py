"""GOV.UK Notify for tests, run as a process of its own, that misbehaves as the recipient asks.

    python notify_server.py PORT FOLDER SERVICE_ID SECRET

`refused@` 400 about the address · `template@` 400 about the template · `team@` 400 about us · `busy@` 429 ·
`broken@` 500 · `hangup@` hangs up · `drip@` answers a byte at a time, without end · `garbled@` 201 that is no JSON.
Of a message it took it says `sending` when first asked, then `permanent-failure` for `gone@`, `temporary-failure` for
`full@`, for ever `sending` for `lost@`, `delivered` for all others. What it was sent is kept in FOLDER, as JSON.
The token is checked as the documentation of Notify says, by code that shares nothing with ours.
"""

import base64
import hashlib
import hmac
import json
import sys
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

ERRORS = {
    "template": (400, "BadRequestError", "Template not found"),
    "team": (400, "BadRequestError", "Can't send to this recipient using a team-only API key"),
    "busy": (429, "RateLimitError", "Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds"),
    "broken": (500, "Exception", "Internal server error"),
}
ENDS = {"gone": "permanent-failure", "full": "temporary-failure", "lost": "sending"}
FIELDS = {"email": ("email_address", {"subject", "body"}), "sms": ("phone_number", {"body"})}


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Notify(BaseHTTPRequestHandler):
    folder: Path
    service_id: str
    secret: str
    ends: ClassVar[dict[str, str]] = {}
    asked: ClassVar[set[str]] = set()

    def refused(self) -> str | None:
        """Why the token is not accepted."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        try:
            header, claims, signature = token.split(".")
            told, kind = json.loads(decoded(claims)), json.loads(decoded(header))
            given = decoded(signature)
        except ValueError:
            return "Unauthorized: authentication bearer scheme must be used"
        right = hmac.new(self.secret.encode(), f"{header}.{claims}".encode(), hashlib.sha256).digest()
        if scheme != "Bearer" or kind != {"typ": "JWT", "alg": "HS256"} or told.get("iss") != self.service_id:
            return "Invalid token: service not found"
        if not hmac.compare_digest(right, given):
            return "Invalid token: API key not found"
        if not isinstance(told.get("iat"), int) or abs(time.time() - told["iat"]) > 30:
            return "Error: Your system clock must be accurate to within 30 seconds"
        return None

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if why := self.refused():
            return self.error(403, "AuthError", why)
        to, words = FIELDS[self.path.rpartition("/")[2]]
        if set(body["personalisation"]) != words or set(body) != {to, "template_id", "personalisation", "reference"}:
            return self.error(400, "BadRequestError", "Missing personalisation")
        name = body[to].partition("@")[0]
        if name == "refused" or not body[to]:
            return self.error(400, "ValidationError", f"{to} {body[to]} is not a valid address")
        if name in ERRORS:
            return self.error(*ERRORS[name])
        if name == "hangup":
            self.close_connection = True
            return self.connection.close()
        if name == "drip":
            self.send_response(201)
            self.end_headers()
            while True:
                self.wfile.write(b" ")
                time.sleep(0.05)
        message_id = str(uuid.uuid4())
        self.ends[message_id] = ENDS.get(name, "delivered")
        (self.folder / f"{message_id}.json").write_text(json.dumps({"path": self.path, **body}))
        if name == "garbled":
            return self.answer(201, b"<html>")
        return self.answer(201, json.dumps({"id": message_id, "reference": body["reference"]}).encode())

    def do_GET(self) -> None:
        if why := self.refused():
            return self.error(403, "AuthError", why)
        message_id = self.path.rpartition("/")[2]
        if message_id not in self.ends:
            return self.error(404, "NoResultFound", "No result found")
        status = self.ends[message_id] if message_id in self.asked else "sending"
        self.asked.add(message_id)
        return self.answer(200, json.dumps({"id": message_id, "status": status}).encode())

    def error(self, status: int, error: str, message: str) -> None:
        told = {"status_code": status, "errors": [{"error": error, "message": message}]}
        self.answer(status, json.dumps(told).encode())

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: the test looks at what was kept."""


if __name__ == "__main__":
    port, folder, Notify.service_id, Notify.secret = sys.argv[1:]
    Notify.folder = Path(folder)
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Notify)
    print("ready", flush=True)
    server.serve_forever()
