"""The order in which an endpoint hears, and what a new start would know, whatever happens in between."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.routing.webhooks.lanes import Lanes, Parcel

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def parcel(position: int, subject: str = "r1", **about: object) -> Parcel:
    return Parcel(position, f"e{position}", subject, b"{}", **about)  # type: ignore[arg-type]


def lanes_with(*parcels: Parcel, after: int = 0) -> Lanes:
    lanes = Lanes(after)
    for each in parcels:
        lanes.add(each)
    return lanes


def taken(lanes: Lanes, now: datetime = NOW) -> list[int]:
    """The positions of all that may be sent now."""
    found = []
    while each := lanes.next(now):
        found.append(each.position)
    return found


def fail(lanes: Lanes, each: Parcel, due: datetime = LATER) -> None:
    each.attempts += 1
    lanes.failed(each, due)


def test_one_of_each_referral_is_on_its_way_at_a_time() -> None:
    first, second, other = parcel(1), parcel(2), parcel(3, "r2")
    lanes = lanes_with(first, second, other)
    assert taken(lanes) == [1, 3]
    lanes.delivered(first)
    assert taken(lanes) == [2]


def test_what_fails_holds_back_its_own_referral_alone() -> None:
    first, second, other, another = parcel(1), parcel(2), parcel(3, "r2"), parcel(4, "r2")
    lanes = lanes_with(first, second, other, another)
    taken(lanes)
    fail(lanes, first)
    lanes.delivered(other)
    assert taken(lanes) == [4]
    assert lanes.next_due() == LATER
    assert taken(lanes, LATER) == [1]
    lanes.delivered(first)
    assert taken(lanes, LATER) == [2]


def test_what_is_given_up_lets_the_next_one_go() -> None:
    first, second = parcel(1), parcel(2)
    lanes = lanes_with(first, second)
    taken(lanes)
    lanes.give_up(first)
    assert taken(lanes) == [2]
    assert [each.position for each in lanes.take_changes().given_up] == [1]


def test_a_delivery_that_succeeds_leaves_nothing_but_the_cursor() -> None:
    first, second = parcel(5), parcel(9, "r2")
    lanes = lanes_with(first, second)
    taken(lanes)
    lanes.delivered(first)
    changes = lanes.take_changes()
    assert (changes.after, changes.waiting, changes.given_up, changes.ended) == (8, [], [], [])
    lanes.delivered(second)
    assert lanes.take_changes().after == 9
    assert not lanes.changed


def test_the_cursor_passes_what_fails_once_that_is_noted_with_all_that_it_holds_back() -> None:
    first, second, other = parcel(1), parcel(2), parcel(3, "r2")
    lanes = lanes_with(first, second, other)
    taken(lanes)
    fail(lanes, first)
    lanes.add(parcel(4))
    lanes.delivered(other)
    changes = lanes.take_changes()
    assert (changes.after, [each.position for each in changes.waiting]) == (4, [1, 2, 4])
    assert first.body is None


def test_a_row_ends_when_its_parcel_is_delivered() -> None:
    noted = parcel(1, noted=True, attempts=3, due_at=NOW)
    lanes = lanes_with(noted, after=7)
    assert taken(lanes) == [1]
    lanes.delivered(noted)
    changes = lanes.take_changes()
    assert (changes.after, changes.ended) == (7, [1])


@given(st.data())
def test_whatever_happens_nothing_is_lost_and_each_referral_keeps_its_order(data: st.DataObject) -> None:
    """Random reading, sending, failing and restarting from what was written down, until all is delivered."""
    subjects = data.draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=12))
    feed = dict(enumerate(subjects, start=1))
    rows: dict[int, int] = {}
    written, delivered, flying, now = 0, [], [], NOW
    lanes = Lanes(0)

    def write_down() -> None:
        nonlocal written
        changes = lanes.take_changes()
        written = changes.after
        rows.update({each.position: each.attempts for each in changes.waiting})
        for position in changes.ended:
            rows.pop(position, None)

    for step in range(200):
        quiet = step >= 60
        choice = "send" if quiet else data.draw(st.sampled_from(["read", "send", "fail", "write", "kill"]))
        if quiet or choice == "read":
            for position in [p for p in feed if p > lanes.read_to][: None if quiet else 2]:
                lanes.add(parcel(position, feed[position]))
        while each := lanes.next(now):
            flying.append(each)
        if choice == "write":
            write_down()
        elif choice == "kill":
            lanes, flying = Lanes(written), []
            for position in sorted(rows):
                lanes.add(parcel(position, feed[position], noted=True, attempts=rows[position], due_at=now))
        elif flying:
            sent = flying.pop(0)
            if choice == "fail":
                fail(lanes, sent, now + timedelta(seconds=1))
            else:
                delivered.append(sent.position)
                lanes.delivered(sent)
        now += timedelta(seconds=1)

    assert set(delivered) == set(feed)
    first_times = list(dict.fromkeys(delivered))
    for subject in set(subjects):
        own = [position for position in first_times if feed[position] == subject]
        assert own == sorted(own)
    write_down()
    assert (rows, written) == ({}, len(feed))
