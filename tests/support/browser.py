"""Debian's Chromium, driven by playwright, and the views in which every page must hold.

A view is a width, with or without JavaScript. Each device is watched: a page that complains on the console or asks another
host for anything fails its test, checked or not.

Playwright's sync API and eventlet's patched world do not go together: only tests under `tests/browser/` import this,
which run in a process that is not patched.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    sync_playwright,
)

from tests.support.programs import NotInstalled, find

LOOPBACK = ("127.0.0.1", "localhost")
# A browser hears the last list alone, so playwright's stands here too, as far as it is of use to us. RenderDocument, which
# gives each visit a frame of its own on the inside, is a seventh of what a visit costs, and is nothing that a page could see.
NOT_OF_CHROMIUM = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "RenderDocument",
    "ThirdPartyStoragePartitioning",
)


@dataclass(frozen=True)
class View:
    """How somebody looks at pages: the size of the window in CSS pixels, pixels of the screen for each of them."""

    name: str
    width: int
    height: int
    scale: int = 1
    scripts: bool = True

    def __str__(self) -> str:
        return self.name


PHONE = View("320", 320, 640)
LAPTOP = View("1280", 1280, 800)
ZOOMED = View("1280-at-400", 1280 // 4, 800 // 4, scale=4)
"""A window of 1280 by 800 zoomed to 400%. Zooming is this: fewer CSS pixels for the page, four of the screen for each.
The browser's own command for it cannot be given from outside, so the window is told to be so."""
PHONE_PLAIN, LAPTOP_PLAIN = (replace(view, name=f"{view.name}-no-script", scripts=False) for view in (PHONE, LAPTOP))
VIEWS = (PHONE, LAPTOP, PHONE_PLAIN, LAPTOP_PLAIN, ZOOMED)


def views(*which: View) -> pytest.MarkDecorator:
    """Runs a test once in each of these views; its `page` is one of them."""
    return pytest.mark.parametrize("view", which, ids=str, indirect=True)


every_view = views(*VIEWS)
each_way = views(LAPTOP, PHONE_PLAIN, ZOOMED)
"""Each width, with and without JavaScript, and zoomed: for what stands on a page that another test opens in every view."""


@dataclass
class Watch:
    """What happened on one device: the pages that were asked for, and what should not have been."""

    view: View
    pages: list[Request] = field(default_factory=list)
    _faults: list[str] = field(default_factory=list)
    _sessions: "WeakKeyDictionary[Page, CDPSession]" = field(default_factory=WeakKeyDictionary)

    def begin(self, context: BrowserContext) -> None:
        context.on("request", self._asked)
        context.on("console", self._heard)
        context.on("weberror", self._thrown)

    def faults(self) -> list[str]:
        """Of the console and of requests to others, each told once."""
        told, self._faults = self._faults, []
        return told

    def _asked(self, request: Request) -> None:
        """What a page loads comes from where the page is; people may be sent elsewhere only on this machine."""
        asked = urlsplit(request.url)
        if request.is_navigation_request():
            self.pages.append(request)
            if asked.hostname not in LOOPBACK:
                self._faults.append(f"went to another host: {request.url}")
        elif asked[:2] != urlsplit(request.frame.url)[:2]:
            self._faults.append(f"asked another host: {request.url}")

    def _heard(self, message: ConsoleMessage) -> None:
        # A page that is answered with 404 or 422 is meant; something that it loads is not.
        meant = message.text.startswith("Failed to load resource") and any(
            page.url == message.location["url"] for page in self.pages
        )
        if message.type in ("error", "warning") and not meant:
            self._faults.append(f"console: {message.text}")

    def _thrown(self, error: WebError) -> None:
        self._faults.append(f"uncaught: {error.error}")

    def allow_scripts(self, page: Page, allowed: bool) -> None:
        """Not by playwright's `java_script_enabled`, which nobody can lift while a page is open; axe needs a moment."""
        self._session(page).send("Emulation.setScriptExecutionDisabled", {"value": not allowed})

    def add_script(self, page: Page, source: str) -> None:
        """Runs a script in the page, whatever the page allows. A long one in two thirds of what playwright's own way takes."""
        answer = self._session(page).send("Runtime.evaluate", {"expression": source})
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]

    def _session(self, page: Page) -> CDPSession:
        if page not in self._sessions:
            self._sessions[page] = page.context.new_cdp_session(page)
        return self._sessions[page]


_watches: "WeakKeyDictionary[BrowserContext, Watch]" = WeakKeyDictionary()


def watch_of(page: Page) -> Watch:
    """What was kept of the context of this page."""
    return _watches[page.context]


def _executable() -> Path:
    """Chromium without a window of any sort where it is there: the same pages for half of the processor's time."""
    try:
        return find("chromium-headless-shell", "chromium-headless-shell", ["/usr/bin"])
    except NotInstalled:
        return find("chromium", "chromium", ["/usr/bin"])


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser. It finds no host but this machine's, whatever a page asks for."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_executable(),
            args=[
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
                f"--disable-features={','.join(NOT_OF_CHROMIUM)}",
            ],
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def device(browser: Browser, view: View) -> Iterator[BrowserContext]:
    """Somebody's device that has never been here: no cookies, nothing in its cache. Fails when it heard of a fault."""
    context = browser.new_context(
        viewport={"width": view.width, "height": view.height},
        device_scale_factor=view.scale,
        locale="en-GB",
        timezone_id="Europe/London",
    )
    context.set_default_timeout(10_000)
    _watches[context] = watch = Watch(view)
    watch.begin(context)
    try:
        yield context
        assert not (faults := watch.faults()), "\n".join(faults)
    finally:
        context.close()


def new_tab(context: BrowserContext) -> Page:
    """A tab of that device; without JavaScript where the view has none."""
    page = context.new_page()
    if not _watches[context].view.scripts:
        watch_of(page).allow_scripts(page, False)
    return page
