"""What waits in an agency's channel that operations have paused: counted for them, by channel."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select

from services.routing.tables import metadata
from services.routing.webhooks.tables import deliveries, webhooks
from shared.messaging.pauses import FEED, QUEUE, WEBHOOK, Waiting

_OUTBOX = metadata.tables["outbox"]


def in_outbox(connection: Connection, agency: str, since: datetime) -> int:
    """What the relay holds back: it enters neither the agency's queue nor its feed, so its webhooks wait too."""
    query = select(func.count()).where(_OUTBOX.c.audience == agency, _OUTBOX.c.sent_at.is_(None))
    return connection.execute(query).scalar_one()


def in_feed(connection: Connection, agency: str, since: datetime) -> int:
    """What came into the feed since: nobody but the agency knows how far it has read."""
    came = (_OUTBOX.c.audience == agency) & (_OUTBOX.c.sent_at >= since)
    return connection.execute(select(func.count()).where(came)).scalar_one()


def for_webhooks(connection: Connection, agency: str, since: datetime) -> int:
    """What each of its webhooks has not read or not delivered, taken together."""
    unread = (
        select(func.count())
        .select_from(webhooks.join(_OUTBOX, _OUTBOX.c.audience == webhooks.c.agency))
        .where(webhooks.c.agency == agency, _OUTBOX.c.position > webhooks.c.after)
    )
    noted = (
        select(func.count())
        .select_from(deliveries.join(webhooks, webhooks.c.id == deliveries.c.webhook_id))
        .where(webhooks.c.agency == agency, deliveries.c.given_up_at.is_(None))
    )
    return connection.execute(unread).scalar_one() + connection.execute(noted).scalar_one()


CHANNELS: Mapping[str, Waiting] = {QUEUE: in_outbox, FEED: in_feed, WEBHOOK: for_webhooks}
