"""The audit's chain: whatever is done to it without the key is found, and said in plain words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.audit.chain import START, Entry, Head, mac_of, seal_of, verify

KEY = b"k" * 32
AT = datetime(2026, 11, 20, 10, tzinfo=UTC)


def a_chain(length: int, key: bytes = KEY) -> tuple[list[Entry], Head]:
    entries, mac = [], START
    for number in range(1, length + 1):
        said = (AT + timedelta(minutes=number), "p:test", "parked.retry", f"subject {number}", "")
        mac = mac_of(key, mac, number, *said)
        entries.append(Entry(number, *said, mac))
    return entries, Head(length, mac, seal_of(key, length, mac))


def test_a_chain_that_nobody_touched_holds() -> None:
    entries, head = a_chain(5)
    before = replace(entries[0], number=None, mac=None)

    verdict = verify(KEY, [before, *entries], head, passes=(3, entries[2].mac or ""))

    assert (verdict.faults, verdict.entries, verdict.unchained, verdict.number) == ((), 5, 1, 5)
    assert verify(KEY, [], None).faults == ()


@pytest.mark.parametrize(
    "about",
    [
        {"actor": "p:other"},
        {"action": "parked.discard"},
        {"subject": "another"},
        {"detail": "more"},
        {"at": AT},
    ],
)
def test_a_changed_entry_is_found(about: dict[str, object]) -> None:
    entries, head = a_chain(5)
    entries[2] = replace(entries[2], **about)  # type: ignore[arg-type]

    assert verify(KEY, entries, head).faults == ("entry 3 was changed, put in or moved",)


def test_a_gap_is_found() -> None:
    entries, head = a_chain(6)

    assert verify(KEY, [*entries[:1], *entries[2:]], head).faults == ("entry 2 was taken out",)
    assert verify(KEY, [*entries[:1], *entries[4:]], head).faults == ("entries 2 to 4 were taken out",)


def test_entries_that_changed_places_are_found() -> None:
    entries, head = a_chain(4)
    entries[1], entries[2] = replace(entries[2], number=2), replace(entries[1], number=3)

    assert "entry 2 was changed, put in or moved" in verify(KEY, entries, head).faults


def test_an_end_that_was_cut_off_is_found_even_when_the_head_is_moved_back() -> None:
    entries, head = a_chain(5)
    moved_back = Head(3, entries[2].mac or "", head.seal)

    assert verify(KEY, entries[:3], head).faults == ("entries 4 to 5 were cut off at the end",)
    assert verify(KEY, entries[:3], moved_back).faults == ("what says how far the chain goes was changed",)
    assert verify(KEY, entries[:3], None).faults == ("what says how far the chain goes is missing",)


def test_a_chain_made_anew_without_the_key_is_found() -> None:
    entries, head = a_chain(3, key=b"x" * 32)

    faults = verify(KEY, entries, head).faults

    assert "entry 1 was changed, put in or moved" in faults
    assert "what says how far the chain goes was changed" in faults


def test_a_whole_database_from_yesterday_is_found_by_what_was_noted_elsewhere() -> None:
    entries, _ = a_chain(5)
    older = Head(3, entries[2].mac or "", seal_of(KEY, 3, entries[2].mac or ""))

    assert verify(KEY, entries[:3], older).faults == ()
    noted = (5, entries[4].mac or "")
    assert verify(KEY, entries[:3], older, noted).faults == ("the chain does not pass through entry 5 as it was noted",)
