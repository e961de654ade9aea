"""The search of all logs finds every personal value that tests make up: what it cannot see would be proven of nothing."""

import io
import sys
from pathlib import Path

import pytest

from tests.support import families, logbook
from tests.support.personal import found_in, personal_values

REFERRALS = [
    families.family(),
    families.family(home=families.LIVERPOOL, children=[families.child(17), families.child(4)]),
    families.consultation(),
]
VALUES = sorted({value for referral in REFERRALS for value in personal_values(referral)})


@pytest.mark.parametrize("value", VALUES)
def test_every_personal_value_of_a_referral_is_found_in_the_middle_of_a_line(value: str) -> None:
    assert found_in(f'{{"event": "http.failed", "detail": "(\'{value}\',)", "time": "2026-11-22T03:01:02Z"}}')


@pytest.mark.parametrize("word", families.PERSONAL[:-2])
def test_what_must_leave_no_service_is_found(word: str) -> None:
    assert found_in(f"x {word}{'977' if word.endswith('960') else ''} y")


def test_an_ordinary_line_names_nobody() -> None:
    assert not found_in(
        '{"event": "http.request", "route": "/v1/referrals/<referral_id>", "status": 201, "ms": 12.5, "key": "a1B2c3D4",'
        ' "correlation_id": "01a20085-ad82-775e-81fd-b33d8e223367", "time": "2026-11-22T03:01:02.123456Z"}'
    )
    assert not found_in("2026-11-22 03:01:02.123 UTC [7] LOG:  checkpoint complete: lsn=0/C5F2AB, redo lsn=0/1A4 2BC")


def test_a_log_that_names_somebody_or_is_gone_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "service.log"
    monkeypatch.setattr(logbook, "LOGS", [log])
    with pytest.raises(AssertionError, match="nobody has read"):
        logbook.check()
    log.write_text('{"event": "started"}\n')
    logbook.check()
    log.write_text('{"event": "started"}\n{"event": "failed", "detail": "Test Child 7"}\n')
    with pytest.raises(AssertionError, match=r"service\.log:2: \['Test Child'\]"):
        logbook.check()


@pytest.mark.parametrize(
    ("between_tests", "on_screen", "shown"), [(False, False, "line"), (True, False, ""), (True, True, "line")]
)
def test_a_line_is_kept_always_and_shown_with_its_test(
    monkeypatch: pytest.MonkeyPatch, between_tests: bool, on_screen: bool, shown: str
) -> None:
    file, screen = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    if between_tests:
        monkeypatch.setattr(sys, "__stderr__", screen)
    logbook.Kept(file, on_screen).write("line")
    assert (file.getvalue(), screen.getvalue()) == ("line", shown)
