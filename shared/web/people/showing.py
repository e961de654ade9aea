"""A form shown again with what is wrong with it; what was typed is there still, save pass phrases and codes."""

from typing import Any

from werkzeug.wrappers import Response

from shared.http.problems import FieldError, Problem
from shared.http.request import Request
from shared.web.forms import Sheet, wrong_of
from shared.web.page import form_of
from shared.web.pages import Pages

SECRET = ("/pass_phrase", "/new_pass_phrase", "/sign_in_code")


def again(pages: Pages, request: Request, template: str, problem: Problem, **values: Any) -> Response:
    """The page once more, its fields marked; raises the problem where it is about no field."""
    if not problem.errors:
        raise problem
    typed = {name: value for name, value in form_of(request).typed().items() if name not in SECRET}
    sheet = Sheet(typed, wrong_of(problem.errors, pages.catalogue))
    return pages.show(request, template, 422, sheet=sheet, **values)


def wrong(code: str, *pointers: str) -> Problem:
    """A 422 problem about these fields; the catalogue has the words."""
    errors = [FieldError(pointer, code, code) for pointer in pointers]
    return Problem(422, "invalid", "The form cannot be taken as it is", errors=errors)
