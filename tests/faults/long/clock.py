"""The clock: set forward and back while referrals arrive; and the days on which time itself is odd, lived through.

On those days the whole system starts shortly before the moment, and referrals arrive before, at and after it.
"""

import time
from datetime import UTC, datetime

import eventlet

from shared.clock import LONDON
from tests.faults.long import broker
from tests.faults.long.scenario import Ground, Scenario
from tests.support.families import LIVERPOOL, child, family
from tests.support.system import wait_until

BEFORE = 90.0
"""So many seconds before the moment the processes start; when referrals arrive, the clock is set to shortly before it."""
SHORTLY = 4.0
HOUR = 3600.0


def set_ahead(ground: Ground, seconds: float) -> None:
    path = ground.system.data.parent / "clock"
    half = path.with_suffix(".new")
    half.write_text(f"{seconds}")
    half.replace(path)


def jump(seconds: float) -> Scenario:
    hours = f"{abs(seconds) / HOUR:.0f} h"

    def breaks(ground: Ground) -> str:
        set_ahead(ground, seconds)
        eventlet.sleep(3)
        return f"from one moment to the next {hours} {'ahead' if seconds > 0 else 'behind'}"

    return Scenario(
        f"the clock set {'forward' if seconds > 0 else 'back'} by {hours}", breaks, starts_ahead=lambda: 0.0
    )


def there_and_back(ground: Ground) -> str:
    for seconds in (2 * HOUR, 0, -2 * HOUR, HOUR, 0):
        set_ahead(ground, seconds)
        eventlet.sleep(ground.chance.uniform(0.3, 1.5))
    return "2 h forward, back, 2 h behind, 1 h ahead, right again"


def _put_right_while_the_broker_is_away(ground: Ground) -> str:
    """What was written by a clock that was ahead is not to wait until the right one has come so far."""
    ground.rabbitmq.kill()
    before = ground.ledger.acknowledged
    wait_until(lambda: ground.ledger.acknowledged > before + 10, "referrals that are taken while the broker is away")
    set_ahead(ground, 0)
    unsent = ground.count("referrals", "SELECT count(*) FROM outbox WHERE sent_at IS NULL")
    assert unsent, "nothing waited to be sent"
    return f"{unsent} events unsent, written by a clock that was 2 h ahead"


def lived_through(name: str, moment: datetime) -> Scenario:
    def breaks(ground: Ground) -> str:
        _shortly_before(ground, moment, SHORTLY)
        before = ground.ledger.acknowledged
        eventlet.sleep(SHORTLY + 2)
        taken = ground.ledger.acknowledged - before
        return f"{taken} taken from {SHORTLY:.0f} s before to 2 s after {moment:%Y-%m-%d %H:%M %Z}"

    return Scenario(name, breaks, starts_ahead=lambda: moment.timestamp() - BEFORE - time.time())


def _shortly_before(ground: Ground, moment: datetime, seconds: float) -> None:
    set_ahead(ground, moment.timestamp() - seconds - time.time())


FIFTH_BIRTHDAY = datetime(2029, 3, 1, tzinfo=LONDON)
"""Of who was born on 29 February 2024: in a common year an age is reached on 1 March."""


def _leap_day_birth(ground: Ground) -> str:
    """Time Matters takes children from five on: the same child is refused before midnight, and routed after it."""

    def refer(goes_to: str) -> None:
        liverpool = {"postcode": LIVERPOOL}
        born = child(school=liverpool, gp=liverpool) | {"date_of_birth": "2024-02-29"}
        ground.ledger.refer(goes_to, family(home=LIVERPOOL, children=[born]))
        last = ground.ledger.entries[-1]
        wait_until(lambda: last.outcome == "acknowledged", "the child to be referred")
        taken = f"SELECT status FROM referrals WHERE id = '{next(iter(last.ids))}' AND status <> 'screening'"
        wait_until(lambda: ground.system.rows("referrals", taken), "the child to be assessed")

    _shortly_before(ground, FIFTH_BIRTHDAY, 45)
    until = time.monotonic() + 45
    refer("nobody")
    left = until - time.monotonic()
    assert left > 0, "it was midnight before the child was assessed"
    _shortly_before(ground, FIFTH_BIRTHDAY, SHORTLY)
    eventlet.sleep(SHORTLY + 1)
    refer("time-matters")
    return "born 2024-02-29: not eligible at 23:59 on 28 February 2029, routed at 00:00 on 1 March"


SCENARIOS = [
    jump(2 * HOUR),
    jump(-2 * HOUR),
    jump(26 * HOUR),
    Scenario("the clock set forward and back, again and again", there_and_back, starts_ahead=lambda: 0.0),
    Scenario(
        "the clock put right while the broker is away",
        _put_right_while_the_broker_is_away,
        broker.start,
        starts_ahead=lambda: 2 * HOUR,
    ),
    lived_through("the day on which London's clocks go forward", datetime(2027, 3, 28, 1, tzinfo=UTC)),
    lived_through("the day on which London's clocks go back", datetime(2027, 10, 31, 1, tzinfo=UTC)),
    lived_through("midnight, and a new year", datetime(2027, 1, 1, tzinfo=LONDON)),
    Scenario(
        "a birthday of who was born on 29 February",
        _leap_day_birth,
        starts_ahead=lambda: FIFTH_BIRTHDAY.timestamp() - 3 * BEFORE - time.time(),
    ),
]
