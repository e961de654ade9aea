"""Where somebody goes after signing in: back to the page that they asked for, and never to another site."""

import pytest
from werkzeug.test import EnvironBuilder

from shared.http.request import Request
from shared.web.people.sign_in import local_path, path_to_sign_in


@pytest.mark.parametrize("path", ["/", "/tasks", "/tasks?state=requested&cursor=YQ", "/a/b%20c#d"])
def test_a_path_of_ours_is_kept(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "tasks",
        "https://elsewhere.example.org/",
        "//elsewhere.example.org/",
        "/\\elsewhere.example.org/",
        "\\\\elsewhere.example.org/",
        "/\t/elsewhere.example.org/",
        "/\n/elsewhere.example.org/",
        "///elsewhere.example.org",
        "javascript:alert(1)",
        " /tasks",
        "/" + "a" * 2000,
    ],
)
def test_anything_else_is_the_first_page(path: str | None) -> None:
    assert local_path(path) == "/"


def asked(method: str, path: str, query: str = "") -> Request:
    return Request(EnvironBuilder(path, method=method, query_string=query).get_environ())


def test_the_page_that_was_asked_for_is_come_back_to() -> None:
    assert path_to_sign_in(asked("GET", "/tasks", "state=on-hold&sort=due")) == (
        "/sign-in?next=%2Ftasks%3Fstate%3Don-hold%26sort%3Ddue"
    )
    assert path_to_sign_in(asked("GET", "/")) == "/sign-in"
    assert path_to_sign_in(asked("POST", "/tasks/1/accept")) == "/sign-in"
