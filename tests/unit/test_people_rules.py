"""What a pass phrase must be, which one-time codes are good, and how long wrong tries have to wait."""

from datetime import UTC, datetime, timedelta

import eventlet
import pyotp
import pytest

from shared.web.people import codes, pass_phrases
from shared.web.people.lockout import wait_after
from shared.web.people.roles import ACCOUNT, ROLES, scopes_of

NOW = datetime(2026, 11, 20, 10, 0, 10, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.mark.parametrize(
    "phrase",
    ["violet kettle morning", "Ein Gürteltier im Garten", "correcthorsebattery", "aQ9-=x  7Lm!e", "ночь улица фонарь"],
)
def test_a_long_phrase_of_any_kind_is_taken(phrase: str) -> None:
    assert pass_phrases.fault_of(phrase, "worker@example.org") is None


@pytest.mark.parametrize(
    ("phrase", "fault"),
    [
        ("violet kett", "too-short"),
        ("violet kettle" * 20, "too-long"),
        ("passwordpassword", "too-common"),
        ("Password 1234", "too-common"),
        ("qwerty-uiop-123", "too-common"),
        ("correct horse battery staple", "too-common"),
        ("waypost waypost waypost", "too-common"),
        ("aaaaaaaaaaaaaaaa", "too-common"),
        ("121212121212", "too-common"),
        ("Sam.Worker is at work", "like-the-address"),
    ],
)
def test_what_is_tried_first_or_is_too_short_is_not(phrase: str, fault: str) -> None:
    assert pass_phrases.fault_of(phrase, "sam.worker@example.org") == fault


def test_a_hash_knows_its_phrase_from_every_keyboard_and_no_other() -> None:
    stored = pass_phrases.hashed("cafe\u0301 in the morning")
    assert stored.startswith("$argon2id$")
    assert "morning" not in stored
    assert pass_phrases.matches(stored, "caf\u00e9 in the morning")
    assert not pass_phrases.matches(stored, "cafe in the morning")
    assert not pass_phrases.matches(None, "a phrase that nobody has")


def test_others_are_served_while_a_phrase_is_looked_at() -> None:
    stored = pass_phrases.hashed("violet kettle morning")
    turns = 0

    def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            eventlet.sleep(0.001)

    served = eventlet.spawn(others)
    pass_phrases.matches(stored, "violet kettle morning")
    served.kill()
    assert turns > 5


def at(moment: datetime) -> str:
    return pyotp.TOTP(SECRET).at(moment)


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_a_code_of_this_half_minute_or_one_beside_it_is_good(seconds: int) -> None:
    assert codes.step_of(SECRET, at(NOW + timedelta(seconds=seconds)), NOW, None)


@pytest.mark.parametrize("seconds", [-60, 60])
def test_an_older_or_later_code_is_not(seconds: int) -> None:
    assert codes.step_of(SECRET, at(NOW + timedelta(seconds=seconds)), NOW, None) is None


def test_a_code_is_good_once_and_none_before_it_after_that() -> None:
    used = codes.step_of(SECRET, at(NOW), NOW, None)
    assert used is not None
    for seconds in (-30, 0):
        assert codes.step_of(SECRET, at(NOW + timedelta(seconds=seconds)), NOW, used) is None
    assert codes.step_of(SECRET, at(NOW + timedelta(seconds=30)), NOW, used) == used + 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "²³⁴⁵⁶⁷", "-12345"])
def test_what_is_no_code_is_not_taken(typed: str) -> None:
    assert codes.step_of(SECRET, typed, NOW, None) is None


def test_a_code_may_be_typed_in_two_halves() -> None:
    code = at(NOW)
    assert codes.step_of(SECRET, f" {code[:3]} {code[3:]} ", NOW, None)


def test_the_picture_carries_no_style_and_calls_nobody() -> None:
    drawn = codes.picture(SECRET, "worker@example.org")
    assert drawn.startswith("<svg")
    assert "style" not in drawn
    assert "http" not in drawn
    assert codes.grouped(SECRET) == "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP"


def test_waits_grow_from_the_fifth_wrong_try_to_an_hour() -> None:
    minutes = [wait_after(failures).total_seconds() / 60 for failures in range(1, 13)]
    assert minutes == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert wait_after(10_000) == timedelta(hours=1)


def test_an_auditor_only_reads_and_nobody_may_do_more_than_their_service_knows() -> None:
    assert all(scope.endswith(":read") for scope in scopes_of("auditor") - {ACCOUNT})
    assert not any(scope.startswith("operations:") for role in ROLES["routing"] for scope in scopes_of(role))
    assert not any(scope.startswith("tasks:") for role in ROLES["operations"] for scope in scopes_of(role))
    assert scopes_of("a-role-of-long-ago") == frozenset()
