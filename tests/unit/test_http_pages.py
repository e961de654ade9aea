"""Pages follow one another without gap or repeat, and a made-up cursor is refused."""

import pytest

from shared.http.pages import Page, as_page, encode_cursor, read_page
from shared.http.problems import Problem


def test_a_walk_through_pages_sees_every_row_once() -> None:
    rows = [(f"2026-11-{day:02}", day) for day in range(1, 12)]
    seen: list[int] = []
    arguments = {"limit": "4"}
    while True:
        page = read_page(arguments, str, int)
        waiting = [row for row in rows if page.after is None or row > page.after][: page.limit + 1]
        answer = as_page(waiting, page, lambda row: row, lambda row: row[1])
        seen += answer["items"]
        if answer["next"] is None:
            break
        arguments["cursor"] = answer["next"]
    assert seen == list(range(1, 12))


def test_a_last_page_that_is_just_full_says_that_it_is_the_last() -> None:
    assert as_page(["a", "b"], Page(2, None), lambda row: (row,), str) == {"items": ["a", "b"], "next": None}
    assert as_page([], Page(2, None), lambda row: (row,), str) == {"items": [], "next": None}


def test_fifty_rows_unless_told() -> None:
    assert read_page({}) == Page(50, None)


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "", "1.5", "٣", "9" * 5000])
def test_a_limit_outside_1_to_100_is_refused(limit: str) -> None:
    with pytest.raises(Problem) as raised:
        read_page({"limit": limit})
    assert (raised.value.status, raised.value.code) == (400, "bad-limit")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "!!!",
        "bm90IGpzb24",
        encode_cursor("a"),
        encode_cursor(1, "a"),
        encode_cursor("a", 1, 2),
        "A" * 500,
        encode_cursor("a\0", 1),
        encode_cursor("a", 2**63),
    ],
)
def test_a_cursor_that_is_not_of_this_list_is_refused(cursor: str) -> None:
    with pytest.raises(Problem) as raised:
        read_page({"cursor": cursor}, str, int)
    assert (raised.value.status, raised.value.code) == (400, "bad-cursor")


def test_a_cursor_is_safe_in_a_url() -> None:
    cursor = encode_cursor("???>>>~~~", 1)
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert read_page({"cursor": cursor}, str, int).after == ("???>>>~~~", 1)
