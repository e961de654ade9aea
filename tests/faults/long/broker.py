"""The broker: killed, restarted, out of memory, out of disk, its connections closed by force, a queue deleted by mistake."""

import amqp
import eventlet

from shared.settings import SERVICES
from tests.faults.long.scenario import Ground, Scenario
from tests.support.system import wait_until


def _kill(ground: Ground) -> str:
    ground.rabbitmq.kill()
    return f"killed, {ground.ledger.acknowledged} acknowledged before"


def _end(ground: Ground) -> str:
    ground.rabbitmq.stop()
    return f"ended in order, {ground.ledger.acknowledged} acknowledged before"


def start(ground: Ground) -> None:
    ground.rabbitmq.start()


def alarm(name: str, raised: tuple[str, ...], ended: tuple[str, ...]) -> Scenario:
    """The broker stops reading from publishers, for longer than the relay waits for confirms."""

    def breaks(ground: Ground) -> str:
        ground.rabbitmq.ctl(*raised)
        said = wait_until(
            lambda: ground.rabbitmq.ctl("eval", "rabbit_alarm:get_alarms().").strip().strip("[]"), "the alarm"
        )
        return f"alarm `{said.split(',')[0].strip('{')}` {said.split(',')[1]}"

    def mends(ground: Ground) -> None:
        ground.rabbitmq.ctl(*ended)

    return Scenario(f"{name} alarm of the broker", breaks, mends, (21, 25))


def _close_connections(ground: Ground) -> str:
    closed = 0
    for _ in range(4):
        listed = ground.rabbitmq.ctl("list_connections", "--no-table-headers", "pid")
        closed += len(listed.splitlines())
        ground.rabbitmq.ctl("close_all_connections", "--vhost", ground.vhost, "closed by a test")
        eventlet.sleep(ground.chance.uniform(0.2, 1))
    assert closed, "there was no connection to close"
    return f"{closed} connections closed, in 4 rounds"


def _delete_queue(ground: Ground) -> str:
    """While nobody reads it, so that messages go with it that their sender has noted as sent."""
    broker = ground.rabbitmq
    ground.system.kill("eligibility")
    before = ground.ledger.acknowledged
    wait_until(lambda: ground.ledger.acknowledged > before + 10, "referrals that wait for eligibility")
    with amqp.Connection(
        f"127.0.0.1:{broker.port}", broker.user, broker.password, virtual_host=ground.vhost
    ) as connection:
        gone = connection.channel().queue_delete(ground.queue("eligibility"))
    assert gone, "the queue was empty"
    return f"{gone} messages deleted with the queue of eligibility"


def _as_the_runbook_says(ground: Ground) -> None:
    """docs/operations.md, "The broker is lost": declare anew, then a fresh backup is restored, which sends again."""
    system, folder = ground.system, ground.system.data.parent / "backup"
    system.stop()
    system.waypost("migrate")
    system.waypost("backup", str(folder))
    system.waypost("restore", str(folder), "--yes")
    system.start(*SERVICES)


SCENARIOS = [
    Scenario("the broker killed (SIGKILL)", _kill, start, (1, 4)),
    Scenario("the broker restarted", _end, start, (1, 4)),
    alarm(
        "memory",
        ("set_vm_memory_high_watermark", "absolute", "1000000"),
        ("set_vm_memory_high_watermark", "0.8"),
    ),
    alarm("disk", ("set_disk_free_limit", "500000GB"), ("set_disk_free_limit", "50MB")),
    Scenario("connections to the broker closed by force", _close_connections),
    Scenario("a queue deleted by mistake", _delete_queue, _as_the_runbook_says),
]
