"""What the agency's pages say of days, ages and people; where bars and lines lie; what a spreadsheet may open."""

from datetime import date
from typing import Any

import pytest

from services.routing.capacity import STATES as CAPACITIES
from services.routing.domain.ages import ages_of
from services.routing.domain.lists import SORTS, WHICH
from services.routing.domain.tasks import (
    ACTIONS,
    AGENCY_ACTIONS,
    HOW_COMPLETED,
    ITEMS,
    STATES,
    WHY_CANCELLED,
    WHY_FAILED,
    WHY_HELD,
    WHY_REJECTED,
)
from services.routing.due import OWED
from services.routing.export import cell
from services.routing.web.charts import HEIGHT, WIDTH, columns, lines, shares
from services.routing.web.task import why
from services.routing.web.wording import actor_words, ages_words, due_words
from shared.references import beginning_with, new_reference, read_reference
from shared.rules.facts import CHILD_FACTS, FAMILY_FACTS, REFERRER_TYPES, RELATIONSHIPS, STAGES
from shared.web.catalogue import Catalogue

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("due", "text", "tag"),
    [
        (date(2026, 11, 24), "by 24 November", ""),
        (date(2027, 1, 4), "by 4 January 2027", ""),
        (date(2026, 11, 20), "today", "due"),
        (date(2026, 11, 19), "1 day late", "late"),
        (date(2026, 11, 18), "2 days late", "late"),
    ],
)
def test_a_due_day_is_said_as_people_say_it(due: date, text: str, tag: str) -> None:
    assert due_words(due, TODAY) == (text, tag)


@pytest.mark.parametrize(
    ("count", "ages", "text"),
    [
        (0, [], ""),
        (1, [9], "1 child, aged 9"),
        (3, [12, 9, 0], "3 children, aged 12, 9 and 0"),
        (2, [9], "2 children"),
    ],
)
def test_ages_are_said_when_all_are_known(count: int, ages: list[int], text: str) -> None:
    assert ages_words(count, ages) == text


def test_actors_are_named_where_they_are_people() -> None:
    names = {"0199-a": "Test Worker"}
    assert actor_words("key:p:0199-a", names) == "Test Worker"
    assert actor_words("key:p:0199-b", names) == "Somebody who has left"
    assert actor_words("key:abc", names) == "An agency’s program"
    assert actor_words("waypost", names) == "Waypost"


def clause(fact: str, answer: str, *used: tuple[str | None, object]) -> dict[str, Any]:
    return {
        "part": "criteria",
        "fact": fact,
        "answer": answer,
        "used": [{"child": child, "value": value, "basis": "given"} for child, value in used],
    }


def test_the_receipt_tells_the_ages_of_the_tasks_own_children_and_no_others() -> None:
    receipt = {
        "clauses": [clause("any_child.age", "true", ("a", 6), ("b", 9), ("c", 11)), clause("age", "true", ("a", 6))]
    }
    assert ages_of(receipt, ["a", "b"]) == [9, 6]
    assert ages_of(receipt, ["x"]) == ages_of({}, ["a"]) == ages_of(None, ["a"]) == []
    assert ages_of({"clauses": [clause("age", "unknown", ("a", None))]}, ["a"]) == []


def test_a_receipt_is_told_as_what_was_met_and_what_was_not_for_the_tasks_children() -> None:
    receipt = {
        "clauses": [
            clause("home", "true", (None, "E09000021")),
            clause("age", "false", ("a", 4)),
            clause("age", "true", ("b", 9)),
        ]
    }
    told = why(receipt, ["b"])
    assert told is not None
    assert [each["about"] for each in told["met"]] == ["home", "age"]
    assert told["not_met"] == []
    assert why({"rehearsal": True}, ["b"]) is why(None, []) is None


def test_what_met_a_clause_is_what_was_known_and_what_left_it_open_is_all_that_was_looked_at() -> None:
    met = clause("any_child.school", "true", ("a", None), ("b", "E09000021"))
    met["used"][0]["basis"], met["used"][1]["basis"] = "not-given", "urn"
    told = why({"clauses": [met, met | {"answer": "unknown"}]}, ["a", "b"])
    assert told is not None
    assert [each["bases"] for each in told["met"]] == [["urn"]]
    assert [each["bases"] for each in told["not_met"]] == [["not-given", "urn"]]


