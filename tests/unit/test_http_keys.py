"""A key opens what its scopes name, until it is revoked; every other key gets one and the same answer."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.http.keys import CACHE_SECONDS, Authenticator, KeyRow, new_key
from shared.http.problems import Problem

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Keys:
    """Stored keys, counting how often they are asked for."""

    def __init__(self, *rows: KeyRow) -> None:
        self.rows = {row.id: row for row in rows}
        self.asked = 0

    def find(self, key_id: str) -> KeyRow | None:
        self.asked += 1
        return self.rows.get(key_id)


def refused(authenticator: Authenticator, header: str | None) -> Problem:
    with pytest.raises(Problem) as raised:
        authenticator.authenticate(header)
    assert raised.value.status == 401
    return raised.value


def test_a_key_is_known_by_its_text() -> None:
    text, row = new_key("school-1", ["referrals:write"], "office", NOW)
    key = Authenticator(Keys(row).find).authenticate(f"Bearer {text}")
    assert (key.id, key.owner, key.scopes) == (row.id, "school-1", frozenset({"referrals:write"}))


def test_the_secret_is_not_stored() -> None:
    text, row = new_key("school-1", [], "office", NOW)
    assert text.startswith(f"wp_{row.id}_")
    assert text.removeprefix(f"wp_{row.id}_") not in repr(row)
    assert len(text.removeprefix(f"wp_{row.id}_")) == 43


def test_missing_malformed_unknown_wrong_and_revoked_keys_get_the_same_answer() -> None:
    text, row = new_key("school-1", [], "office", NOW)
    unknown, _ = new_key("school-2", [], "office", NOW)
    gone_text, gone = new_key("school-3", [], "office", NOW)
    authenticator = Authenticator(Keys(row, replace(gone, revoked_at=NOW)).find)
    headers = [
        None,
        "",
        "Bearer",
        "Basic dXNlcjpwYXNz",
        f"Token {text}",
        f"Bearer wp_{row.id}_",
        f"Bearer {text}x",
        f"Bearer {text[:-1]}",
        f"Bearer {unknown}",
        f"Bearer {gone_text}",
        "Bearer wp_é_é",
    ]
    answers = {str(refused(authenticator, header).body()) for header in headers}
    assert len(answers) == 1


def test_the_database_is_asked_once_in_five_seconds_and_a_revoked_key_stops_then() -> None:
    text, row = new_key("school-1", [], "office", NOW)
    keys, time = Keys(row), Time()
    authenticator = Authenticator(keys.find, time)
    for _ in range(3):
        authenticator.authenticate(f"Bearer {text}")
    assert keys.asked == 1
    keys.rows[row.id] = replace(row, revoked_at=NOW)
    time.now = CACHE_SECONDS
    refused(authenticator, f"Bearer {text}")


def test_a_known_id_with_a_wrong_secret_is_refused_from_the_cache_too() -> None:
    text, row = new_key("school-1", [], "office", NOW)
    authenticator = Authenticator(Keys(row).find)
    authenticator.authenticate(f"Bearer {text}")
    refused(authenticator, f"Bearer {text[:-3]}abc")


def test_a_key_without_the_scope_is_told_which_one_it_lacks() -> None:
    text, row = new_key("school-1", ["referrals:read"], "office", NOW)
    key = Authenticator(Keys(row).find).authenticate(f"Bearer {text}")
    key.require("referrals:read")
    with pytest.raises(Problem) as raised:
        key.require("referrals:write")
    assert (raised.value.status, raised.value.code) == (403, "missing-scope")
    assert "referrals:write" in str(raised.value.detail)
