"""The sender: takes what is due, sends it outside of any transaction, and writes down what became of it.

Outcomes are written within a moment, so that a kill repeats what was sent in it at the most; the repeat has the same
id. A failure that may pass is tried again for about a day; then, or at once when trying cannot help, the message
has failed and everybody who should know can see it. When the carrier is away the messages wait, and one that breaks
the line holds up no other. Once one goes again, all go that waited for the same: a start tries one of them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime

import eventlet
import structlog
from eventlet.event import Event as Signal

from services.notifications import deliveries
from services.notifications.carriers.carrier import OURS, Carrier, CarrierAway, Line, Message, NotTaken
from services.notifications.deliveries import Delivery, Outcome
from services.notifications.domain import EMAIL, FAILED, SENT, SUPPRESSED, TEXT
from services.notifications.outcomes import Outcomes
from services.notifications.recipients import Batch, Nowhere, Recipient, Recipients
from services.notifications.templates import Template
from shared.logs import place_of
from shared.messaging.retry import RetryPolicy
from shared.messaging.store import Store

log = structlog.get_logger(__name__)

POLICY = RetryPolicy(attempts=30, first=30.0, longest=3600.0)
BATCH_SECONDS = 200.0
"""No message of a batch is begun later, so that the batch ends well within its lease."""
STOP_WITHIN = 15
LONGEST_PAUSE = 30.0
PACE = 0.25
"""Seconds between being told of messages and sending: what else is on its way goes with them, for a fraction each."""


class Sender:
    """One service's sender. `run` never returns until `stop`; `send_due` is one round of it."""

    def __init__(
        self,
        store: Store,
        carriers: Sequence[Carrier],
        recipients: Recipients,
        templates: dict[str, Template],
        policy: RetryPolicy = POLICY,
        count: Callable[[str, str], None] = lambda channel, status: None,
    ) -> None:
        self.store = store
        self._carriers = carriers
        self._recipients = recipients
        self._templates = templates
        self._policy = policy
        self._count = count
        self._bell = Signal()
        self._ended: Signal | None = None
        self._stopping = False
        self._tried_one = False
        self._trouble = True  # Until something has gone: there may have been before this start.

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
                if not self._tried_one:
                    deliveries.hurry(self.store, OURS, 1)
                    self._tried_one = True
                if self.send_due() < deliveries.BATCH:
                    self._bell.wait()
                    eventlet.sleep(PACE)
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
        outcomes = Outcomes(self.store, self._count)
        readers = self._recipients.of_batch([each for each in waiting if each.reference is not None])
        try:
            with ExitStack() as stack:
                lines = {carrier.channel: stack.enter_context(carrier.line()) for carrier in self._carriers}
                stack.callback(outcomes.write)
                while waiting and not self._stopping and time.monotonic() - begun < BATCH_SECONDS:
                    self._send(lines, waiting.pop(0), readers, outcomes)
        except CarrierAway as away:
            self._trouble = True
            if len(waiting) == taken:  # There was no line at all, which is an attempt for each.
                for delivery in waiting:
                    self._failed(delivery, away, outcomes)
                waiting = []
                outcomes.write()
            raise
        finally:
            for delivery in waiting:
                deliveries.put_back(self.store, delivery, self._now())
        if self._trouble and outcomes.sent:
            deliveries.hurry(self.store, OURS)
            self._trouble = False
        return taken

    def _send(self, lines: Mapping[str, Line], delivery: Delivery, readers: Batch, outcomes: Outcomes) -> None:
        """Raises CarrierAway, once it is told to `outcomes`, when the line is dead; every other end is only told."""
        channel = EMAIL
        try:
            if delivery.reference is None:
                raise NotTaken("reference-not-known")
            recipient = readers.of(delivery)
            if recipient.channel not in lines:
                raise Nowhere("channel-not-served")
            channel = recipient.channel
            carrier_id = lines[channel].send(self._message(delivery, recipient))
        except Nowhere as nowhere:
            outcomes.add(Outcome(delivery, SUPPRESSED, channel, nowhere.reason))
        except CarrierAway as away:
            self._failed(delivery, away, outcomes, channel)
            raise
        except NotTaken as problem:
            self._failed(delivery, problem, outcomes, channel)
        except Exception as error:  # A fault of ours in one message must not hold up the others.
            log.error("message.fault", delivery_id=delivery.id, error=type(error).__name__, place=place_of(error))
            self._failed(delivery, NotTaken("fault"), outcomes, channel)
        else:
            outcomes.add(Outcome(delivery, SENT, channel, carrier_id=carrier_id))

    def _message(self, delivery: Delivery, recipient: Recipient) -> Message:
        template = self._templates[delivery.template]
        words = {**delivery.words, "reference": delivery.reference or "", "link": recipient.link or delivery.link}
        if recipient.code is not None:
            words["code"] = recipient.code
        subject, body = template.render(words)
        if recipient.channel == TEXT:
            text = template.render_text(words)
            if text is None:
                raise Nowhere("channel-not-served")
            subject, body = "", text
        return Message(delivery.id, recipient.address, subject, body, delivery.created_at)

    def _failed(self, delivery: Delivery, problem: NotTaken, outcomes: Outcomes, channel: str = EMAIL) -> None:
        due = None if problem.final else self._policy.due(self._now(), delivery.attempts + 1)
        if due is None:
            outcomes.add(Outcome(delivery, FAILED, channel, problem.code))
            return
        deliveries.put_back(self.store, delivery, due, problem.code)
        log.warning("message.delayed", delivery_id=delivery.id, template=delivery.template, problem=problem.code)

    def _now(self) -> datetime:
        return self.store.resources.clock.now()
