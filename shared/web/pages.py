"""A service's pages: its templates, drawn with what every page has, and sent with headers that keep them to themselves.

    pages = PagesProvider(Path(__file__).parent / "web")        # an attribute of the service
    return self.pages.show(request, "track.html", reference=row.reference)

No scripts or styles inside a page, nothing from any other host, not kept by browsers, not found by search engines.
"""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from nameko.extensions import DependencyProvider
from werkzeug.wrappers import Response

from shared.clock import london_date
from shared.http.problems import Problem
from shared.http.request import Request
from shared.http.server import Server
from shared.messaging.runtime import Runtime
from shared.resources import Resources
from shared.settings import Settings
from shared.web import formats, statics
from shared.web.catalogue import Catalogue
from shared.web.cookies import Cookies
from shared.web.csrf import FIELD, Csrf
from shared.web.forms import Sheet
from shared.web.pointers import id_of

HERE = Path(__file__).parent
LANGUAGE = "en"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Forms need to say that they come from here; nobody else is told anything.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
HSTS = "max-age=31536000; includeSubDomains"


def address_of(settings: Settings, service: str) -> str:
    """Where people use a service's pages."""
    addresses = {"referrals": settings.public_url, "routing": settings.agencies_url}
    return addresses.get(service, settings.operations_url)


class Instead(Problem):
    """A problem whose own answer is what a browser gets."""

    def shown(self, pages: "Pages", request: Request) -> Response:
        """The answer, with the cookie that the page before may have promised."""
        response = self.response()
        pages.csrf.settle(request, response)
        return response


class Pages:
    """The pages of one service; `folder` holds its `templates`."""

    def __init__(self, folder: Path, service: str, resources: Resources) -> None:
        self.folder = folder
        self.service = service
        self.catalogue = Catalogue.of(LANGUAGE)
        self.cookies = Cookies(address_of(resources.settings, service))
        self.csrf = Csrf(resources.keyring, self.cookies)
        self._clock = resources.clock

    def show(
        self,
        request: Request,
        template: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Response:
        """The page; `values` are what its template needs, `sheet` among them where it has a form."""
        values.setdefault("sheet", Sheet())
        html = self.templates.get_template(template).render(
            person=request.person,
            path=request.path,
            service=self.service,
            today=self.today,
            csrf=lambda: self._token_field(request),
            **values,
        )
        response = Response(html, status, {**HEADERS, **(headers or {})}, content_type="text/html; charset=utf-8")
        response.headers["Content-Language"] = LANGUAGE
        if self.cookies.secure:
            response.headers["Strict-Transport-Security"] = HSTS
        self.csrf.settle(request, response)
        return response

    def problem(self, request: Request, problem: Problem) -> Response:
        """A problem as a page for people. It shows nothing of what somebody typed."""
        if isinstance(problem, Instead):
            return problem.shown(self, request)
        known = self.catalogue.section("problem-titles")
        code = next((each for each in (problem.code, str(problem.status)) if each in known), "500")
        text = self.catalogue.word("problem-texts", code)
        return self.show(
            request,
            "problem.html",
            problem.status,
            problem.headers,
            title=known[code],
            text=text,
            fault=(problem.instance or "").removeprefix("urn:uuid:"),
        )

    @property
    def today(self) -> date:
        """The day in London."""
        return london_date(self._clock.now())

    @cached_property
    def templates(self) -> Environment:
        """The service's own templates first, then those that all pages share; another language's before English."""
        folders = [self.folder / "templates", HERE / "templates", HERE / "people" / "templates"]
        environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(each / LANGUAGE) for each in folders] + [FileSystemLoader(folders)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.do"],
        )
        environment.globals |= {
            "word": self.catalogue.word,
            "words": self.catalogue.section,
            "plural": formats.plural,
            "joined": formats.joined,
            "id_of": id_of,
            "static": statics.address,
            "language": LANGUAGE,
        }
        environment.filters |= {
            "spoken": formats.spoken,
            "short": formats.short,
            "clock_time": formats.clock_time,
            "when": formats.when,
            "number": formats.number,
        }
        return environment

    def _token_field(self, request: Request) -> Markup:
        return Markup(f'<input type="hidden" name="{FIELD}" value="{escape(self.csrf.token(request))}">')


class PagesProvider(DependencyProvider):
    """Gives a service its pages, and its routes a way to tell people of problems."""

    server = Server()

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        self.pages = self.server.pages = Pages(self.folder, runtime.service, runtime.resources)

    def get_dependency(self, worker_ctx: Any) -> Pages:
        return self.pages
