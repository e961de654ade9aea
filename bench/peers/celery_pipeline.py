"""The three steps on Celery: quorum queues, late acknowledgement, each publication confirmed.

`celery -A bench.peers.celery_pipeline worker -Q STEP` runs one step; `python -m bench.peers.celery_pipeline fill FILE NUMBER`
leaves a backlog.
"""

import os

from celery import Celery
from kombu import Queue

from bench.peers.steps import STEPS, fill, take

app = Celery("pipeline", broker=os.environ["PEER_BROKER"])
app.conf.update(
    broker_transport_options={"confirm_publish": True},
    broker_connection_retry_on_startup=True,
    task_acks_late=True,
    task_ignore_result=True,
    task_queues=[Queue(step, queue_arguments={"x-queue-type": "quorum"}) for step in STEPS],
    task_default_queue=STEPS[0],
    task_default_queue_type="quorum",
    task_routes={step: {"queue": step} for step in STEPS},
    # "Lots of short tasks": 64 or 128, says its guide to optimising.
    worker_prefetch_multiplier=64,
    worker_hijack_root_logger=False,
)


@app.task(name="submitted")
def submitted(event_id: str, body: str) -> None:
    take("submitted", event_id, body)
    assessed.delay(event_id, body)


@app.task(name="assessed")
def assessed(event_id: str, body: str) -> None:
    take("assessed", event_id, body)
    routed.delay(event_id, body)


@app.task(name="routed")
def routed(event_id: str, body: str) -> None:
    take("routed", event_id, body)


if __name__ == "__main__":
    with app.connection() as connection:
        for queue in app.conf.task_queues:
            queue(connection).declare()
    fill(submitted.delay)
