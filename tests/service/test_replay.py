"""After a restore what was sent of late is sent again as it was, cursors stay behind it, and nothing erased returns."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from services.routing.handlers import HANDLERS
from services.routing.service import RoutingService
from shared.messaging.replay import BEYOND, send_again, tell_agencies_again
from shared.privacy.erased import erased
from tests.support.deciding import Part
from tests.support.pairs import Pair
from tests.support.parts import tell


def outbox(part: Part) -> dict[str, dict[str, Any]]:
    return {row["event_id"]: row for row in part.rows("outbox")}


def test_what_is_sent_again_and_what_is_not(stores: Pair, tmp_path: Path) -> None:
    part = Part(stores, tmp_path, RoutingService, HANDLERS)
    table = part.runtime.metadata.tables["outbox"]
    old = tell(part.runtime)
    part.clock.forward(days=2)
    late, gone = tell(part.runtime), tell(part.runtime, "an-erased-referral")
    told_old, told_late = tell(part.runtime, audience="families-apart"), tell(part.runtime, audience="time-matters")
    with part.runtime.store.writing() as transaction:
        transaction.execute(table.update().values(sent_at=transaction.now))
        for position, event_id in enumerate((told_old, told_late), start=1):
            transaction.execute(table.update().where(table.c.event_id == event_id).values(position=position))
        long_ago = transaction.now - timedelta(days=2)
        transaction.execute(table.update().where(table.c.event_id == told_old).values(written_at=long_ago))
        values = {"referral_id": "an-erased-referral", "at": transaction.now, "reason": "other"}
        transaction.execute(insert(erased).values(**values))
    since = part.clock.now() - timedelta(days=1)

    assert send_again(part.runtime.store, since) == 1
    assert tell_agencies_again(part.runtime.store, since) == 1

    rows = outbox(part)
    assert {event_id for event_id, row in rows.items() if row["sent_at"] is None} == {late, told_late}
    assert {old, gone, told_old} <= set(rows)
    (marker,) = (row for row in rows.values() if row["subject"] == "restored")
    assert (marker["position"], marker["audience"]) == (2 + BEYOND, None)
    part.close()
