"""A green process looks names up without stopping, and loads what it needs for that when the first is asked for."""

import socket
import subprocess
import sys
from pathlib import Path

import eventlet
import pytest
from eventlet.support import greendns

ROOT = Path(__file__).parents[2]
LOOKS_UP = """
import warnings
warnings.simplefilter("ignore")
from shared.green import patch
patch()
import socket, sys
for host in ("127.0.0.1", "::1", None, "localhost"):
    found = socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)
    print(found[0][4][0], "eventlet.support.greendns" in sys.modules)
"""


def test_the_resolver_is_loaded_when_the_first_name_is_asked_for() -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOOKS_UP], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    ).stdout.splitlines()

    assert told == ["127.0.0.1 False", "::1 False", told[2], "127.0.0.1 True"]
    assert told[2].endswith("False")


@pytest.mark.filterwarnings("ignore:please use dns.resolver")
def test_others_go_on_while_a_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: list[int] = []

    def tick() -> None:
        while True:
            ticks.append(len(ticks))
            eventlet.sleep(0.01)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        resolver = greendns.dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port, resolver.lifetime = ["127.0.0.1"], silent.getsockname()[1], 0.5
        monkeypatch.setattr(greendns.resolver, "_resolver", resolver)
        other = eventlet.spawn(tick)
        with pytest.raises(socket.gaierror):
            socket.getaddrinfo("nobody.example.org", 80)
        other.kill()
        assert silent.recv(512), "the name server that was asked is another"

    assert len(ticks) > 10
