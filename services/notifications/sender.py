"""The sender: takes what is due, sends it outside of any transaction, and writes down what became of it.

Each outcome is written as soon as it is known, so that a kill repeats one message at the most; the repeat has the
same id. A failure that may pass is tried again for about a day; then, or at once when trying cannot help, the message
has failed and everybody who should know can see it. When the carrier is away the messages wait, and one that breaks
the line holds up no other.
"""

import time
from collections.abc import Callable
from datetime import datetime

import eventlet
import structlog
from eventlet.event import Event as Signal

from services.notifications import deliveries
from services.notifications.carriers.carrier import Carrier, CarrierAway, Line, Message, NotTaken
from services.notifications.deliveries import Delivery
from services.notifications.domain import FAILED, SENT, SUPPRESSED
from services.notifications.recipients import Nowhere, Recipients
from services.notifications.templates import Template
from shared.logs import place_of
from shared.messaging.inbox import RetryPolicy
from shared.messaging.store import Store

log = structlog.get_logger(__name__)

POLICY = RetryPolicy(attempts=30, first=30.0, longest=3600.0)
BATCH_SECONDS = 200.0
"""No message of a batch is begun later, so that the batch ends well within its lease."""
STOP_WITHIN = 15
LONGEST_PAUSE = 30.0


class Sender:
    """One service's sender. `run` never returns until `stop`; `send_due` is one round of it."""

    def __init__(
        self,
        store: Store,
        carrier: Carrier,
        recipients: Recipients,
        templates: dict[str, Template],
        policy: RetryPolicy = POLICY,
        count: Callable[[str], None] = lambda status: None,
    ) -> None:
        self.store = store
        self._carrier = carrier
        self._recipients = recipients
        self._templates = templates
        self._policy = policy
        self._count = count
        self._bell = Signal()
        self._ended: Signal | None = None
        self._stopping = False

    def wake(self) -> None:
        """There may be something to send."""
        if not self._bell.ready():
            self._bell.send()

    def stop(self) -> None:
        """Returns when the message in hand is done."""
        self._stopping = True
        self.wake()
        if self._ended is not None:
            with eventlet.Timeout(STOP_WITHIN, False):
                self._ended.wait()

    def run(self) -> None:
        """Sends for ever; when database or carrier are away, waits and begins again."""
        pause, self._ended = 0.5, Signal()
        while not self._stopping:
            self._bell = Signal()
            try:
                if not self.send_due():
                    self._bell.wait()
                pause = 0.5
            except Exception as error:
                code = error.code if isinstance(error, CarrierAway) else type(error).__name__
                log.warning("sender.interrupted", service=self.store.service, error=code)
                eventlet.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        self._ended.send()

    def send_due(self) -> int:
        """Sends one batch; answers how many deliveries it took. Raises CarrierAway once that is written down."""
        waiting = deliveries.claim(self.store)
        if not waiting:
            return 0
        taken, begun = len(waiting), time.monotonic()
        try:
            with self._carrier.line() as line:
                while waiting and not self._stopping and time.monotonic() - begun < BATCH_SECONDS:
                    self._send(line, waiting.pop(0))
        except CarrierAway as away:
            if len(waiting) == taken:  # There was no line at all, which is an attempt for each.
                for delivery in waiting:
                    self._failed(delivery, away)
                waiting = []
            raise
        finally:
            for delivery in waiting:
                deliveries.put_back(self.store, delivery, self._now())
        return taken

    def _send(self, line: Line, delivery: Delivery) -> None:
        """Raises CarrierAway, after writing it down, when the line is dead; every other end is only written down."""
        try:
            line.send(self._message(delivery))
        except Nowhere as nowhere:
            self._end(delivery, SUPPRESSED, nowhere.reason)
        except CarrierAway as away:
            self._failed(delivery, away)
            raise
        except NotTaken as problem:
            self._failed(delivery, problem)
        except Exception as error:  # A fault of ours in one message must not hold up the others.
            log.error("message.fault", delivery_id=delivery.id, error=type(error).__name__, place=place_of(error))
            self._failed(delivery, NotTaken("fault"))
        else:
            self._end(delivery, SENT)

    def _message(self, delivery: Delivery) -> Message:
        if delivery.reference is None:
            raise NotTaken("reference-not-known")
        words = {**delivery.words, "reference": delivery.reference, "link": delivery.link}
        subject, body = self._templates[delivery.template].render(words)
        address = self._recipients.address_of(
            delivery.audience, delivery.agency, delivery.referral_id, delivery.template
        )
        return Message(delivery.id, address, subject, body, delivery.created_at)

    def _failed(self, delivery: Delivery, problem: NotTaken) -> None:
        due = None if problem.final else self._policy.due(self._now(), delivery.attempts + 1)
        if due is None:
            self._end(delivery, FAILED, problem.code)
            return
        deliveries.put_back(self.store, delivery, due, problem.code)
        log.warning("message.delayed", delivery_id=delivery.id, template=delivery.template, problem=problem.code)

    def _end(self, delivery: Delivery, status: str, problem: str | None = None) -> None:
        written = deliveries.end(self.store, delivery, status, self._carrier.channel, problem)
        if written:
            self._count(status)
        log.log(
            40 if status == FAILED else 20,
            f"message.{status}" if written else "message.claim-lost",
            delivery_id=delivery.id,
            template=delivery.template,
            problem=problem,
        )

    def _now(self) -> datetime:
        return self.store.resources.clock.now()
