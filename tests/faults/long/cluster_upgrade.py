"""A broker of three nodes is upgraded node by node while referrals arrive, by the whole procedure that RabbitMQ documents.

It is onto the same version, since another one is not to be had here; what a new version would bring, feature flags that are
off in the old one, is there: the cluster begins without those that it can do without.
"""

import json
from functools import partial

from tests.faults.long.cluster import on_three_nodes
from tests.faults.long.scenario import Ground, Scenario
from tests.support.rabbitmq import RabbitMQ
from tests.support.system import wait_until

FLAGS_BEFORE = ("quorum_queue", "maintenance_mode_status")
"""What quorum queues, and to drain a node, cannot do without."""


def _upgrade(ground: Ground) -> str:
    """Each node in turn is drained, ended, started anew on its data and revived; then what a new version brings is enabled."""
    nodes, before, versions = ground.servers.nodes, _flags(ground), set()
    for node in nodes:
        _wait_for_spare_replicas(node)
        old = _process_id(node)
        versions.add(_version(node))
        node.tool("rabbitmq-upgrade", "drain")
        node.stop()
        node.start()
        node.tool("rabbitmq-upgrade", "revive")
        assert _process_id(node) != old
        versions.add(_version(node))
    _wait_for_spare_replicas(ground.rabbitmq)
    ground.rabbitmq.ctl("enable_feature_flag", "all")
    ground.rabbitmq.tool("rabbitmq-queues", "rebalance", "quorum")
    after = _flags(ground)
    assert set(before.values()) == {"enabled", "disabled"}, f"the flags were not off before: {before}"
    assert set(after.values()) == {"enabled"}, f"flags are still off: {after}"
    enabled = list(before.values()).count("enabled")
    return (
        f"{len(nodes)} nodes drained and renewed, {' and '.join(sorted(versions))} before and after; "
        f"feature flags enabled: {enabled} of {len(before)} before, {len(after)} after"
    )


def _wait_for_spare_replicas(node: RabbitMQ) -> None:
    """Until every queue could do without this node."""

    def is_spare() -> bool:
        try:
            node.tool("rabbitmq-upgrade", "await_online_quorum_plus_one", "--timeout", "30")
            node.tool("rabbitmq-diagnostics", "check_if_node_is_quorum_critical")
        except AssertionError:
            return False
        return True

    wait_until(is_spare, f"queues to do without {node.node}", seconds=120)


def _process_id(node: RabbitMQ) -> str:
    return node.ctl("eval", "os:getpid().").strip()


def _version(node: RabbitMQ) -> str:
    return node.ctl("eval", "rabbit_misc:version().").strip().strip('"')


def _flags(ground: Ground) -> dict[str, str]:
    """Whether each of the broker's feature flags is enabled."""
    listed = json.loads(ground.rabbitmq.ctl("list_feature_flags", "name", "state", "--formatter", "json"))
    return {each["name"]: each["state"] for each in listed}


UPGRADED = Scenario(
    "the broker upgraded node by node to the same version, then its feature flags", _upgrade, proxied=True, rate=8
)
FAULTS = {UPGRADED.name: partial(on_three_nodes, UPGRADED, flags=FLAGS_BEFORE)}
