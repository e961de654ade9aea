"""What each page that was checked weighs and how long the server took for it; told at the end of the run.

Numbers of one visit on a machine that is busy with tests: the weight is exact, the time only says where to look.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

FILE = Path(__file__).parents[2] / "var" / "screenshots" / "pages.tsv"
# Of the cache too: what a first visit would have fetched. What was asked for after loading is not of the first sight.
_VISIT = """
    () => {
      const [page] = performance.getEntriesByType('navigation');
      const loaded = page.loadEventEnd || Infinity;
      const parts = performance.getEntriesByType('resource').filter((part) => part.startTime <= loaded);
      return {
        milliseconds: page.responseStart - page.requestStart,
        parts: [page, ...parts].map((part) => [part.name, part.encodedBodySize]),
      };
    }
"""


@dataclass(frozen=True)
class Visit:
    """One page as it was loaded: paths with bytes of their bodies, as transferred to who has nothing of them yet."""

    milliseconds: float
    parts: tuple[tuple[str, int], ...]

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.parts)

    def __str__(self) -> str:
        return f"{self.bytes} bytes: " + ", ".join(f"{path} {size}" for path, size in self.parts)


_kept: list[tuple[str, str, Visit]] = []


def measured(page: Page) -> Visit:
    """The visit of the page that is open."""
    found: dict[str, Any] = page.evaluate(_VISIT)
    return Visit(found["milliseconds"], tuple((urlsplit(url).path, size) for url, size in found["parts"]))


def keep(name: str, view: str, visit: Visit) -> None:
    """For `report`."""
    _kept.append((name, view, visit))


def report() -> str:
    """One line about the heaviest and the slowest page; all of them go into `var/screenshots/pages.tsv`."""
    if not _kept:
        return "No page was measured"
    lines = [f"{name}\t{view}\t{visit.bytes}\t{visit.milliseconds:.1f}" for name, view, visit in _kept]
    FILE.parent.mkdir(parents=True, exist_ok=True)  # Where nothing was found wrong, no picture has made it.
    with FILE.open("a") as file:  # Several runs at once test different pages.
        if not file.tell():
            lines.insert(0, "page\tview\tbytes\tserver ms")
        file.write("\n".join(lines) + "\n")
    heaviest, _, heavy = max(_kept, key=lambda one: one[2].bytes)
    slowest, _, slow = max(_kept, key=lambda one: one[2].milliseconds)
    return (
        f"{len({name for name, _, _ in _kept})} pages in {len(_kept)} visits; the heaviest, {heaviest}, has "
        f"{heavy.bytes / 1000:.1f} KB at a first visit; the slowest, {slowest}, was answered in {slow.milliseconds:.0f} ms"
    )
