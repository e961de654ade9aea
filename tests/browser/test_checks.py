"""The checks themselves: of a page with faults each is told, of a page without any none."""

import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support import browser_checks
from tests.support.browser import LAPTOP, PHONE, PHONE_PLAIN, ZOOMED, View, device, new_tab, views
from tests.support.browser_checks import check_page, faults_of
from tests.support.browser_keyboard import press, tab_to

WELL = """<!doctype html>
<html lang="en-GB">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Test page – Waypost</title>
  <link rel="icon" href="data:,">
  <style>body { margin: 0; } @media (prefers-color-scheme: dark) { body { background: #000; color: #fff; } }</style>
</head>
<body>
  <main>
    <h1>Test page</h1>
    <!-- here -->
  </main>
</body>
</html>
"""
FAULTY = WELL.replace(
    "<!-- here -->",
    f"""
    <p>One <div>in another</div></p>
    <p class="wide">Wide</p>
    <p class="pale">Hard to read</p>
    <p class="dark">Hard to read in the dark</p>
    <p><button type="button">1</button><button type="button">2</button><button type="button">3</button></p>
    <p onclick="never()">Inline code</p>
    <img src="/missing" alt="">
    <img src="http://elsewhere.example/a.png">
    <!-- {"x" * 60_000} -->""",
).replace(
    "<style>",
    "<style>.wide {width: 90rem} .pale {color: #aaa; background: #fff} .dark {color: #111} button {width: 9px; padding: 0}",
)
FAULTY = FAULTY.replace("</head>", '<link rel="stylesheet" href="/heavy"></head>')
TOLD = [
    "HTML: line 14:6 no-implicit-close: Element <p> is implicitly closed by adjacent <div>",
    "scrolls sideways: 1440 wide in a window of",
    "axe: color-contrast: Elements must meet minimum color contrast ratio thresholds: .pale",
    "axe in the dark: color-contrast: Elements must meet minimum color contrast ratio thresholds: .dark",
    "axe: target-size: All touch targets must be 24px large, or leave sufficient space: button:nth-child(2)",
    "axe: image-alt: Images must have alternative text",
    "console: Failed to load resource: the server responded with a status of 404",
    "asked another host: http://elsewhere.example/a.png",
    "weighs 121",
]
OTHER = {
    "/script": ("text/javascript", b"document.title = 'Scripts run'"),
    "/heavy": ("text/css", b"/*" + b"x" * 61_000 + b"*/"),
    "/missing": ("text/plain", b"Not here"),
}
INLINE_CODE = "console: Executing inline event handler violates the following Content Security Policy directive"
FORM = """
    <a href="/">Skip</a>
    <button type="button" tabindex="-1">Never</button>
    <fieldset><legend>Which</legend>
      <label><input type="radio" name="which" value="1"> One</label>
      <label><input type="radio" name="which" value="2"> Two</label>
    </fieldset>
    <button type="button">Send</button>
    <p><a href="/" class="bare">Bare</a></p>
    <p><a href="/" class="under">Under</a></p><p class="over">Over</p>
    <style>.bare {outline: none} .over {background: #fff; margin-top: -3rem; position: relative; height: 9rem}</style>"""


Device = Callable[[View], BrowserContext]


@dataclass
class Site:
    """A web server in this process; `html` is its only page."""

    address: str
    html: str = WELL


