"""A broker of three nodes: the one that leads a queue is killed, again and again, or cut off from the others.

Services reach the nodes through one address, as by a load balancer: a proxy that tries one after the other.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import eventlet

from tests.faults.long.driver import Row, run
from tests.faults.long.scenario import Ground, Scenario, Servers
from tests.support.port_mapper import PortMapper
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


def _cut_off(ground: Ground) -> str:
    """The leader's node: the others elect another, it stops by itself, and comes back when it may."""
    leader = wait_until(lambda: _leader(ground), "a leader", seconds=60)
    assert leader
    assert ground.servers.mapper
    other = next(node for node in ground.servers.nodes if node is not leader)
    ground.servers.mapper.cut_off(leader.node.partition("@")[0])
    wait_until(
        lambda: leader.node not in other.ctl("eval", "nodes()."), "the others to see that it has gone", seconds=60
    )
    return "the leader's node cut off from the two others, and from nobody else"


def _join_up(ground: Ground) -> None:
    assert ground.servers.mapper
    ground.servers.mapper.join_up()

    def running() -> int:
        try:
            said = ground.rabbitmq.ctl("cluster_status", "--formatter", "json")
        except AssertionError:
            return 0  # The node that is asked has stopped itself, and is not yet back.
        return len(json.loads(said)["running_nodes"])

    wait_until(lambda: running() == len(ground.servers.nodes), "all nodes to be there again", seconds=90)


LEADERS_KILLED = Scenario("the leader of a three-node broker killed again and again", _kill_leaders, proxied=True)
CUT_OFF = Scenario("a node of a three-node broker cut off and healed", _cut_off, _join_up, (8, 15), proxied=True)


def on_three_nodes(
    scenario: Scenario, servers: Servers, seed: int, least: int, flags: tuple[str, ...] | None = None
) -> Row:
    """`flags` are the feature flags that the broker begins with; usually all."""
    with _cluster(servers, flags) as three:
        return run(scenario, three, seed, least)


@contextmanager
def _cluster(servers: Servers, flags: tuple[str, ...] | None) -> Iterator[Servers]:
    folder = Path(mkdtemp(prefix="cluster-", dir=servers.folder))
    with ExitStack() as stack:
        stack.callback((mapper := PortMapper()).close)
        nodes: list[RabbitMQ] = []
        for number in range(3):
            (place := folder / f"node-{number}").mkdir()
            node = RabbitMQ(place, epmd_port=mapper.port, feature_flags=flags).start()
            stack.callback(_stop, node)
            if nodes:
                node.join(nodes[0])
            nodes.append(node)
        yield replace(servers, rabbitmq=nodes[0], others=tuple(nodes[1:]), mapper=mapper)


def _stop(node: RabbitMQ) -> None:
    if node.alive:
        node.stop()


FAULTS = {each.name: partial(on_three_nodes, each) for each in (LEADERS_KILLED, CUT_OFF)}
