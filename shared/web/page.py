"""The route of a page: for everybody with a reason, or for people who are signed in and have a scope.

    @page("GET", "/tasks", scope="tasks:read")
    def tasks(self, request: Request) -> Response: ...

    @page("POST", "/refer/consent", public="anybody may refer a family")
    def consent(self, request: Request) -> Response: ...

Every form must carry the token that its page was given; every problem is told as a page. An address of the API is no page:
it takes keys and answers JSON.
"""

from functools import partial
from typing import Any, TypeVar

from nameko.exceptions import ConfigurationError
from werkzeug.wrappers import Response

from shared.http import problems
from shared.http.problems import Problem
from shared.http.request import Request
from shared.http.route import Route, declared
from shared.web.csrf import FIELD
from shared.web.forms import Form, read_form
from shared.web.pages import Instead, Pages

Method = TypeVar("Method", bound=Any)
FORM_LIMIT = 64 * 1024


class SeeOther(Instead):
    """Sends the browser to another page of ours: raised where a page cannot be shown yet."""

    def __init__(self, path: str) -> None:
        super().__init__(303, "see-other", "See another page")
        self.path = path

    def response(self) -> Response:
        return see(self.path)


class NotSent(Instead):
    """Somebody was signed out while they typed: the form is held by a page that sends it once they are back."""

    def __init__(self) -> None:
        super().__init__(403, "not-sent", "You were signed out before this was sent")

    def shown(self, pages: Pages, request: Request) -> Response:
        typed = {name: values for name, values in form_of(request).typed().items() if name != FIELD}
        return pages.show(request, "not_sent.html", self.status, typed=typed, address=request.full_path.rstrip("?"))


class Page(Route):
    """What `page` declares."""

    for_programs = False

    def __init__(self, method: str, url: str, **about: Any) -> None:
        super().__init__(method, url, **{"limit": FORM_LIMIT, **about})

    def handle_request(self, request: Request) -> Response:
        request.tell = partial(self._pages().problem, request)
        return super().handle_request(request)

    def check_server(self) -> None:
        if self.server.pages is None or (self.scope and self.server.people is None):
            raise ConfigurationError(f"{self.url} needs `Pages`, and `SignIn` where it has a scope.")

    def admit(self, request: Request) -> None:
        """Lets the request pass; raises a problem, SeeOther to where one signs in, or NotSent with a form in hand."""
        if not self.scope or self.server.people is None:
            super().admit(request)
            return
        try:
            self.server.people.admit(request, self.scope)
        except SeeOther:
            if request.method == "POST" and self._is_ours(request):
                raise NotSent from None
            raise

    def _is_ours(self, request: Request) -> bool:
        """Whether it holds a form that a page of ours sent from this browser."""
        try:
            request.receive(self.limit)
            self.received(request)
        except Problem:
            return False
        return True

    def received(self, request: Request) -> None:
        """Reads the form, before a worker is spent on it; raises a 403 problem for one that is not ours."""
        if request.method not in ("GET", "HEAD"):
            request.sent_form = read_form(request)
            self._pages().csrf.check(request, request.sent_form.text(FIELD))

    # No property: nameko looks at every attribute of an extension before there are any pages.
    def _pages(self) -> Pages:
        assert self.server.pages is not None  # `check_server` saw to it.
        return self.server.pages


def page(method: str, url: str, **about: Any) -> Any:
    """Declares a page; takes what `Route` takes."""
    return declared(Page(method, url, **about))


def form_of(request: Request) -> Form:
    """The form that a page was sent."""
    if request.sent_form is None:
        raise problems.bad_request("not-a-form", "No form was sent")
    return request.sent_form


def see(path: str) -> Response:
    """After a form was taken: the page to look at next, so that going back and reloading send nothing twice."""
    return Response(status=303, headers={"Location": path})
