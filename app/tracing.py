"""Spans for OpenTelemetry, sent by OTLP over HTTP.

Where to, how many of them, in batches of what size: OpenTelemetry's own environment variables say it (docs/tracing.md).
Needs the packages of the extra `tracing`.
"""

import asyncio
import threading
from collections.abc import Mapping

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from core.spans import Attribute, Span

SERVICE = "rookery"
# What OpenTelemetry calls a service without a name.
NAMELESS = "unknown_service"
ERROR_KIND = "error.type"
LONGEST_CLOSE_S = 3.0


class OpenTelemetrySpan:
    """A span of OpenTelemetry as a core.spans.Span."""

    __slots__ = ("_span", "_tracer")

    def __init__(self, tracer: trace.Tracer, span: trace.Span) -> None:
        self._tracer = tracer
        self._span = span

    def begin(self, name: str, attributes: Mapping[str, Attribute]) -> Span:
        context = trace.set_span_in_context(self._span, Context())
        return OpenTelemetrySpan(self._tracer, self._tracer.start_span(name, context, attributes=attributes))

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, attributes: Mapping[str, Attribute]) -> None:
        self._span.set_attributes(attributes)

    def fail(self, kind: str) -> None:
        self._span.set_attribute(ERROR_KIND, kind)
        self._span.set_status(trace.StatusCode.ERROR)

    def end(self) -> None:
        self._span.end()


class OpenTelemetryTracer:
    """OpenTelemetry as a core.spans.Tracer."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer(SERVICE)

    def begin(self, name: str, attributes: Mapping[str, Attribute]) -> Span:
        return OpenTelemetrySpan(self._tracer, self._tracer.start_span(name, Context(), attributes=attributes))

    async def close(self) -> None:
        # Whoever takes the spans may hang; a process that ends does not wait for it.
        closing = threading.Thread(target=self._provider.shutdown, name="tracing closes", daemon=True)
        closing.start()
        await asyncio.to_thread(closing.join, LONGEST_CLOSE_S)


def open_tracer() -> OpenTelemetryTracer:
    """Sends spans in batches, from a thread of its own."""
    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith(NAMELESS):
        resource = resource.merge(Resource({SERVICE_NAME: SERVICE}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return OpenTelemetryTracer(provider)
