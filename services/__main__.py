"""`waypost`: the command line. `waypost --help` lists what it can do, each command's `--help` teaches it."""

import atexit
import gc
import sys
import time
import warnings

from shared.green import patch

BEGAN = time.monotonic()
SELDOM = 50_000
"""After as many new objects a command looks for garbage: over a large backup, but not while it loads, where half of its time
went into that."""


def main() -> None:
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    gc.set_threshold(SELDOM)
    atexit.register(gc.freeze)  # What ends is not looked through once more.
    command, *words = sys.argv[1:] or [""]
    if command == "run":
        patch()  # Before anything else is imported; other commands need it not.
    if command == "run" and not any(word.startswith("-") for word in words):
        start_services(words)
    else:
        from services.commands.group import command_line

        command_line()


def start_services(names: list[str]) -> None:
    """`waypost run` as it is nearly always meant, without what makes command lines: a sixth of all that a start loads."""
    gc.disable()  # What is loaded stays; the runner goes on from there.
    sys.modules["rich"] = None  # type: ignore[assignment] # structlog would load it, for tracebacks that nobody is shown.
    import structlog  # noqa: F401

    del sys.modules["rich"]
    from services.commands.start import start

    start(names, BEGAN)


if __name__ == "__main__":
    main()
