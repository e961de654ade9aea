"""Which unit of work caused which: the correlation id and W3C trace context, handed on from request to event to agency.

What came is handed on as it came, which is a few strings. With an endpoint configured (WAYPOST_OTLP_ENDPOINT, or
OTEL_EXPORTER_OTLP_ENDPOINT) each unit of work is a span of the trace as well, sent there by OTLP over HTTP; without one nothing
of OpenTelemetry is imported. Spans name routes, event types and agencies, never a referral or a person.
"""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

Kind = Literal["server", "producer", "consumer", "client"]
About = Mapping[str, str | int]
"""Attributes of a span: out of fixed vocabularies, about nobody."""

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_IN_BODY = re.compile(rb'"traceparent":"(00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})"')


@dataclass(frozen=True, slots=True)
class Origin:
    """What a unit of work belongs to; `traceparent` is W3C's, None where nobody traces."""

    correlation_id: str | None = None
    traceparent: str | None = None


NOWHERE = Origin()
current: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)
"""Of the request that this green thread answers."""


def checked(traceparent: Any) -> str | None:
    """A trace context that is well formed, else None."""
    return traceparent if isinstance(traceparent, str) and _TRACEPARENT.fullmatch(traceparent) else None


def traceparent_in(body: bytes) -> str | None:
    """The trace context in an event's bytes, without reading them: quotes in what people wrote are escaped there."""
    found = _IN_BODY.search(body)
    return found[1].decode() if found else None


class Span(Protocol):
    """One unit of work, from `with` to its end; one that raises has failed."""

    traceparent: str | None
    """For what it causes."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: Any) -> None: ...

    def tell(self, about: About, name: str | None = None, failed: bool = False) -> None:
        """What is known only later."""
        ...


class Tracer(Protocol):
    exports: bool

    def span(
        self,
        name: str,
        kind: Kind,
        parent: str | None,
        about: About | None = None,
        since: float | None = None,
    ) -> Span:
        """A span below `parent`; `since` is when it began, in seconds of the machine's clock, where that was before."""
        ...


class _Passed:
    """No span: what came is handed on."""

    __slots__ = ("traceparent",)

    def __init__(self, traceparent: str | None) -> None:
        self.traceparent = traceparent

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: Any) -> None:
        pass

    def tell(self, about: About, name: str | None = None, failed: bool = False) -> None:
        pass


class PassOn:
    """The tracer where nothing is configured."""

    exports = False

    def span(
        self,
        name: str,
        kind: Kind,
        parent: str | None,
        about: About | None = None,
        since: float | None = None,
    ) -> Span:
        return _Passed(parent)


def tracer_for(service: str, endpoint: str | None) -> Tracer:
    """A service's tracer, which exports to `endpoint` where there is one."""
    if endpoint is None:
        return PassOn()
    from shared.tracing_export import Exporting  # OpenTelemetry is there only for those who want it.

    return Exporting(service, endpoint)