@pytest.fixture
def site() -> Iterator[Site]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = OTHER.get(self.path) or ("text/html", one.html.encode())
            self.send_response(404 if self.path == "/missing" else 200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", "script-src 'self'")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        one = Site(f"http://127.0.0.1:{server.server_port}/")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield one
        server.shutdown()


@views(PHONE, PHONE_PLAIN, LAPTOP, ZOOMED)
def test_a_page_without_fault_has_none(page: Page, site: Site, view: View) -> None:
    page.goto(site.address)

    assert faults_of(page) == []
    assert page.evaluate("[innerWidth, innerWidth * devicePixelRatio]") == [view.width, view.width * view.scale]


@views(PHONE, PHONE_PLAIN, LAPTOP)
def test_every_fault_is_told(page: Page, site: Site, view: View) -> None:
    site.html = FAULTY
    page.goto(site.address)
    # What failed is entered among what was loaded a moment after the page is.
    while not page.evaluate("performance.getEntriesByName(location.origin + '/missing').length"):
        page.wait_for_timeout(20)

    told = faults_of(page)

    assert [fault for fault in TOLD if not any(fault in line for line in told)] == []
    assert any(INLINE_CODE in line for line in told) == view.scripts


def test_a_page_that_looks_like_one_that_was_right_is_looked_at_once(
    open_device: Device, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_checks, "SCREENSHOTS", tmp_path)
    monkeypatch.setattr(browser_checks, "PICTURES_OF_ALL", True)
    here, plain = (new_tab(open_device(view)) for view in (PHONE, PHONE_PLAIN))

    def check(page: Page, part: str) -> set[str]:
        site.html = WELL.replace("<!-- here -->", part)
        page.goto(site.address)
        check_page(page, "checks")
        return {path.name for path in tmp_path.iterdir()}

    form = '<form action="/track/{token}"><button type="submit" class="pale">Send 7KX-3FM-9QF at {time}</button></form>'
    pictures = check(here, form.format(token="x3Yb8Jk20a-Lmn4pQrstU", time="09:31"))
    assert pictures == {"checks-320.png", "checks-dark-320.png"}
    assert check(plain, form.format(token="Q91bZ-wwK20a_Lmn4pQr0", time="10:02")) == pictures
    with pytest.raises(AssertionError, match="axe: image-alt"):
        check(plain, '<p>Another<img src="data:,"></p>')
    with pytest.raises(AssertionError, match="weighs 60"):
        check(here, f"<!-- {'x' * 60_000} -->")


def test_where_pictures_of_faults_are_enough_no_other_is_made(
    page: Page, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_checks, "SCREENSHOTS", tmp_path)
    monkeypatch.setattr(browser_checks, "PICTURES_OF_ALL", False)
    for words, pictures in (("Nothing is wrong here", []), ('<img src="data:,">', ["checks-1280.png"])):
        site.html = WELL.replace("<!-- here -->", f"<p>{words}</p>")
        page.goto(site.address)
        with pytest.raises(AssertionError, match="axe: image-alt") if pictures else nullcontext():
            check_page(page, "checks")
        assert [path.name for path in tmp_path.iterdir()] == pictures


def test_a_page_that_nobody_checked_may_not_complain_either(browser: Browser, site: Site) -> None:
    site.html = FAULTY

    with (
        pytest.raises(AssertionError, match=r"asked another host: http://elsewhere\.example"),
        device(browser, PHONE) as here,
    ):
        new_tab(here).goto(site.address)


def test_a_tab_without_scripts_runs_none_before_and_after_its_check(open_device: Device, site: Site) -> None:
    site.html = WELL.replace("<!-- here -->", '<script src="/script"></script><noscript><p>Plain</p></noscript>')
    page = new_tab(open_device(PHONE_PLAIN))
    for _ in range(2):
        page.goto(site.address)
        faults_of(page)
        assert (page.title(), page.locator("noscript p").count()) == ("Test page – Waypost", 1)

    page = new_tab(open_device(PHONE))
    page.goto(site.address)
    assert (page.title(), page.locator("noscript p").count()) == ("Scripts run", 0)


def test_the_keyboard_reaches_what_it_can_and_says_what_it_cannot(page: Page, site: Site) -> None:
    site.html = WELL.replace("<!-- here -->", FORM)
    page.goto(site.address)

    press(page, "Tab")
    expect(page.get_by_role("link", name="Skip")).to_be_focused()
    expect(tab_to(page, "radio", "Two")).to_be_checked()
    expect(tab_to(page, "button", "Send")).to_be_focused()
    with pytest.raises(AssertionError, match=r"does not show it: .*Bare"):
        tab_to(page, "link", "Skip")
    with pytest.raises(AssertionError, match=r"out of sight: .*Under"):
        tab_to(page, "link", "Skip")
    page.evaluate("document.querySelectorAll('.bare, .under, .over').forEach((link) => link.remove())")
    with pytest.raises(AssertionError, match="cannot be reached by Tab"):
        tab_to(page, "button", "Never")