@pytest.mark.parametrize("text", ["=1+1", "+44", "-1", "@sum", "\tx", "\rx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_other_cells_stay_as_they_are() -> None:
    assert [cell(value) for value in ("7KX-3FM-9QF", None, 3, TODAY)] == ["7KX-3FM-9QF", "", "3", "2026-11-20"]


def test_bars_are_as_long_as_their_numbers() -> None:
    assert shares([4, 0, 1]) == [100.0, 0.0, 25.0]
    assert shares([0, 0]) == [0.0, 0.0]
    assert shares([]) == []


def test_columns_stand_in_their_groups_below_the_top_of_the_scale() -> None:
    picture = columns([("Oct", (7, 0)), ("Nov", (12, 3))])
    assert [value for value, _ in picture.ticks] == [15, 10, 5, 0]
    assert [round(bar.height / HEIGHT * 15) for bar in picture.bars] == [7, 0, 12, 3]
    assert all(bar.y + bar.height == HEIGHT for bar in picture.bars)
    lefts = [bar.x for bar in picture.bars]
    assert lefts == sorted(lefts)
    assert lefts[2] > WIDTH / 2


def test_a_line_is_broken_where_nothing_is_known() -> None:
    picture = lines([("a", (1, None)), ("b", (None, 2)), ("c", (4, 3)), ("d", (2, None))])
    assert [(kind, len(points)) for kind, points in picture.lines] == [(0, 1), (0, 2), (1, 2)]
    assert picture.lines[1][1][0][1] == 0.0
    assert not lines([]).lines
    assert not columns([]).bars


@pytest.mark.parametrize("most", [0, 1, 3, 4, 5, 21, 99, 101, 12_345])
def test_a_scale_has_round_steps_few_of_them_and_reaches_the_highest(most: int) -> None:
    ticks = [value for value, _ in columns([("a", (most,))]).ticks]
    assert ticks[0] >= most
    assert ticks[-1] == 0
    assert len(ticks) <= 5
    assert str(ticks[-2]).rstrip("0") in ("1", "2", "5")


def test_whatever_begins_a_reference_spans_it() -> None:
    for reference in (new_reference() for _ in range(20)):
        for length in range(1, 12):
            span = beginning_with(reference[:length].lower())
            assert span is not None
            assert span[0] <= reference <= span[1]
    assert beginning_with("7KX-3FM-9QF") == ("7KX-3FM-9QF", "7KX-3FM-9QF") == (read_reference("7kx 3fm 9qf"),) * 2
    assert beginning_with("AEIOU") is beginning_with("7KX-3FM-9QF-7") is None
    assert beginning_with("") == ("333-333-333", "YYY-YYY-YYY")


def test_everything_that_a_task_can_be_has_a_name() -> None:
    named = Catalogue.of("en").section
    assert set(STATES) <= set(named("task-states")) & set(named("task-tags"))
    for section in ("task-actions", "task-questions", "task-explained", "task-done"):
        assert set(AGENCY_ACTIONS) <= set(named(section)), section
    assert set(ACTIONS) <= set(named("task-done"))
    reasons = {*WHY_REJECTED, *WHY_HELD, *HOW_COMPLETED, *WHY_FAILED, *WHY_CANCELLED}
    assert reasons <= set(named("task-reasons"))
    assert set(named("task-items")) == set(ITEMS)
    assert {*WHICH, "mine", "all"} <= set(named("task-lists")) & set(named("task-lists-empty"))
    assert (set(named("task-owes")), set(named("task-orders"))) == (set(OWED), set(SORTS))
    assert set(named("task-capacities")) == set(named("task-capacities-explained")) == set(CAPACITIES)
    assert set(FAMILY_FACTS) - {"kind"} | set(CHILD_FACTS) <= set(named("task-facts"))
    assert set(STAGES) == set(named("task-stages"))
    assert set(RELATIONSHIPS) == set(named("task-relationships"))
    assert set(REFERRER_TYPES) == set(named("task-referrers"))
