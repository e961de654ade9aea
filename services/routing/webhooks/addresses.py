"""Which addresses a webhook may go to: public unicast ones, and networks that the configuration allows by name.

An agency names the address, and this service stands inside a network that others do not: so a name is resolved, every
address that it has is checked, and whoever connects uses an address from the answer, without asking a second time.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import eventlet

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Ask = Callable[..., list[Any]]

RESOLVE_SECONDS = 5.0
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
SPECIAL = tuple(
    ipaddress.ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16", "3fff::/20")
)
"""For protocols and documents, or leading to whoever translates: Python's versions differ on some of them."""


class Refused(Exception):
    """The address may not be used, or the name has none; `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Place:
    """Where to connect: what `socket.socket` and its `connect` take, and whether the configuration names its network."""

    family: int
    socket_address: tuple[Any, ...]
    exempt: bool


class Addresses:
    """Resolves and checks. `allowed` are networks such as 127.0.0.1/32; ValueError for one that is none."""

    def __init__(self, allowed: Iterable[str] = (), ask: Ask | None = None) -> None:
        self.allowed: tuple[Network, ...] = tuple(ipaddress.ip_network(text) for text in allowed)
        self._ask = ask

    def of(self, host: str, port: int, secure: bool) -> list[Place]:
        """The places of a host; raises Refused unless every one may be used. Without TLS only allowed networks may."""
        ask = self._ask or socket.getaddrinfo
        try:
            with eventlet.Timeout(RESOLVE_SECONDS, OSError("no answer")):
                answers = ask(host, port, 0, socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Refused("name-not-resolved") from None
        if not answers:
            raise Refused("name-not-resolved")
        places = [Place(family, where, self._allows(str(where[0]))) for family, _, _, _, where in answers]
        if not all(place.exempt or is_public(ipaddress.ip_address(place.socket_address[0])) for place in places):
            raise Refused("address-not-allowed")
        if not secure and not all(place.exempt for place in places):
            raise Refused("not-https")
        return places

    def _allows(self, text: str) -> bool:
        address = ipaddress.ip_address(text)
        return any(address.version == network.version and address in network for network in self.allowed)


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could reach it too. IPv4 inside IPv6 never counts as public."""
    if address.is_multicast or not address.is_global:
        return False
    if address.version == 6 and address not in GLOBAL_UNICAST:
        return False
    return not any(address.version == network.version and address in network for network in SPECIAL)
