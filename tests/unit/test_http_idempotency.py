"""The same key and body get the first answer; another body, or one still running, is told so."""

from datetime import UTC, datetime

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from shared.http.idempotency import Record, Running, fingerprint, key_of, replay
from shared.http.problems import Problem

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


def a_request(key: str | None) -> Request:
    environ = EnvironBuilder().get_environ()
    return Request(environ if key is None else environ | {"HTTP_IDEMPOTENCY_KEY": key})


def code_of(raised: pytest.ExceptionInfo[Problem]) -> tuple[int, str]:
    return raised.value.status, raised.value.code


@pytest.mark.parametrize("key", ["a", "x" * 255, "8e03978e-40d5-43dd-bc93-6894a57f9324", '"quoted"'])
def test_a_visible_key_is_taken_as_it_is(key: str) -> None:
    assert key_of(a_request(key)) == key


def test_a_request_may_come_without_a_key() -> None:
    assert key_of(a_request(None)) is None


@pytest.mark.parametrize("key", ["", "x" * 256, "with space", "é"])
def test_another_key_is_refused(key: str) -> None:
    with pytest.raises(Problem) as raised:
        key_of(a_request(key))
    assert code_of(raised) == (400, "bad-idempotency-key")


def test_method_path_and_body_each_count() -> None:
    asked = [("POST", "/a", b"x"), ("PUT", "/a", b"x"), ("POST", "/b", b"x"), ("POST", "/a", b"y")]
    assert len({fingerprint(*each) for each in asked}) == len(asked)
    assert fingerprint("POST", "/a", b"x") == fingerprint("POST", "/a", b"x")


def test_the_first_answer_comes_again() -> None:
    asked = fingerprint("POST", "/v1/referrals", b"{}")
    response = replay(Record("school-1", "k", asked, 201, b'{"id":"1"}', NOW), asked)
    assert (response.status_code, response.get_data()) == (201, b'{"id":"1"}')
    assert response.headers["Idempotent-Replayed"] == "true"


def test_a_key_with_another_body_is_refused() -> None:
    record = Record("school-1", "k", fingerprint("POST", "/v1/referrals", b"{}"), 201, b"{}", NOW)
    with pytest.raises(Problem) as raised:
        replay(record, fingerprint("POST", "/v1/referrals", b"[]"))
    assert code_of(raised) == (422, "idempotency-key-reused")


def test_a_key_still_running_is_refused_to_its_owner_alone_and_freed_afterwards() -> None:
    running = Running()
    with running.hold("school-1", "k"), running.hold("school-2", "k"):
        with pytest.raises(Problem) as raised, running.hold("school-1", "k"):
            pytest.fail("held twice")
        assert code_of(raised) == (409, "idempotency-key-running")
    with pytest.raises(ValueError, match="x"), running.hold("school-1", "k"):
        raise ValueError("x")
    with running.hold("school-1", "k"):
        pass
