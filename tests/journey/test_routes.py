"""Every route of every service, asked by nobody in particular: who may ask is checked, forms are ours, errors have one shape.

The routes are read from the code, so that a new one is walked without being told of. What each may be asked with is made
up: an id that is nobody's.
"""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from services.catalogue import service_class
from services.notifications.discretion import revealed_by
from shared.http.route import Route
from shared.settings import HTTP_PORTS
from shared.web.page import Page
from tests.support.callers import World

ARGUMENT = re.compile(r"<[^>]+>")
NOBODY = "018f0000-0000-7000-8000-000000000000"
HTML, PROBLEM = "text/html; charset=utf-8", "application/problem+json"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REASON = re.compile(r"\w+( \S+){3,}")
"""A reason is a few words at least."""
PRIVATE = ("/track/", "/follow")
"""Pages that a family looks at, perhaps beside somebody who must not know."""

ROUTES: list[tuple[str, Route]] = [
    (service, entry)
    for service in HTTP_PORTS
    for name in dir(service_class(service))
    for entry in getattr(getattr(service_class(service), name), ENTRYPOINT_EXTENSIONS_ATTR, ())
    if isinstance(entry, Route)
]
NAMES = [f"{service} {route.http_method} {route.url}" for service, route in ROUTES]


def ask(world: World, service: str, route: Route, **about: Any) -> requests.Response:
    urls = {
        "referrals": world.system.referrals_url,
        "routing": world.system.routing_url,
        "operations": world.system.operations_url,
    }
    path = ARGUMENT.sub(NOBODY, route.url)
    while True:
        answer = requests.request(route.http_method, urls[service] + path, allow_redirects=False, timeout=20, **about)
        if answer.status_code != 429:
            return answer
        # There are more routes than wrong keys that one address may try at once.
        time.sleep(int(answer.headers["Retry-After"]))


@pytest.mark.parametrize(("service", "route"), ROUTES, ids=NAMES)
def test_a_route_lets_in_whom_it_says_and_answers_in_one_shape(world: World, service: str, route: Route) -> None:
    answer = ask(world, service, route)

    assert answer.status_code < 500, answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert NOBODY not in answer.text
    if isinstance(route, Page):
        for fault in faults_of_page(route, answer):
            pytest.fail(fault)
    elif route.scope:
        assert (answer.status_code, answer.headers["Content-Type"]) == (401, PROBLEM)
        assert answer.json()["code"] == "unauthorised"
    else:
        assert REASON.search(route.public or ""), "a public route says why"
        assert answer.status_code in (200, 400, 404, 415, 422)
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == PROBLEM
            assert {"type", "title", "status", "code"} <= set(answer.json())


def faults_of_page(route: Page, answer: requests.Response) -> Iterator[str]:
    """What is wrong with the answer of a page, asked without being signed in and without a form."""
    if route.scope:
        if answer.status_code != 303 or not answer.headers["Location"].startswith("/sign-in"):
            yield f"does not send people to where they sign in, but answers {answer.status_code}"
        return
    if not REASON.search(route.public or ""):
        yield "does not say why it is public"
    if route.http_method == "POST" and answer.status_code != 415:
        yield f"takes what is no form: {answer.status_code}"
    if answer.headers.get("Content-Type") != HTML:
        return
    policy = answer.headers["Content-Security-Policy"]
    if "default-src 'none'" not in policy or "unsafe" in policy or "http" in policy:
        yield f"its policy lets something in: {policy}"
    for name, value in (("Cache-Control", "no-store"), ("Referrer-Policy", "same-origin"), ("X-Robots-Tag", "noindex")):
        if value not in answer.headers.get(name, ""):
            yield f"lacks {name}"
    title = (re.search(r"<title>(.*?)</title>", answer.text, re.DOTALL) or ["", ""])[1].strip()
    heading = (re.search(r"<h1[^>]*>(.*?)</h1>", answer.text, re.DOTALL) or ["", ""])[1]
    if not title.endswith("– Waypost") or not heading:
        yield f"has no title or heading: {title!r}"
    if route.url.startswith(PRIVATE) and revealed_by(title + " " + route.url):
        yield f"says in its title what it is about: {title!r}"


@pytest.mark.parametrize(
    ("service", "route"),
    [(service, route) for service, route in ROUTES if isinstance(route, Page) and route.http_method == "POST"],
    ids=[name for name, (_, route) in zip(NAMES, ROUTES, strict=True) if isinstance(route, Page) and " POST " in name],
)
@pytest.mark.parametrize("sent", ["", "csrf=made-up"], ids=["no token", "a wrong token"])
def test_a_form_from_anywhere_else_is_refused(world: World, service: str, route: Route, sent: str) -> None:
    cookies = {"waypost-visit": "planted"}
    headers = {**FORM, "Origin": "https://example.org", "Sec-Fetch-Site": "cross-site"}

    plain = ask(world, service, route, data=sent, headers=FORM, cookies=cookies)
    elsewhere = ask(world, service, route, data=sent, headers=headers, cookies=cookies)

    # Who has to sign in is sent there before the form is looked at.
    expected = 303 if route.scope else 403
    assert (plain.status_code, elsewhere.status_code) == (expected, expected)


@pytest.mark.parametrize("service", HTTP_PORTS)
def test_an_address_that_is_not_there_is_told_in_the_asker_s_own_language(world: World, service: str) -> None:
    url = f"http://127.0.0.1:{world.system.settings.ports[service]}/nothing-here"

    program, person = requests.get(url, timeout=20), requests.get(url, headers={"Accept": "text/html"}, timeout=20)

    assert (program.status_code, program.headers["Content-Type"]) == (404, PROBLEM)
    assert (person.status_code, person.headers["Content-Type"]) == (404, HTML)
    assert "Page not found" in person.text
