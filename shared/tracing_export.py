"""Spans, exported with OpenTelemetry's own library to a collector: OTLP over HTTP, in batches, beside the work.

Where the collector is away spans are dropped after a while, and nothing else happens. How many requests are traced is said by
OTEL_TRACES_SAMPLER and its argument, as everywhere with OpenTelemetry; a caller that traces already has decided that.
"""

import time
from typing import Any, Self

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import SpanKind, StatusCode, format_span_id, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.tracing import About, Kind, Span
from shared.version import VERSION

_KINDS = {
    "server": SpanKind.SERVER,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
    "client": SpanKind.CLIENT,
}
_READER = TraceContextTextMapPropagator()


class _Exported:
    """A span that is sent when it ends."""

    def __init__(self, span: OtelSpan) -> None:
        self._span = span
        context = span.get_span_context()
        self.traceparent: str | None = (
            f"00-{format_trace_id(context.trace_id)}-{format_span_id(context.span_id)}-{context.trace_flags:02x}"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: Any) -> None:
        if failure[0] is not None:
            self.tell({"error.type": failure[0].__name__}, failed=True)
        self._span.end()

    def tell(self, about: About, name: str | None = None, failed: bool = False) -> None:
        if name is not None:
            self._span.update_name(name)
        if failed:
            self._span.set_status(StatusCode.ERROR)
        self._span.set_attributes(about)


class Exporting:
    """One for each service, since several can run in one process."""

    exports = True

    def __init__(self, service: str, endpoint: str) -> None:
        about = Resource.create(
            {"service.namespace": "waypost", "service.name": f"waypost-{service}", "service.version": VERSION}
        )
        provider = TracerProvider(resource=about)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = provider.get_tracer("waypost", VERSION)

    def span(
        self,
        name: str,
        kind: Kind,
        parent: str | None,
        about: About | None = None,
        since: float | None = None,
    ) -> Span:
        context = _READER.extract({"traceparent": parent}, Context()) if parent else Context()
        began = None if since is None else int(since * 1e9)
        span = self._tracer.start_span(name, context, _KINDS[kind], about, start_time=began or time.time_ns())
        return _Exported(span)
