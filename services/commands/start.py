"""Starts services in this process and runs them until Ctrl-C or SIGTERM."""

import sys
import time
from typing import NoReturn

from services.catalogue import service_class, topology
from services.commands.first_start import FirstStart, prepare
from shared import logs
from shared.runner import run
from shared.settings import SERVICES, Settings, SettingsError


def start(services: list[str], began: float) -> None:
    """Those that are named, or all; ends the process with 2 where that cannot be. `began` is when the process did."""
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
    try:
        run(
            settings,
            [service_class(name) for name in names],
            lambda: topology(settings),
            announce=lambda: _announce(ready, settings, names, began),
        )
    except SettingsError as error:  # Of what a service alone needs, such as a mail server.
        _refuse(str(error))


def _refuse(why: str) -> NoReturn:
    print(f"waypost: {why}", file=sys.stderr)
    raise SystemExit(2)


def _announce(ready: FirstStart, settings: Settings, names: list[str], began: float) -> None:
    print(ready.welcome(settings, names, time.monotonic() - began), flush=True)
