"""What must hold on every page, in every view: `check_page(page, "name-of-the-page")`.

It is readable by everybody (axe, WCAG 2.2 AA, light and dark), valid, no wider than the window, small, quiet on the console,
asks nobody else for anything; and it is photographed, for people to judge what no program can. Where
WAYPOST_TESTS_PICTURES is `of-faults`, as in `make test`, only what was found wrong is.

A page that stands in a window of the same size with the same elements and words as one that was found right, as many do with
and without JavaScript, is not asked what would be answered the same: it has that one's picture.
"""

import json
import os
import re
from functools import cache
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

from playwright.sync_api import Page

from tests.support.browser import PHONE, View, Watch, watch_of
from tests.support.browser_html import html_faults
from tests.support.browser_measures import Visit, keep, measured
from tests.support.npm import node_modules

# What differs from one visit to the next and is nothing to look at: tokens and ids, references, the time of day.
_OF_ONE_VISIT = re.compile(
    r"(?P<id>[\w-]{19,})|\b[0-9A-Z]{3}(?:-[0-9A-Z]{3}){2}\b|(?P<time>(?<!\d)\d?\d:\d\d(?::\d\d(?:\.\d+)?)?(?!\d))"
)
# Drawing and packing them is a fifth of what Chromium does; a run whose pictures nobody will see makes those of faults.
PICTURES_OF_ALL = os.environ.get("WAYPOST_TESTS_PICTURES") != "of-faults"
SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"
MOST_BYTES = 50_000
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Nothing is fetched for the rules: only those of sound that plays by itself would have it, which no page has.
# What axe cannot decide counts too: colours that no program can compare are hard for people as well. But for two things
# that it gives up on by rule: a single sign, such as a digit in a table, which looks like its neighbours; and what a table
# that scrolls within itself has out of sight, which a wider view shows.
_AXE = """
    async (rules) => {
      const { violations, incomplete } = await axe.run(
        document, { runOnly: rules, resultTypes: ['violations', 'incomplete'], preload: false });
      const givenUp = ({ any, target }) => any.some(({ data }) => data?.messageKey === 'shortTextContent' ||
        (data?.messageKey === 'elmPartiallyObscured' && document.querySelector(target[0])?.closest('.scrolls')));
      const undecided = incomplete.map((each) => ({ ...each, nodes: each.nodes.filter((node) => !givenUp(node)) }));
      return [...violations, ...undecided].flatMap(({ id, help, nodes }) =>
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


_found_right: set[tuple[int, int, int, str]] = set()


def check_page(page: Page, name: str) -> None:
    """Fails with all that is wrong with the page that is open; `name` names its screenshots and is one for each page."""
    view = watch_of(page).view
    page.wait_for_load_state()
    keep(name, str(view), visit := measured(page))
    looks = (view.width, view.height, view.scale, _plain(page.content()))
    if looks in _found_right:
        faults = _faults_of_this_visit(page, visit)
    else:
        faults = faults_of(page, visit)
        if faults or PICTURES_OF_ALL:
            _photograph(page, name, view)
    assert not faults, f"{name} in view {view} ({urlsplit(page.url).path}):\n" + "\n".join(faults)
    _found_right.add(looks)


def faults_of(page: Page, visit: Visit | None = None) -> list[str]:
    """All that is wrong with the page that is open, each in a line of its own. `visit` where it was measured already."""
    return [*_faults_of_this_visit(page, visit or measured(page)), *_axe(page, watch_of(page))]


def _faults_of_this_visit(page: Page, visit: Visit) -> list[str]:
    """What may differ though the page looks the same."""
    watch = watch_of(page)
    return [
        *watch.faults(),
        *([f"weighs {visit}"] if visit.bytes > MOST_BYTES else []),
        *(f"scrolls sideways: {fault}" for fault in page.evaluate(_TOO_WIDE)),
        *(f"HTML: {fault}" for fault in html_faults(_plain(_sent(page, watch)))),
    ]


def _plain(html: str) -> str:
    """The page without what is of this visit alone. Two that are different stay so, of their length, and begin alike."""
    known: dict[str, str] = {}

    def stand_in(found: re.Match[str]) -> str:
        text = found[0]
        if found["time"]:
            return re.sub(r"\d", "0", text)
        if found["id"] and not any(sign.isdigit() for sign in text):
            return text  # A name in our own code.
        first = text[0] if f'id="{text}"' in html else "a"  # What an id may begin with is not free.
        return known.setdefault(text, first + str(len(known)).rjust(len(text) - 1, "x"))

    return _OF_ONE_VISIT.sub(stand_in, html)


def _photograph(page: Page, name: str, view: View) -> None:
    """The whole page, in the dark too where that is asked for most; zoomed, what is seen of it."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark") if view == PHONE else ("light",):
        path = SCREENSHOTS / f"{name}{'-dark' if scheme == 'dark' else ''}-{view}.png"
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=path, full_page=view.scale == 1, animations="disabled")
    page.emulate_media(color_scheme="light")


def _sent(page: Page, watch: Watch) -> str:
    """The HTML that the server sent for the page that is open: the last of that address, for a form may come back to it."""
    address = urldefrag(page.url).url
    asked = [request for request in watch.pages if request.frame == page.main_frame]
    request = next((one for one in reversed(asked) if one.url == address), asked[-1])
    response = request.response()
    assert response is not None, f"nothing was answered to {address}"
    return response.text()


def _axe(page: Page, watch: Watch) -> list[str]:
    """Everything in the light, and the colours again in the dark, where somebody's device asks for that."""
    watch.allow_scripts(page, True)
    try:
        watch.add_script(page, _axe_source())
        found = [f"axe: {fault}" for fault in page.evaluate(_AXE, {"type": "tag", "values": TAGS})]
        page.emulate_media(color_scheme="dark")
        colours = {"type": "rule", "values": ["color-contrast"]}
        found += [f"axe in the dark: {fault}" for fault in page.evaluate(_AXE, colours)]
    finally:
        page.emulate_media(color_scheme="light")
        watch.allow_scripts(page, watch.view.scripts)
    return [" ".join(fault.split()) for fault in found]


@cache
def _axe_source() -> str:
    """In ASCII alone: for a handful of other letters the whole of it would go to the page at twice the size."""
    source = (node_modules() / "axe-core" / "axe.min.js").read_text()
    return re.sub(r"[^\x00-\x7f]", lambda letter: json.dumps(letter[0])[1:-1], source)
