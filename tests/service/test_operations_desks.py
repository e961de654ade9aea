"""Why a service cannot say where its messages are: it does not answer, or it does, and its database does not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from nameko.containers import ServiceContainer
from sqlalchemy.engine import make_url

from services.operations.desks import Desks
from services.operations.domain import concerns
from shared.http.management import Management
from shared.messaging.desk import Desk
from tests.support.pairs import scale_pair
from tests.support.parts import hearer_metadata, runtime_for
from tests.support.postgres import Postgres
from tests.support.process import free_port
from tests.support.rabbitmq import RabbitMQ

KEY = "internal-key-of-a-test"
ENDED = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"


class Eligibility:
    """As much of a service as operations speak to."""

    name = "eligibility"
    management = Management()
    desk = Desk()


def test_a_database_that_is_away_is_told_apart_from_a_service_that_is(
    postgres: Postgres, rabbitmq: RabbitMQ, tmp_path: Path
) -> None:
    pair, port = scale_pair(postgres, rabbitmq), free_port()
    runtime = runtime_for(pair, tmp_path, "eligibility", hearer_metadata())
    with runtime.store.database.writing() as connection:
        runtime.metadata.create_all(connection)
    runtime.declare({"eligibility": []}, {})
    settings = runtime.resources.settings
    desks = Desks(replace(settings, management_ports={**settings.management_ports, "eligibility": port}), KEY)

    def seen() -> dict[str, Any]:
        return next(row for row in desks.backlogs() if row["service"] == "eligibility")

    assert concerns(seen()) == ["unreachable"]
    config = {"runtime": runtime, "MANAGEMENT_ADDRESS": f"127.0.0.1:{port}", "INTERNAL_KEY": KEY, "max_workers": 1}
    container = ServiceContainer(Eligibility, config)
    container.start()
    assert seen()["database"] == "ok"

    name = make_url(pair.database_url("eligibility")).database
    postgres.psql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    postgres.psql(ENDED, [name])
    away = concerns(seen())
    postgres.psql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    assert away == ["database-away"]
    assert seen()["database"] == "ok"
    container.stop()
    runtime.store.database.close()
