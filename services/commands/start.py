"""Starts services in this process and runs them until Ctrl-C or SIGTERM."""

import sys
import time
from typing import NoReturn

from services.catalogue import service_class, topology
from services.commands.first_start import FirstStart, prepare
from shared import logs
from shared.runner import run
from shared.settings import SERVICES, Settings, SettingsError

STARTED = time.monotonic()


def start(services: list[str]) -> None:
    """Those that are named, or all; ends the process with 2 where that cannot be."""
    names = services or list(SERVICES)
    unknown = [name for name in names if name not in SERVICES]
    if unknown:
        _refuse(f"there is no service {unknown[0]!r}; there are {', '.join(SERVICES)}")
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        _refuse(str(error))
    logs.configure(settings.log_level)
    ready = prepare(settings, names)
    run(
        settings,
        [service_class(name) for name in names],
        lambda: topology(settings),
        announce=lambda: _announce(ready, settings, names),
    )


def _refuse(why: str) -> NoReturn:
    print(f"waypost: {why}", file=sys.stderr)
    raise SystemExit(2)


def _announce(ready: FirstStart, settings: Settings, names: list[str]) -> None:
    print(ready.welcome(settings, names, time.monotonic() - STARTED), flush=True)
