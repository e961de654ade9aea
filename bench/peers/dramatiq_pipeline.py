"""The three steps on Dramatiq: its own durable queues, acknowledged after the work, each publication confirmed.

`dramatiq bench.peers.dramatiq_pipeline -Q STEP` runs one step; `python -m bench.peers.dramatiq_pipeline fill FILE NUMBER`
leaves a backlog.
"""

import os

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from bench.peers.steps import STEPS, fill, take

broker = RabbitmqBroker(url=os.environ["PEER_BROKER"], confirm_delivery=True)
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name="submitted")
def submitted(event_id: str, body: str) -> None:
    take("submitted", event_id, body)
    assessed.send(event_id, body)


@dramatiq.actor(queue_name="assessed")
def assessed(event_id: str, body: str) -> None:
    take("assessed", event_id, body)
    routed.send(event_id, body)


@dramatiq.actor(queue_name="routed")
def routed(event_id: str, body: str) -> None:
    take("routed", event_id, body)


if __name__ == "__main__":
    for step in STEPS:
        broker.declare_queue(step, ensure=True)
    fill(submitted.send)
    broker.close()
