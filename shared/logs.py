"""Structured logs: one JSON line for each unit of work, on standard error, with nothing personal in it.

A line that a request made has its correlation id. Texts of exceptions can hold what somebody typed, so no line carries
one: only the error's type and place. Lines of libraries keep their message template; their arguments and tracebacks are
dropped.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import orjson
import structlog

from shared.tracing import current

QUIET = ("nameko", "eventlet", "kombu", "amqp", "alembic", "sqlalchemy", "urllib3")


def place_of(error: BaseException) -> str:
    """Where an error was raised in our own code, or at all: `services.routing.handlers:assessed:41`."""
    return place_of_traceback(error.__traceback__)


def place_of_traceback(trace: TracebackType | None) -> str:
    frames = [
        (frame.f_globals.get("__name__", "?"), frame.f_code.co_name, line) for frame, line in traceback.walk_tb(trace)
    ]
    ours = [frame for frame in frames if frame[0].split(".")[0] in ("services", "shared")] or frames
    if not ours:
        return "unknown"
    module, function, line = ours[-1]
    return f"{module}:{function}:{line}"


class LibraryLine(logging.Formatter):
    """A library's log record as one JSON line: its template and the error's type, never its arguments."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": record.created,
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": str(record.msg),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__name__
            line["place"] = place_of_traceback(record.exc_info[2])
        return orjson.dumps(line).decode()


def _line(_: Any, level: str, told: MutableMapping[str, Any]) -> str:
    """What structlog's own processors would make of it one after another, for half of their time."""
    origin = current.get().correlation_id
    line = {**({"correlation_id": origin} if origin else {}), **told, "level": level, "time": datetime.now(UTC)}
    return orjson.dumps(line, default=str, option=orjson.OPT_UTC_Z).decode()


def configure(level: str = "info", stream: Any = None) -> None:
    """Sets up structlog and the standard library's logging, once for the process; to standard error unless told."""
    stream = sys.stderr if stream is None else stream
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[_line],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LibraryLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
