"""The three steps on FastStream: quorum queues, acknowledged after the work, each publication confirmed.

`python -m bench.peers.faststream_pipeline STEP` runs one step, `… fill FILE NUMBER` leaves a backlog.
"""

import asyncio
import os
import sys
from itertools import pairwise

import asyncpg
from faststream import AckPolicy, FastStream
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitQueue

from bench.peers.steps import STEPS, backlog, take_async

AT_ONCE = 16
QUEUES = {step: RabbitQueue(step, queue_type=QueueType.QUORUM) for step in STEPS}
broker = RabbitBroker(os.environ["PEER_BROKER"], default_channel=Channel(prefetch_count=4 * AT_ONCE), logger=None)


async def send(step: str, event_id: str, body: str) -> None:
    await broker.publish({"event_id": event_id, "body": body}, QUEUES[step], persist=True, mandatory=True)


async def run(step: str) -> None:
    pool = await asyncpg.create_pool(os.environ["PEER_DATABASE"], min_size=AT_ONCE, max_size=AT_ONCE)
    following = dict(pairwise(STEPS)).get(step)

    @broker.subscriber(QUEUES[step], ack_policy=AckPolicy.NACK_ON_ERROR)
    async def receive(event_id: str, body: str) -> None:
        await take_async(pool, step, event_id, body)
        if following:
            await send(following, event_id, body)

    await FastStream(broker, logger=None).run()


async def leave_backlog() -> None:
    async with broker:
        for queue in QUEUES.values():
            await broker.declare_queue(queue)
        for event_id, body in backlog():
            await send(STEPS[0], event_id, body)


if __name__ == "__main__":
    asyncio.run(leave_backlog() if sys.argv[1] == "fill" else run(sys.argv[1]))
