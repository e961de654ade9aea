"""What Prometheus is told of a backlog: counts and ages, looked up seldom; and when the database or the broker is away."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from shared.contracts.envelope import Event
from shared.contracts.referrals import ReferralWithdrawn
from shared.messaging.gauges import SAME_SECONDS, Looked, MessagingGauges, gauge
from shared.messaging.inbox import Inbox
from shared.messaging.runtime import Runtime
from shared.messaging.transaction import Transaction
from tests.support.pairs import Pair
from tests.support.parts import TOPOLOGY, SteppedClock, runtime_for, tell, teller_metadata


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def runtime(pair: Pair, tmp_path: Path, clock: SteppedClock) -> Iterator[Runtime]:
    runtime = runtime_for(pair, tmp_path, "routing", teller_metadata(), clock)
    runtime.metadata.create_all(runtime.store.database.engine)
    runtime.declare(TOPOLOGY.services, {})
    yield runtime
    runtime.store.database.close()


def told(look: MessagingGauges) -> dict[str, float]:
    """Each number by its name and the value of its label."""
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for metric in look.look()
        for sample in metric.samples
    }


def test_unsent_events_and_their_age_are_told(runtime: Runtime, clock: SteppedClock) -> None:
    look = MessagingGauges(runtime)
    tell(runtime)
    clock.forward(seconds=90)
    tell(runtime)
    seen = told(look)
    assert seen["waypost_messages unsent"] == 2
    assert seen["waypost_oldest_message_age_seconds unsent"] == 90
    assert seen["waypost_messages waiting"] == seen["waypost_oldest_message_age_seconds waiting"] == 0
    assert seen["waypost_consumers"] == 0
    assert seen["waypost_database_up"] == seen["waypost_broker_up"] == 1
    assert seen["waypost_database_connections_limit"] >= seen["waypost_database_connections idle"] >= 1


def test_a_database_that_refuses_is_told_and_the_rest_as_well(pair: Pair, tmp_path: Path) -> None:
    runtime = runtime_for(pair, tmp_path, "routing", teller_metadata())  # Without tables nothing can be asked.
    seen = told(MessagingGauges(runtime))
    runtime.store.database.close()
    assert seen["waypost_database_up"] == 0
    assert "waypost_messages unsent" not in seen
    assert "waypost_database_connections idle" in seen


def test_messages_that_stand_grow_old_and_those_that_move_are_as_old_as_the_last(runtime: Runtime) -> None:
    moment = 1000.0
    look, metrics = MessagingGauges(runtime, lambda: moment), runtime.metrics

    metrics.in_flight = 3
    assert told(look)["waypost_oldest_message_age_seconds waiting"] == 0
    moment += 40
    assert told(look)["waypost_oldest_message_age_seconds waiting"] == 40
    moment += 10
    metrics.took(300.0)
    assert told(look)["waypost_oldest_message_age_seconds waiting"] == 300
    metrics.in_flight = 0
    assert told(look)["waypost_oldest_message_age_seconds waiting"] == 0
    metrics.in_flight = 1  # Something new; how late the last one was says nothing about it.
    assert told(look)["waypost_oldest_message_age_seconds waiting"] == 0


def test_nothing_is_looked_up_twice_within_seconds_or_at_start() -> None:
    numbers = count(1)
    moment = 1000.0
    looked = Looked(lambda: iter([gauge("things", "Things.", next(numbers))]), "things", lambda: moment)
    assert looked.describe() == []
    assert looked.collect()[0].samples[0].value == 1
    moment += SAME_SECONDS - 0.1
    assert looked.collect()[0].samples[0].value == 1
    moment += 0.2
    assert looked.collect()[0].samples[0].value == 2


def test_handlers_are_timed_by_the_type_of_their_events(runtime: Runtime) -> None:
    def handler(transaction: Transaction, event: Event) -> None:
        pass

    tell(runtime)
    with runtime.store.reading() as connection:
        bodies = [row.body for row in connection.execute(runtime.metadata.tables["outbox"].select())]
    Inbox(runtime.store, {ReferralWithdrawn: handler}, runtime.metrics).take(bodies)
    of = runtime.metrics.registry.get_sample_value
    kind = {"type": ReferralWithdrawn.type()}
    assert of("waypost_event_handler_duration_seconds_count", kind) == 1
    assert of("waypost_events_handled_total", {**kind, "outcome": "done"}) == 1
    assert of("waypost_event_lag_seconds_count") == 1
