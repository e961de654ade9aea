"""A mail server for tests, run as a process of its own, that misbehaves as the recipient's name asks.

    python mail_server.py PORT FOLDER [--password PASSWORD] [--certificate FILE]

`refused@` 550 · `later@` 451 · `spam@` 550 after the text · `full@` 452 after the text · `busy@` 421 and hangs up ·
`hangup@` hangs up · `slow@` never answers · `drip@` answers a byte at a time, without end. Everyone else's message is
kept in FOLDER as `<number>.json`: sender, recipients, text, and the number of the connection it came by.
"""

import argparse
import asyncio
import itertools
import json
import ssl
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

AT_RECIPIENT = {"refused": "550 5.1.1 No such mailbox", "later": "451 4.7.1 Greylisted"}
AT_TEXT = {"spam": "550 5.7.1 Refused", "full": "452 4.2.2 Mailbox full"}


class Behaviour:
    """aiosmtpd's handler."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count(1)
        self.connections = itertools.count(1)

    async def handle_EHLO(
        self, server: SMTP, session: Session, _: Envelope, hostname: str, responses: list[str]
    ) -> Any:
        session.host_name = hostname
        if not hasattr(session, "number"):
            session.number = next(self.connections)
        return responses

    async def handle_MAIL(self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if address.startswith("stranger@"):
            return "550 5.7.1 You may not send from here"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        name = address.partition("@")[0]
        if name == "busy":
            await server.push("421 4.3.2 Shutting down")
        if name in ("busy", "hangup"):
            server.transport.close()
        if name == "slow":
            await asyncio.sleep(600)
        while name == "drip" and not server.transport.is_closing():
            server.transport.write(b"2")
            await asyncio.sleep(0.05)
        envelope.rcpt_tos.append(address)
        return AT_RECIPIENT.get(name, "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        name = envelope.rcpt_tos[0].partition("@")[0]
        if name in AT_TEXT:
            return AT_TEXT[name]
        kept = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "text": bytes(envelope.content or b"").decode(),
            "connection": session.number,
            "encrypted": session.ssl is not None,
        }
        number = next(self.numbers)
        (self.folder / f"{number}.part").write_text(json.dumps(kept))
        (self.folder / f"{number}.part").rename(self.folder / f"{number}.json")
        return "250 Taken"


async def serve(arguments: argparse.Namespace) -> None:
    behaviour = Behaviour(arguments.folder)
    options: dict[str, Any] = {"enable_SMTPUTF8": False, "hostname": "mail.example.org"}
    if arguments.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate)
        options |= {"tls_context": context, "require_starttls": True}
    if arguments.password:

        def authenticate(_: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
            right = isinstance(data, LoginPassword) and data.password == arguments.password.encode()
            return AuthResult(success=right, handled=right)

        options |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(behaviour, **options), "127.0.0.1", arguments.port
    )
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--password")
    parser.add_argument("--certificate")
    asyncio.run(serve(parser.parse_args()))
