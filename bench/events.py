"""Events per second: what each service takes from its queue, and what a relay sends, against raw AMQP in the same run.

Nothing is made up for it: referrals are submitted with the rest of the system down, so that their events wait; then one
service after the other is started alone and takes what waits for it. At the end every referral is in the agency's queue.
"""

import time
from collections.abc import Callable
from pathlib import Path

from bench import floors
from bench.client import closed_loop
from bench.report import Figure, Table, ratios
from bench.systems import Scale, Servers
from bench.trivial_service import SERVICE, prepare
from shared.contracts.referrals import ReferralSubmitted
from shared.messaging.broker import EVENTS, Topology, broker_for, queue_of
from shared.messaging.runtime import queue_salt
from shared.resources import Resources

DONE_WITHIN = 240.0
FLOOR = "floor"


def measure(servers: Servers, rounds: int, referrals: int, sampled: Path | None = None) -> list[Table]:
    """Each round on a fresh database and virtual host."""
    names = ("consume", "nothing", "eligibility", "routing", "referrals", "confirm", "relay")
    rates: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name, rate in _round(servers.scale(sampled), referrals).items():
            rates[name].append(rate)
    figure = {name: Figure(TITLES[name], values, "events/s") for name, values in rates.items()}
    consume, confirm = figure["consume"], figure["confirm"]
    handled = [consume]
    for name in ("nothing", "eligibility", "routing", "referrals"):
        handled += [figure[name], ratios("... in parts of the floor's", figure[name], consume)]
    sent = [confirm, figure["relay"], ratios("... in parts of the floor's", figure["relay"], confirm)]
    return [
        Table("Events handled per second, by one process each", HANDLED.format(referrals=referrals), handled),
        Table("Events sent per second by one relay", SENDING.format(window=floors.WINDOW), sent),
    ]


TITLES = {
    "consume": "floor: py-amqp, consume and acknowledge",
    "nothing": "Waypost's inbox, a handler that does nothing",
    "eligibility": "eligibility: rules, receipts, an event out for each in",
    "routing": "routing: two events in for each referral, a task and two events out",
    "referrals": "referrals: receipts, states, timeline",
    "confirm": "floor: py-amqp, publish and await confirms",
    "relay": "Waypost's relay",
}
HANDLED = (
    "The events of {referrals:,} referrals wait in quorum queues; one service at a time takes what is there. Each event is "
    "checked, de-duplicated, and committed to PostgreSQL with its effects and outgoing events before it is acknowledged, and "
    "the service's own relay sends meanwhile. The floor does nothing with a message but count it."
)
SENDING = (
    "`referral.submitted`, persistent and mandatory, to the same exchange and quorum queues, {window} unconfirmed at the most. "
    "The relay reads each event from PostgreSQL and marks it as sent; the floor has one body in memory."
)


def _round(scale: Scale, referrals: int) -> dict[str, float]:
    types = [ReferralSubmitted.type()]
    salt = queue_salt(Resources(scale.settings))
    broker_for(scale.broker_url).declare(Topology({SERVICE: types, FLOOR: types}, {}, salt))
    prepare(scale.settings)
    scale.start("referrals")
    closed_loop(scale.port, scale.referrals(), DONE_WITHIN, referrals)
    until_sent(scale, "referrals", referrals)
    scale.stop()
    rates = {}
    with floors.alone(floors.consume, scale.broker_url, queue_of(FLOOR, salt), referrals) as pipe:
        rates["consume"] = pipe.recv()
    scale.start_module("trivial", "bench.trivial_service")
    rates["nothing"] = _handled(scale, SERVICE, referrals)
    for service, events, sent in (("eligibility", 1, 1), ("routing", 2, 2), ("referrals", 2, 1)):
        scale.start(service)
        scale.sample()
        rates[service] = _handled(scale, service, events * referrals)
        until_sent(scale, service, sent * referrals)
        scale.stop()
    waiting = broker_for(scale.broker_url).depth(scale.agency_queue).waiting
    assert waiting == referrals, f"{waiting} of {referrals} referrals are in the agency's queue"
    return rates | _sending(scale, referrals)


def _sending(scale: Scale, referrals: int) -> dict[str, float]:
    """The same events once more, to a broker of their own: nobody takes them there."""
    (body,) = scale.ask("UPDATE referrals.outbox SET sent_at = NULL, position = NULL RETURNING body")
    elsewhere = scale.elsewhere()
    elsewhere.start("referrals")
    until_sent(scale, "referrals", referrals)
    elsewhere.stop()
    rates = {"relay": pace(scale, "referrals.outbox", "sent_at")}
    arguments = (elsewhere.broker_url, EVENTS, ReferralSubmitted.type(), bytes(body), referrals)
    with floors.alone(floors.confirm, *arguments) as pipe:
        rates["confirm"] = pipe.recv()
    return rates


def _handled(scale: Scale, service: str, events: int) -> float:
    until(lambda: scale.ask(f"SELECT count(*) FROM {service}.inbox")[0] == events)
    if service == SERVICE:
        scale.stop()
    return pace(scale, f"{service}.inbox", "taken_at")


def until_sent(scale: Scale, service: str, events: int) -> None:
    """Returns once the service's relay has sent so many."""
    asked = f"SELECT count(*) FROM {service}.outbox WHERE sent_at IS NOT NULL"
    until(lambda: scale.ask(asked)[0] == events)


def pace(scale: Scale, table: str, moment: str) -> float:
    """Rows per second from the first batch to the last, by the moments that the batches wrote."""
    count, seconds = scale.ask(
        f"SELECT count(*) FILTER (WHERE {moment} < (SELECT max({moment}) FROM {table})), "
        f"extract(epoch FROM max({moment}) - min({moment})) FROM {table}"
    )
    return float(count) / float(seconds)


def until(reached: Callable[[], bool], seconds: float = DONE_WITHIN) -> None:
    """Returns once it is so; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, f"not done within {seconds:.0f} s"
        time.sleep(0.1)
