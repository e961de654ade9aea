"""Two replicas of routing hear of one referral at the same moment: one waits for the other, and nobody is asked twice."""

from pathlib import Path

import eventlet
import pytest

from services.eligibility.handlers import HANDLERS as ELIGIBILITY_HANDLERS
from services.eligibility.service import EligibilityService
from services.routing.handlers import HANDLERS, facts_came
from services.routing.service import RoutingService
from shared.contracts.envelope import read
from tests.support.deciding import KINGSTON, READABLE, Family, Part
from tests.support.pairs import scale_pair
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ


@pytest.mark.parametrize("heard_of_before", [False, True])
def test_the_second_waits_for_the_first_and_knows_what_it_learned(
    postgres: Postgres, rabbitmq: RabbitMQ, tmp_path: Path, heard_of_before: bool
) -> None:
    pair = scale_pair(postgres, rabbitmq)
    one, two = (Part(pair, tmp_path, RoutingService, HANDLERS) for _ in range(2))
    eligibility = Part(pair, tmp_path, EligibilityService, ELIGIBILITY_HANDLERS)
    family = Family()
    submitted, later = family.submitted(home=KINGSTON), family.consent_given("families-apart")
    eligibility.take(submitted)
    if heard_of_before:
        one.take(later)

    with one.runtime.store.writing() as transaction:
        facts_came(transaction, read(submitted, READABLE))
        other = eventlet.spawn(two.take, *eligibility.bodies(family.id))
        while not waiting_for_a_lock(postgres):
            eventlet.sleep(0.01)
    other.wait()

    assert [task["agency"] for task in one.rows("tasks", referral_id=family.id)] == ["families-apart"]
    assert len(one.told(family.id)) == 1
    assert two.failures == []
    for part in (one, two, eligibility):
        part.close()


def waiting_for_a_lock(postgres: Postgres) -> bool:
    return bool(postgres.psql("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
