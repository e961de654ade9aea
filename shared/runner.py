"""Runs services in this process through nameko's ServiceRunner, each with its own configuration, until told to stop.

A SIGTERM or Ctrl-C stops accepting, finishes what is in hand within a deadline, and ends; what is left then is cut off. A
service that dies takes the process with it, so that whoever watches processes starts it again: half a system that looks
alive is worse.
"""

import gc
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import eventlet
import structlog
from eventlet.debug import hub_exceptions
from eventlet.event import Event as Signal
from nameko.runners import ServiceRunner

from shared.messaging.broker import Topology
from shared.messaging.runtime import Runtime
from shared.resources import Resources
from shared.settings import Settings

log = structlog.get_logger(__name__)

WORKERS = 400
STOP_SECONDS = 25
"""How long an end in order may take; the setting WAYPOST_STOP_SECONDS is another number."""
OF_REQUESTS = 0.4
"""The part of it that requests have."""
NICENESS = 10
"""Of a process whose services all `can_wait`: where processors are short, it has about a tenth of what another has."""
AUTOGROUP = Path("/proc/self/autogroup")
"""Where Linux shares processors out by session, how nice a process is counts within its session alone; so is its session."""


class Runner(ServiceRunner):
    """nameko's runner with a configuration for each service: its ports and its parts."""

    def __init__(self, settings: Settings) -> None:
        super().__init__({})
        self.settings = settings
        self.resources = Resources(settings)
        self.stop_seconds = settings.limits.get("STOP_SECONDS", STOP_SECONDS)

    def add_service(self, cls: Any) -> None:
        self.service_map[cls.name] = self.container_cls(cls, self.configuration(cls))

    def start(self) -> None:
        """All at once; raises what kept the first of them from it, and shows no traceback of its own.

        Left to end a green thread, an exception is shown by eventlet before anybody could say in a sentence what it means.
        """
        hub_exceptions(False)  # Of the green threads in which nameko sets up a container's parts.
        failures = [each for each in eventlet.GreenPool().imap(_failure_of_start, list(self.containers)) if each]
        hub_exceptions(True)
        if failures:
            raise failures[0]

    def configuration(self, cls: Any) -> dict[str, Any]:
        """What extensions of one service find in `container.config`."""
        settings, name = self.settings, cls.name
        configuration: dict[str, Any] = {
            "runtime": Runtime(name, cls.metadata, self.resources),
            "max_workers": WORKERS,
            "MANAGEMENT_ADDRESS": f"{settings.bind}:{settings.management_ports[name]}",
            "INTERNAL_KEY": self.resources.internal_key,
            "DRAIN_SECONDS": self.stop_seconds * OF_REQUESTS,
            **settings.limits,
        }
        if name in settings.ports:
            configuration["WEB_SERVER_ADDRESS"] = f"{settings.bind}:{settings.ports[name]}"
        return configuration


def _failure_of_start(container: Any) -> Exception | None:
    try:
        container.start()
    except Exception as failure:
        return failure
    return None


def run(
    settings: Settings,
    services: Sequence[Any],
    topology: Callable[[], Topology],
    announce: Callable[[], None] | None = None,
) -> None:
    """Runs `services` until SIGTERM or SIGINT; raises what killed a service. `announce` is called once all accept.

    `topology` is asked for only by a broker in this process: to know all queues, all services must be loaded.
    """
    runner = Runner(settings)
    give_way(services)
    for cls in services:
        runner.add_service(cls)
    _declare_in_process(settings, runner.service_map, topology)
    asked_to_stop = Signal()

    def ask_to_stop(*_: Any) -> None:
        if not asked_to_stop.ready():
            asked_to_stop.send()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    runner.start()
    _collect_rarely()
    if announce is not None:
        announce()
    stopper = eventlet.spawn(_stop_when_asked, runner, asked_to_stop)
    runner.wait()
    stopper.kill()


def give_way(services: Sequence[Any]) -> None:
    """Makes this process nicer for good, where all its services can wait."""
    if not all(getattr(cls, "can_wait", False) for cls in services):
        return
    os.nice(NICENESS)
    # Only of a session that this process began: in somebody's terminal others would give way with it.
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            AUTOGROUP.write_text(str(NICENESS))


def _collect_rarely() -> None:
    """Nearly nothing of ours is garbage in a circle, and looking through all that was loaded took a twelfth of the time.

    Not even once: of a hundred and forty thousand objects a thousand are garbage then, and it is a fourteenth of a start.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def _stop_when_asked(runner: Runner, asked_to_stop: Signal) -> None:
    asked_to_stop.wait()
    with eventlet.Timeout(runner.stop_seconds, False):
        runner.stop()
        return
    log.warning("stop.deadline-passed")
    runner.kill()


def _declare_in_process(settings: Settings, containers: Mapping[str, Any], topology: Callable[[], Topology]) -> None:
    """The in-process broker lives as long as the process, so its queues are declared at each start."""
    if settings.broker.startswith("memory:"):
        for container in containers.values():
            container.config["runtime"].broker.declare(topology())
            return
