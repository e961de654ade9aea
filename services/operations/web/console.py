"""What all pages of the console share: their places in the navigation, and words for ages and services.

A place is shown once its page is there, so the list below may name what is not built.
"""

from pathlib import Path

from services.operations.web.pictures import last_hour
from services.operations.web.telling import age, short_age
from shared.web.page import Page
from shared.web.pages import Pages, PagesProvider

PLACES = (
    ("/", "Overview"),
    ("/parked", "Parked"),
    ("/reviews", "Reviews"),
    ("/directory", "Directory"),
    ("/trace", "Trace"),
    ("/pauses", "Pauses"),
    ("/audit", "Audit"),
    ("/runbook", "Runbook"),
)
"""In the order of the navigation; People and Account stand behind them on every service's pages."""


class ConsolePages(PagesProvider):
    """`pages = ConsolePages()` on the operations service."""

    def __init__(self) -> None:
        super().__init__(Path(__file__).parent)

    def setup(self) -> None:
        super().setup()
        self.pages.templates.globals |= {
            "places": self._places,
            "has_page": lambda path: path.partition("?")[0].partition("#")[0] in self._paths(),
            "age": age,
            "short_age": short_age,
            "last_hour": last_hour,
        }

    def get_dependency(self, worker_ctx: object) -> Pages:
        return self.pages

    # No property: nameko looks at every attribute of an extension before there are any entry points.
    def _paths(self) -> frozenset[str]:
        entries = (each for each in self.container.entrypoints if isinstance(each, Page))
        return frozenset(each.url for each in entries if each.http_method == "GET")

    def _places(self) -> list[tuple[str, str]]:
        return [(path, text) for path, text in PLACES if path in self._paths()]
