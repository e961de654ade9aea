"""Where a webhook may go: nothing inside a network, however it is written, and nothing without TLS."""

import socket
from typing import Any

import pytest

from services.routing.webhooks.addresses import Addresses, Refused

PUBLIC = "93.184.215.14"


def resolver(*addresses: str) -> Any:
    """Answers these addresses for any name."""

    def ask(host: str, port: int, family: int, kind: int) -> list[Any]:
        return [(_family(text), kind, 6, "", _where(text, port)) for text in addresses]

    return ask


def _family(text: str) -> int:
    return socket.AF_INET6 if ":" in text else socket.AF_INET


def _where(text: str, port: int) -> tuple[Any, ...]:
    return (text, port, 0, 0) if ":" in text else (text, port)


def refusal(*addresses: str, allowed: tuple[str, ...] = (), secure: bool = True) -> str:
    with pytest.raises(Refused) as refused:
        Addresses(allowed, resolver(*addresses)).of("agency.example.org", 443, secure)
    return refused.value.code


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700:4700::1111"])
def test_a_public_address_may_be_used(address: str) -> None:
    (place,) = Addresses((), resolver(address)).of("agency.example.org", 443, True)
    assert place.socket_address[:2] == (address, 443)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "203.0.113.9",
        "192.88.99.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%2",
        "fec0::1",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "ff0e::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:93.184.215.14",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::1",
        "2001:0:5ef5:79fd::1",
        "2001:db8::1",
        "2001:20::1",
        "3fff::1",
        "100::1",
        "4000::1",
    ],
)
def test_an_address_inside_a_network_is_refused(address: str) -> None:
    assert refusal(address) == "address-not-allowed"


def test_one_bad_address_among_good_ones_is_enough_to_refuse() -> None:
    assert refusal(PUBLIC, "10.0.0.1") == "address-not-allowed"


def test_the_configuration_allows_a_network_by_name_and_no_other() -> None:
    (place,) = Addresses(["10.1.0.0/16"], resolver("10.1.2.3")).of("agency.example.org", 80, False)
    assert place.exempt
    assert refusal("10.2.0.1", allowed=("10.1.0.0/16",)) == "address-not-allowed"
    assert refusal("::ffff:10.1.2.3", allowed=("10.1.0.0/16",)) == "address-not-allowed"


def test_without_tls_only_allowed_networks_can_be_reached() -> None:
    assert refusal(PUBLIC, allowed=("127.0.0.1/32",), secure=False) == "not-https"
    assert refusal("127.0.0.1", PUBLIC, allowed=("127.0.0.1/32",), secure=False) == "not-https"


def test_a_name_without_an_address_is_said_to_have_none() -> None:
    def nobody(*_: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    assert refusal() == "name-not-resolved"
    with pytest.raises(Refused, match="name-not-resolved"):
        Addresses((), nobody).of("nobody.example.org", 443, True)
