"""The proxy of docker-compose.yml, run as its Caddyfile says: TLS for people, and the truth about who asks for the services."""

from collections.abc import Iterator
from pathlib import Path

import eventlet
import pytest
import requests

from tests.support.process import Process, free_port
from tests.support.programs import find
from tests.support.system import ROOT

SERVICES = {"PUBLIC": "REFERRALS", "AGENCIES": "ROUTING", "OPERATIONS": "OPERATIONS"}


class Behind:
    """What stands behind the proxy: answers with its own name, and keeps the head of the last request."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._socket = eventlet.listen(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.head = ""
        self._thread = eventlet.spawn(self._serve)

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            self.head = connection.recv(65536).decode().lower()
            body = self._name.encode()
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            connection.close()

    def stop(self) -> None:
        self._thread.kill()
        self._socket.close()


class Proxy:
    def __init__(self, folder: Path) -> None:
        self.behind = {name: Behind(name) for name in SERVICES}
        self.urls = {name: f"https://localhost:{free_port()}" for name in SERVICES}
        self.authority = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        """Caddy signs for `localhost` itself."""
        self._signed = folder / "caddy" / "certificates" / "local" / "localhost" / "localhost.crt"
        self.process = Process(
            [find("caddy", "caddy", []), "run", "--adapter", "caddyfile", "--config", ROOT / "deploy/proxy/Caddyfile"],
            log=folder / "proxy.log",
            env={
                "XDG_DATA_HOME": str(folder),
                "XDG_CONFIG_HOME": str(folder),
                "WAYPOST_PROXY_HTTP_PORT": str(free_port()),
                "WAYPOST_PROXY_BIND": "127.0.0.1",
                **{f"WAYPOST_{name}_URL": url for name, url in self.urls.items()},
                **{f"WAYPOST_{service}": self.behind[name].address for name, service in SERVICES.items()},
            },
        )

    def start(self) -> None:
        """Returns when it has signed its certificate and listens."""
        self.process.start().wait_until(self._signed.exists, "certificate")
        for url in self.urls.values():
            self.process.wait_for_port(int(url.rpartition(":")[2]))

    def ask(self, name: str, **headers: str) -> requests.Response:
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        return requests.get(self.urls[name] + "/follow/secret", headers=sent, verify=str(self.authority), timeout=10)

    def stop(self) -> None:
        if self.process.alive:
            self.process.terminate()
        for each in self.behind.values():
            each.stop()


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    proxy = Proxy(tmp_path)
    try:
        proxy.start()
        yield proxy
    finally:
        proxy.stop()


def test_each_address_leads_to_its_service_over_tls_and_who_asks_cannot_be_made_up(proxy: Proxy) -> None:
    for name in SERVICES:
        assert proxy.ask(name, X_Forwarded_For="192.0.2.7").text == name
        head = proxy.behind[name].head
        assert "x-forwarded-for: 127.0.0.1\r\n" in head
        assert "192.0.2.7" not in head
        assert "x-forwarded-proto: https\r\n" in head
        assert f"host: {proxy.urls[name].removeprefix('https://')}\r\n" in head
    assert "secret" not in proxy.process.text(), "the proxy writes down what people ask for"
