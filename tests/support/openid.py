"""An organisation's OpenID provider, run for a test, and somebody who signs in there with a browser."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from tests.support.npm import node_modules, program
from tests.support.people_service import Browser
from tests.support.process import Process, free_port

CLIENT, SECRET = "waypost", "a secret of a test: with signs/that+must be%encoded"
_SCRIPT = Path(__file__).with_name("openid_provider.mjs")


@dataclass(frozen=True)
class OpenIdProvider:
    """A running provider; `file` is what WAYPOST_OPENID_FILE names for it."""

    issuer: str
    file: Path


@contextmanager
def openid_provider(
    folder: Path, return_to: str, accounts: Mapping[str, Mapping[str, Any]], owner: str = "families-apart"
) -> Iterator[OpenIdProvider]:
    """`accounts` are claims by the name with which somebody signs in; Waypost is known there as CLIENT."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    client = {"client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [return_to]}
    given = json.dumps({"port": port, "client": client, "accounts": accounts})
    process = Process([program("node", "nodejs"), _SCRIPT, node_modules(), given], log=folder / "openid.log").start()
    try:
        process.wait_for_line("listening")
        (folder / "openid-secret").write_text(SECRET + "\n")
        entry = {"issuer": issuer, "client_id": CLIENT, "client_secret_file": str(folder / "openid-secret")}
        (folder / "openid.yaml").write_text(json.dumps({owner: entry}))
        yield OpenIdProvider(issuer, folder / "openid.yaml")
    finally:
        process.kill()


def at_the_provider(address: str, name: str, return_to: str) -> str:
    """Signs in there as `name`, from the address that Waypost sent the browser to; answers where it is sent back."""
    session = requests.Session()
    session.trust_env = False
    answer = session.get(address, allow_redirects=False, timeout=20)
    for _ in range(12):
        while answer.is_redirect:
            where = urljoin(answer.url, answer.headers["Location"])
            if where.startswith(return_to):
                return where
            answer = session.get(where, allow_redirects=False, timeout=20)
        assert answer.status_code == 200, answer.text
        action = unescape(re.findall(r'<form[^>]* action="([^"]+)"', answer.text)[0])
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
        fields |= {"login": name, "password": "any"} if 'name="login"' in answer.text else {}
        answer = session.post(urljoin(answer.url, action), data=fields, allow_redirects=False, timeout=20)
    raise AssertionError(f"never sent back: {answer.text}")


def signs_in_there(browser: Browser, name: str, return_to: str, path: str = "/sign-in/with/families-apart") -> Browser:
    """The whole way: to the provider, in there as `name`, and back."""
    browser.get(path)
    assert browser.status == 303, browser.text
    back = urlsplit(at_the_provider(browser.location, name, return_to))
    return browser.get(f"{back.path}?{back.query}")
