"""What single fields of a referral take, and that reading them quickly is reading them right."""

from typing import Any

import email_validator
import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from services.referrals import schemas
from services.referrals.fields import is_email, is_telephone
from shared.contracts.quick import loader

SCHEMA = schemas.NewReferral()
QUICK = loader(SCHEMA)


@pytest.mark.parametrize(
    "number",
    ["01632 960001", "(01632) 960-001", "+44 1632 960001", "07700 900123", "020 7946 0018", "+33 1 23 45 67 89"],
)
def test_a_number_that_could_be_rung_is_taken(number: str) -> None:
    assert is_telephone(number)


@pytest.mark.parametrize("number", ["", "12", "01632 960001 960002", "telephone", "+999 12"])
def test_a_number_that_could_not_is_refused(number: str) -> None:
    assert not is_telephone(number)


@given(st.from_regex(r"(\+44|0)[ ]?[0-9]{4}[ -]?[0-9]{5,7}", fullmatch=True))
def test_the_quick_look_at_a_number_says_what_the_library_says(number: str) -> None:
    try:
        possible = phonenumbers.is_possible_number(phonenumbers.parse(number, "GB"))
    except phonenumbers.NumberParseException:
        possible = False
    assert is_telephone(number) == possible


@pytest.mark.parametrize("address", ["teacher@example.org", "t.e+s_t@school.sch.uk", "päd@example.org"])
def test_an_address_that_could_be_written_to_is_taken(address: str) -> None:
    assert is_email(address)


@pytest.mark.parametrize(
    "address", ["", "teacher", "teacher@example", "a..b@example.org", "a@b.test", "a b@example.org"]
)
def test_an_address_that_could_not_is_refused(address: str) -> None:
    assert not is_email(address)


@given(st.from_regex(r"[a-z0-9._+-]{1,12}@[a-z0-9.-]{1,12}\.(org|com|uk|net|test)", fullmatch=True))
def test_the_quick_look_at_an_address_says_what_the_library_says(address: str) -> None:
    try:
        email_validator.validate_email(address, check_deliverability=False)
        taken = True
    except email_validator.EmailNotValidError:
        taken = False
    assert is_email(address) == taken


def outcome(load: Any, body: Any) -> Any:
    try:
        return load(body)
    except ValidationError as error:
        return error.messages


PLACE = st.dictionaries(
    st.sampled_from(["urn", "postcode", "ods_code", "x"]), st.sampled_from(["1", "100001", "KT1 1AA", None, 5])
)
ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([]), st.just({}))
CHILD = st.fixed_dictionaries(
    {},
    optional={
        "first_name": st.one_of(st.just(" Test "), ANYTHING),
        "last_name": st.just("Child"),
        "date_of_birth": st.sampled_from(["2017-03-14", "2017-02-30", "20170314", None, 3]),
        "told": st.sampled_from(["yes", "maybe", None]),
        "school": st.one_of(PLACE, ANYTHING),
    },
)
BODY = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["family-support", "consultation", "x", None]),
        "children": st.one_of(st.lists(CHILD, max_size=3), ANYTHING),
        "relative": st.one_of(
            st.fixed_dictionaries(
                {"relationship": st.just("parent"), "stage": st.just("released")},
                optional={"released_on": st.sampled_from(["2026-08", "2026-08-20", "2026-8", None, 1])},
            ),
            ANYTHING,
        ),
        "home": st.one_of(PLACE, ANYTHING),
        "needs": st.one_of(st.lists(st.sampled_from(["visiting", None, 3])), ANYTHING),
        "notes": st.one_of(ANYTHING, st.just("x" * 5001)),
        "borough": st.one_of(PLACE, ANYTHING),
        "unknown": ANYTHING,
    },
)


@settings(max_examples=300)
@given(BODY)
def test_the_quick_way_through_a_schema_answers_what_the_schema_answers(body: Any) -> None:
    assert outcome(QUICK, body) == outcome(SCHEMA.load, body)
