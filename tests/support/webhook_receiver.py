"""An agency's webhook receiver for tests, run as a process of its own, that misbehaves until it is told to recover.

    python webhook_receiver.py PORT LOG [--secret SECRET …] [--misbehave SEED] [--answer STATUS] [--refuse SUBJECT]
                                        [--silent] [--certificate FILE]

Each request becomes a line of LOG: `taken` (answered 2xx, or taken and then the connection closed), `refused`, or `bad`
(a signature that its own check rejects), the event's id, subject and sequence, the time, and the Host header.
While it misbehaves it answers half of the requests wrongly: 500, 429, no answer, half an answer, a taken event with the
connection closed; and some slowly. `--refuse` answers 500 for one referral, `--silent` never answers. SIGUSR1 makes it
recover from all of this.
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import random
import signal
import ssl
import time
from pathlib import Path

SLOW_SECONDS = 0.2


def is_ours(secrets: list[str], headers: dict[str, str], body: bytes) -> bool:
    """Standard Webhooks' check, written from its text: any signature by any secret will do, within five minutes."""
    signed = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
    if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
        return False
    given = [part.removeprefix("v1,") for part in headers["webhook-signature"].split(" ") if part.startswith("v1,")]
    for secret in secrets:
        key = base64.b64decode(secret.split("_", 1)[1])
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        if any(hmac.compare_digest(expected, signature) for signature in given):
            return True
    return False


class Receiver:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.random = random.Random(arguments.misbehave)
        self.misbehaves = arguments.misbehave is not None
        self.log = arguments.log.open("a", buffering=1)

    def recover(self) -> None:
        self.misbehaves = self.arguments.silent = False
        self.arguments.answer, self.arguments.refuse = 200, None

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers["content-length"]))
            await self.judge(head[0], headers, body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def judge(self, line: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter) -> None:
        if self.arguments.secret and not is_ours(self.arguments.secret, headers, body):
            self.note("bad", headers, body)
            writer.write(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
            return
        way = self.random.random() if self.misbehaves else 1.0
        if self.misbehaves and self.random.random() < 0.02:
            await asyncio.sleep(SLOW_SECONDS)
        while self.arguments.silent:
            await asyncio.sleep(0.05)
        if self.arguments.refuse == json.loads(body)["subject"]:
            way = 0.0
        if way < 0.25:
            status, extra = (500, "") if way < 0.24 else (429, "Retry-After: 0\r\n")
            self.note("refused", headers, body)
            writer.write(f"HTTP/1.1 {status} No\r\n{extra}Content-Length: 0\r\n\r\n".encode())
        elif way < 0.35:
            self.note("refused", headers, body)
        elif way < 0.45:
            self.note("refused", headers, body)
            writer.write(b"HTTP/1.1 2")
        elif way < 0.50:
            self.note("taken", headers, body)
        else:
            status = self.arguments.answer
            self.note("taken" if 200 <= status < 300 else "refused", headers, body)
            extra = "Location: http://127.0.0.1:9/\r\n" if 300 <= status < 400 else ""
            writer.write(f"HTTP/1.1 {status} So\r\n{extra}Content-Length: 2\r\n\r\nok".encode())
        await writer.drain()

    def note(self, word: str, headers: dict[str, str], body: bytes) -> None:
        event = json.loads(body)
        line = {
            "was": word,
            "id": headers["webhook-id"],
            "same": event["id"] == headers["webhook-id"],
            "type": event["type"],
            "content_type": headers["content-type"],
            "subject": event["subject"],
            "sequence": int(event["sequence"]),
            "tombstone": event["data"].get("tombstone", False),
            "at": time.time(),
            "host": headers["host"],
        }
        self.log.write(json.dumps(line) + "\n")


async def serve(arguments: argparse.Namespace) -> None:
    receiver = Receiver(arguments)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, receiver.recover)
    context = None
    if arguments.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate)
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", arguments.port, ssl=context, backlog=200)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("log", type=Path)
    parser.add_argument("--secret", action="append", default=[])
    parser.add_argument("--misbehave", type=int)
    parser.add_argument("--answer", type=int, default=200)
    parser.add_argument("--refuse")
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--certificate", type=Path)
    asyncio.run(serve(parser.parse_args()))
