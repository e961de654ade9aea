"""Forms: what a browser sent becomes the document of the API, and the API's errors find their fields."""

import pytest
from werkzeug.test import EnvironBuilder

from shared.http.problems import FieldError, Problem
from shared.http.request import Request
from shared.web.catalogue import Catalogue
from shared.web.forms import Form, Sheet, read_form, sheet_of, wrong_of
from shared.web.pointers import at, id_of, put, remove

TYPE = "application/x-www-form-urlencoded"


def sent(body: bytes, kind: str = TYPE) -> Request:
    request = Request({**EnvironBuilder(method="POST").get_environ(), "CONTENT_TYPE": kind})
    request.body = body
    return request


def test_a_form_is_read_as_it_was_typed() -> None:
    form = read_form(sent(b"%2Fhome%2Fpostcode=+KT1+1EU+&%2Fneeds=housing&%2Fneeds=visiting&%2Fnotes=a%0D%0Ab"))

    assert form.text("/home/postcode") == "KT1 1EU"
    assert form.texts("/needs") == ["housing", "visiting"]
    assert form.text("/notes") == "a\nb"
    assert form.text("/missing") == ""


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"name=%ff", TYPE, 400),
        (b"name=%00", TYPE, 400),
        (b"&".join(b"a=1" for _ in range(501)), TYPE, 400),
        ("name=é".encode(), TYPE, 400),
    ],
)
def test_what_no_browser_sends_is_refused(body: bytes, kind: str, status: int) -> None:
    with pytest.raises(Problem) as refused:
        read_form(sent(body, kind))

    assert refused.value.status == status


@pytest.mark.parametrize(
    ("parts", "day"),
    [
        (("14", "3", "2017"), "2017-03-14"),
        (("1", "", "2017"), "2017--1"),
        (("", "", ""), ""),
        (("3", "3", "17"), "17-3-3"),
        (("x", "3", "2017"), "2017-3-x"),
    ],
)
def test_a_date_is_put_together_and_never_guessed(parts: tuple[str, str, str], day: str) -> None:
    form = Form(zip(("/born/day", "/born/month", "/born/year"), parts, strict=True))

    assert form.day("/born") == day


def with_file(name: str, content: bytes) -> Request:
    """A form with a text and a file, as browsers send it."""
    parts = [
        b'--edge\r\nContent-Disposition: form-data; name="/note"\r\n\r\na\r\nb\r\n',
        f'--edge\r\nContent-Disposition: form-data; name="/files"; filename="{name}"\r\n'.encode(),
        b"Content-Type: application/yaml\r\n\r\n" + content + b"\r\n--edge--\r\n",
    ]
    return sent(b"".join(parts), "multipart/form-data; boundary=edge")


def test_a_form_may_bring_files_by_their_own_names() -> None:
    form = read_form(with_file("C:\\\\Folder\\\\agency.yaml", b"id: agency\r\n\xff"))
    assert (form.text("/note"), form.text("/files")) == ("a\nb", "")
    assert form.files("/files") == [("agency.yaml", b"id: agency\r\n\xff")]
    assert read_form(with_file("", b"")).files("/files") == []
    with pytest.raises(Problem) as caught:
        read_form(sent(b"--edge", "multipart/form-data"))
    assert caught.value.status == 400


def test_pointers_reach_into_a_document_and_make_the_way_there() -> None:
    document: dict[str, object] = {}
    put(document, "/children/0/school/urn", "102564")
    put(document, "/children/1/first_name", "Test")
    put(document, "/needs", ["housing"])

    assert document == {"children": [{"school": {"urn": "102564"}}, {"first_name": "Test"}], "needs": ["housing"]}
    assert at(document, "/children/1/first_name") == "Test"
    assert at(document, "/children/2/first_name") is None
    remove(document, "/children/0")
    assert at(document, "/children/0/first_name") == "Test"
    with pytest.raises(IndexError):
        put(document, "/children/7/first_name", "Test")


def test_a_document_is_shown_in_the_fields_that_it_came_from() -> None:
    sheet = sheet_of(
        {"children": [{"date_of_birth": "2017-03-04"}], "safe": True, "needs": ["housing"]},
        ["/children/0/date_of_birth"],
    )

    assert [sheet.text(f"/children/0/date_of_birth/{part}") for part in ("day", "month", "year")] == ["4", "3", "2017"]
    assert sheet.text("/safe") == "yes"
    assert sheet.chosen("/needs") == ["housing"]


def test_an_error_of_the_api_is_said_in_plain_words_at_its_field() -> None:
    catalogue = Catalogue({"errors": {"any": {"required": "Fill this in"}, "/children/*/told": {"required": "Choose"}}})
    errors = [
        FieldError("/children/1/told", "required", "Missing."),
        FieldError("/children/1/told", "null", "Second."),
        FieldError("/home/postcode", "required", "Missing."),
        FieldError("/home/code", "odd", "As the API says it."),
    ]

    wrong = wrong_of(errors, catalogue)

    assert wrong == {
        "/children/1/told": "Choose",
        "/home/postcode": "Fill this in",
        "/home/code": "As the API says it.",
    }
    assert [each.id for each in Sheet({}, wrong).summary] == [id_of(pointer) for pointer in wrong]


def test_a_translation_that_is_partly_done_falls_back_to_english() -> None:
    english = Catalogue({"stages": {"remand": "On remand", "sentenced": "Sentenced"}})
    welsh = Catalogue({"stages": {"remand": "Ar remánd"}}, english)

    assert welsh.word("stages", "remand") == "Ar remánd"
    assert welsh.word("stages", "sentenced") == "Sentenced"
    with pytest.raises(KeyError):
        welsh.word("stages", "nobody named this")
