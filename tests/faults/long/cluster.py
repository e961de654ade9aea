"""A broker of three nodes: the one that leads a queue is killed, again and again.

Services reach the nodes through one address, as by a load balancer: a proxy that tries one after the other.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import eventlet

from tests.faults.long.driver import Row, run
from tests.faults.long.scenario import Ground, Scenario, Servers
from tests.support.rabbitmq import RabbitMQ
from tests.support.system import wait_until

TIMES = 4


def _leader(ground: Ground) -> RabbitMQ | None:
    """The node that leads the queue of eligibility, asked of any that lives; None while there is an election."""
    nodes = [each for each in ground.servers.nodes if each.alive]
    queue = f'rabbit_misc:r(<<"{ground.vhost}">>, queue, <<"{ground.queue("eligibility")}">>)'
    said = nodes[0].ctl(
        "eval", f"{{ok, Q}} = rabbit_amqqueue:lookup({queue}), {{_, Node}} = amqqueue:get_pid(Q), Node."
    )
    return next((node for node in nodes if node.node in said), None)


def _kill_leaders(ground: Ground) -> str:
    killed = []
    for _ in range(TIMES):
        leader = wait_until(lambda: _leader(ground), "a leader", seconds=60)
        assert leader
        leader.kill()
        killed.append(leader.node)
        eventlet.sleep(ground.chance.uniform(1, 3))
        leader.start()
    return f"{TIMES} leaders killed, {len(set(killed))} nodes among them"


LEADERS_KILLED = Scenario("the leader of a three-node broker killed again and again", _kill_leaders, proxied=True)


def leaders_killed(servers: Servers, seed: int, least: int) -> Row:
    with _cluster(servers) as three:
        return run(LEADERS_KILLED, three, seed, least)


@contextmanager
def _cluster(servers: Servers) -> Iterator[Servers]:
    folder = Path(mkdtemp(prefix="cluster-", dir=servers.folder))
    with ExitStack() as stack:
        nodes: list[RabbitMQ] = []
        for number in range(3):
            (place := folder / f"node-{number}").mkdir()
            node = RabbitMQ(place, beside=nodes[0] if nodes else None)
            nodes.append(node.start())
            stack.callback(_stop, node)
            if number:
                node.join(nodes[0])
        yield replace(servers, rabbitmq=nodes[0], others=tuple(nodes[1:]))


def _stop(node: RabbitMQ) -> None:
    if node.alive:
        node.stop()


FAULTS = {LEADERS_KILLED.name: leaders_killed}
