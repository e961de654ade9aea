"""Pages as people have them: Chromium, a Waypost started as `make run` starts it, one of each for the whole run.

How to write a test (run: `make browser`, or `.venv/bin/pytest tests/browser/test_x.py -k name`; look at `var/screenshots/`):

    @every_view                                       # 320 and 1280, with and without JavaScript, and zoomed to 400%;
    def test_x(page, system, refer):                  # or @views(PHONE, LAPTOP_PLAIN); without either: LAPTOP
        referral = refer(family())                    # POST /v1/referrals with the demo key; the answer as a dict
        page.goto(system.referrals_url + "/…")        # .routing_url and .operations_url are :8001 and :8002
        page.get_by_label("Postcode").fill("KT1 1EU") # `page` is playwright's; a new device for each test
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("…")  # from playwright.sync_api; waits, never sleep
        check_page(page, "refer-postcode")            # on each page and each error state, with a name of its own; costs 0.6 s

Fixtures, below: `page`, `view`, `open_device` (a second person), `system`, `demo_keys`, `refer`. Functions, in
`tests/support/`: views and `new_tab(page.context)` in `browser.py`, `check_page` in `browser_checks.py`, `tab_to` and `press`
in `browser_keyboard.py`, `wait_for_mail` in `callers.py`; bodies of referrals in `families.py`.
"""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import eventlet.patcher
import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support import logbook
from tests.support.browser import LAPTOP, View, chromium, device, new_tab
from tests.support.browser_html import stop_validator
from tests.support.browser_measures import report
from tests.support.families import registers
from tests.support.garbage import collect_rarely
from tests.support.system import System, default_system, places_folder

if eventlet.patcher.is_monkey_patched("socket"):
    raise pytest.UsageError("Tests of tests/browser run in a process of their own: `make browser`")

MAIL = {
    "WAYPOST_AGENCY_MAIL_FAMILIES_APART": "families-apart@example.org",
    "WAYPOST_AGENCY_MAIL_TIME_MATTERS": "time-matters@example.org",
    # One machine asks for the codes of all.
    "WAYPOST_CODE_BURST": "1000",
}
Json = dict[str, Any]

# A run that is told to end stops its browser and its system as at Ctrl-C, and leaves none behind.
signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_finish() -> None:
    collect_rarely()


@pytest.fixture(scope="session", autouse=True)
def logs_name_nobody(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """At the end of the run every log of it is read."""
    logbook.keep(tmp_path_factory.mktemp("logs"), pytestconfig)
    yield
    logbook.check()


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("places")
    return places_folder(folder, *registers(folder))


@pytest.fixture(scope="session")
def system(places: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Everything in one process on SQLite, on free ports. Shared by all tests: each refers a family of its own."""
    with default_system(tmp_path_factory.mktemp("browser"), places, **MAIL) as running:
        yield running


@pytest.fixture(scope="session")
def demo_keys(system: System) -> dict[str, str]:
    """The keys that `make run` shows: of `referrer`, `families-apart`, `time-matters` and `operations`."""
    keys: dict[str, str] = json.loads((system.data / "keys" / "demo.json").read_text())
    return keys


@pytest.fixture(scope="session")
def refer(system: System, demo_keys: dict[str, str]) -> Callable[[Json], Json]:
    """Refers a family over the API, and gives back what was answered."""

    def post(body: Json) -> Json:
        headers = {"Authorization": f"Bearer {demo_keys['referrer']}"}
        answer = requests.post(f"{system.referrals_url}/v1/referrals", json=body, headers=headers, timeout=20)
        assert answer.status_code == 201, answer.text
        accepted: Json = answer.json()
        return accepted

    return post


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    with chromium() as running:
        yield running
    stop_validator()


@pytest.fixture
def view(request: pytest.FixtureRequest) -> View:
    """How this test looks at pages: `@every_view` or `@views(…)` says, else on a laptop."""
    chosen: View = getattr(request, "param", LAPTOP)
    return chosen


@pytest.fixture
def open_device(browser: Browser) -> Iterator[Callable[[View], BrowserContext]]:
    """Another person's device, or the same person's second one; `new_tab` opens a tab there."""
    with ExitStack() as opened:
        yield lambda view: opened.enter_context(device(browser, view))


@pytest.fixture
def page(open_device: Callable[[View], BrowserContext], view: View) -> Page:
    """A tab on a device that has never been here."""
    return new_tab(open_device(view))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(report())
