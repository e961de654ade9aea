"""Fields of the form: what people type becomes what the API takes, and nothing is kept of what is not safe."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.referrals.web.refer.challenge import is_right
from services.referrals.web.refer.document import begun, check_of, referral_of
from services.referrals.web.refer.fields import DayOrMonth, Field
from services.referrals.web.refer.own_fields import Ages, GivenOn, Ways
from services.referrals.web.refer.view import View
from shared.web.forms import Form

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NOBODY: Any = None


def filled(field: Field, document: dict[str, Any], **typed: str | list[str]) -> list[str]:
    """Fills the document; answers the codes of what is wrong. A field's name is `_` for the pointer itself."""
    pairs = [
        (field.pointer + ("" if name == "_" else f"/{name}"), each)
        for name, value in typed.items()
        for each in ([value] if isinstance(value, str) else value)
    ]
    return [error.code for error in field.fill(Form(pairs), document, View(dict(document), (), NOBODY, NOW))]


@pytest.mark.parametrize(
    ("typed", "ages"),
    [
        ("9", [9]),
        ("4, 9 and 12", [4, 9, 12]),
        ("4 9;12", [4, 9, 12]),
        ("9 years old & 0", [9, 0]),
        ("nine", ["nine"]),
        ("99999999999999999999", ["99999999999999999999"]),
    ],
)
def test_ages_are_read_from_one_line_and_what_is_no_age_is_left_to_the_checks(typed: str, ages: list[Any]) -> None:
    document = begun("family-support")
    assert filled(Ages("/children"), document, _=typed) == []
    assert document["children"] == [{"age": age} for age in ages]


def test_a_child_with_a_name_is_not_taken_away_by_another_line_of_ages() -> None:
    document = begun("family-support") | {"children": [{"age": 9}, {"age": 6, "first_name": "Test"}, {"age": 3}]}
    assert filled(Ages("/children"), document, _="8") == []
    assert document["children"] == [{"age": 8}, {"age": 6, "first_name": "Test"}]
    assert filled(Ages("/children"), document, _=" ") == ["required"]


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        ({"day": "", "month": "8", "year": "2026"}, "2026-08"),
        ({"day": "3", "month": "8", "year": "2026"}, "2026-08-03"),
        ({"day": "", "month": "August", "year": "2026"}, "2026-August"),
        ({"day": "", "month": "", "year": ""}, None),
    ],
)
def test_a_day_may_be_left_out(parts: dict[str, str], value: str | None) -> None:
    document = begun("family-support")
    filled(DayOrMonth("/relative/released_on"), document, **parts)
    assert document.get("relative", {}).get("released_on") == value


def test_of_a_way_that_is_not_safe_any_more_nothing_is_kept() -> None:
    ways = Ways("/family_contact/safe_contact")
    document = begun("family-support")
    filled(ways, document, _=["telephone", "email"])
    document["family_contact"] |= {"telephone": "01632 960002", "email": "parent@example.org"}
    filled(ways, document, _=["email"])
    assert document["family_contact"] == {
        "email": "parent@example.org",
        "safe_contact": {"email": {"safe": True}, "through_referrer_only": False},
    }
    assert filled(ways, document, _=["email", "referrer"]) == ["either"]


def test_an_agreement_of_today_is_not_in_the_future() -> None:
    document = begun("family-support")
    filled(GivenOn("/consent/given_at"), document, day="20", month="11", year="2026")
    assert document["consent"]["given_at"] == NOW.isoformat()
    filled(GivenOn("/consent/given_at"), document, day="19", month="11", year="2026")
    assert document["consent"]["given_at"] == "2026-11-19T12:00:00Z"


def test_what_only_the_form_needs_is_not_sent_and_neither_is_what_is_not_asked_any_more() -> None:
    document = begun("family-support") | {
        "referrer": {"type": "family", "role": "left from before"},
        "children": [{"age": 9, "seen": ["child"], "first_name": "Test"}],
        "relative": {"relationship": "parent", "stage": "sentenced", "released_on": "2026-08"},
        "family_contact": {"name": "Test Parent", "email": "parent@example.org"},
        "consent": {"agencies": ["families-apart"]},
    }
    document["form"] |= {"agreed": "yes", "agreed_at": "2026-11-20T10:00:00+00:00"}
    sent = referral_of(document, ["/relative/released_on"])
    assert sent["referrer"] == {"type": "family", "name": "Test Parent", "email": "parent@example.org"}
    assert sent["children"] == [{"first_name": "Test"}]
    assert "released_on" not in sent["relative"]
    assert sent["consent"] == {
        "agencies": ["families-apart"],
        "name": "Test Parent",
        "method": "online",
        "given_at": "2026-11-20T10:00:00+00:00",
    }
    assert "form" not in sent
    document["form"]["agreed"] = "no"
    assert "consent" not in referral_of(document, [])


def test_the_anonymous_question_holds_nobody_and_goes_by_the_date_of_birth_once_there_is_one() -> None:
    document = begun("family-support") | {
        "children": [{"age": 9, "first_name": "Test", "date_of_birth": "2018-11-21"}, {"age": 4}],
        "relative": {"stage": "sentenced", "released_on": "2026-08"},
    }
    assert check_of(document, NOW.date()) == {
        "kind": "family-support",
        "referrer_type": None,
        "children": [{"age": 7}, {"age": 4}],
        "relative": {"stage": "sentenced"},
    }


@pytest.mark.parametrize(("said", "right"), [("kt1 1eu", True), ("KT1-1EU", True), ("KT1 1AA", False), ("", False)])
def test_whoever_comes_back_says_the_postcode(said: str, right: bool) -> None:
    assert is_right(begun("family-support") | {"home": {"postcode": "KT1 1EU"}}, said) is right


def test_where_nothing_was_typed_nothing_is_asked() -> None:
    assert is_right(begun("family-support"), "")
    assert is_right(begun("consultation") | {"borough": {"code": "E09000021"}}, "kingston upon thames")
    assert not is_right(begun("consultation") | {"borough": {"code": "E09000021"}}, "Sutton")
