"""What must hold on every page, in every view: `check_page(page, "name-of-the-page")`.

It is readable by everybody (axe, WCAG 2.2 AA), valid, no wider than the window, small, quiet on the console, asks nobody
else for anything; and it is photographed, for people to judge what no program can.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.support.browser import Watch, watch_of
from tests.support.browser_html import html_faults
from tests.support.npm import node_modules

SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"
MOST_BYTES = 50_000
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_AXE = """
    async (tags) => {
      const options = { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] };
      const { violations } = await axe.run(document, options);
      return violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}: ${failureSummary}`));
    }
"""
_TOO_WIDE = """
    () => {
      const room = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= room) return [];
      const wide = [...document.body.querySelectorAll('*')].filter(
        (element) => element.getBoundingClientRect().right > room + 0.5);
      return [`${document.documentElement.scrollWidth} wide in a window of ${room}`,
        ...wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 120))];
    }
"""
# Of the cache too: what a first visit would have fetched. What was asked for after loading is not of the first sight.
_BYTES = """
    () => {
      const [page] = performance.getEntriesByType('navigation');
      const parts = performance.getEntriesByType('resource').filter((part) => part.startTime <= page.loadEventEnd);
      return [page, ...parts].map((part) => [part.name, part.encodedBodySize]);
    }
"""


def check_page(page: Page, name: str) -> None:
    """Fails with all that is wrong with the page that is open; `name` names its screenshots and is one for each page."""
    watch = watch_of(page)
    page.wait_for_load_state()
    _photograph(page, f"{name}-{watch.view}")
    faults = [
        *watch.console,
        *_requests(watch),
        *_weight(page),
        *(f"scrolls sideways: {fault}" for fault in page.evaluate(_TOO_WIDE)),
        *(f"HTML: {fault}" for fault in html_faults(_sent(page, watch))),
        *(f"axe: {fault}" for fault in _axe(page, watch)),
    ]
    assert not faults, f"{name} in view {watch.view} ({urlsplit(page.url).path}):\n" + "\n".join(faults)


def _photograph(page: Page, name: str) -> None:
    """The whole page; zoomed, what is seen of it."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    whole = watch_of(page).view.scale == 1
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=whole, animations="disabled")


def _requests(watch: Watch) -> Iterator[str]:
    """What a page loads comes from where the page is; people may be sent elsewhere only on this machine."""
    for request in watch.requests:
        asked = urlsplit(request.url)
        if request.is_navigation_request():
            if asked.hostname != "127.0.0.1":
                yield f"went to another host: {request.url}"
        elif asked[:2] != urlsplit(request.frame.url)[:2]:
            yield f"asked another host: {request.url}"


def _weight(page: Page) -> Iterator[str]:
    parts: list[tuple[str, int]] = page.evaluate(_BYTES)
    total = sum(size for _, size in parts)
    if total > MOST_BYTES:
        yield f"weighs {total} bytes at a first visit: " + ", ".join(
            f"{urlsplit(url).path} {size}" for url, size in parts
        )


def _sent(page: Page, watch: Watch) -> str:
    """The HTML that the server sent for the page that is open."""
    request = next(
        request
        for request in reversed(watch.requests)
        if request.is_navigation_request() and request.frame == page.main_frame
    )
    response = request.response()
    assert response is not None, f"nothing was answered to {request.url}"
    return response.text()


def _axe(page: Page, watch: Watch) -> list[str]:
    watch.allow_scripts(page, True)
    try:
        page.evaluate(_axe_source())
        found: list[Any] = page.evaluate(_AXE, TAGS)
    finally:
        watch.allow_scripts(page, watch.view.scripts)
    return [" ".join(str(fault).split()) for fault in found]


@cache
def _axe_source() -> str:
    return (node_modules() / "axe-core" / "axe.min.js").read_text()
