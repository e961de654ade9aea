"""Somebody who has no mouse: `tab_to(page, "button", "Continue")`, then `press(page, "Enter")`.

On the way, every stop must be in sight, not under something else, and must show that it has the focus.
"""

from playwright.sync_api import Locator, Page, expect

MOST_STOPS = 200
_STOP = """
    (wanted) => {
      const stop = document.activeElement;
      const seen = [stop, ...(stop.labels || [])].flatMap((element) =>
        [null, '::before', '::after'].map((part) => getComputedStyle(element, part)));
      const marked = seen.some(
        ({ outlineStyle, outlineWidth, boxShadow }) =>
          (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none');
      const points = ({ left, right, top, bottom }) =>
        [0.1, 0.5, 0.9].flatMap((share) =>
          [0.1, 0.5, 0.9].map((other) => [left + share * (right - left), top + other * (bottom - top)]));
      const inSight = [...stop.getClientRects()].flatMap(points).some(
        ([x, y]) => stop.contains(document.elementFromPoint(x, y)));
      return {
        there: stop === wanted,
        group: stop.type === 'radio' && wanted.type === 'radio' && stop.name === wanted.name,
        nowhere: stop === document.body,
        marked, inSight,
        what: stop.outerHTML.slice(0, 120),
      };
    }
"""


def tab_to(page: Page, role: str, name: str) -> Locator:
    """Presses Tab until the element of this role and exact name has the focus; within radio buttons, the arrow keys."""
    wanted = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type] # any text is fine for playwright
    expect(wanted).to_have_count(1)
    passed: list[str] = []
    rounds, key = 0, "Tab"
    while rounds < 2 and len(passed) < MOST_STOPS:
        page.keyboard.press(key)
        stop = wanted.evaluate(_STOP)
        key = "ArrowDown" if stop["group"] else "Tab"
        if stop["nowhere"]:  # Between the last and the first.
            rounds += 1
            continue
        assert stop["inSight"], f"has the focus and is out of sight: {stop['what']}"
        assert stop["marked"], f"has the focus and does not show it: {stop['what']}"
        if stop["there"]:
            return wanted
        passed.append(stop["what"])
    raise AssertionError(f"{role} {name!r} cannot be reached by Tab. On the way: {passed[:20]}")


def press(page: Page, key: str) -> None:
    """A key, as playwright names it: `Enter`, `Space`, `Escape`, `ArrowDown`, `Shift+Tab`."""
    page.keyboard.press(key)
