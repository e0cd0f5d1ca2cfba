"""Spans on their way out: by OTLP to whoever OpenTelemetry's environment variables name, who may hang."""

import asyncio
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import typer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from app import settings as app_settings
from app.commands.checks import require_settings
from app.services import ProcessServices
from app.settings import Settings
from app.tracing import LONGEST_CLOSE_S

HELLO = "query Hello { __typename }"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


class Collector(ThreadingHTTPServer):
    """Takes what is sent by OTLP over HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.taken: list[tuple[str, ExportTraceServiceRequest]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.taken.append((self.path, ExportTraceServiceRequest.FromString(body)))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    thread = Thread(target=collector.serve_forever)
    thread.start()
    yield collector
    collector.shutdown()
    thread.join()
    collector.server_close()


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Traces, and hears of nothing that the surroundings say of tracing."""
    for name in ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_TRACES_SAMPLER", ENDPOINT):
        monkeypatch.delenv(name, raising=False)
    return settings.model_copy(update={"tracing": True})


async def says_hello(settings: Settings) -> float:
    """A process that answers one query and stops; gives the seconds that the stop took."""
    services = ProcessServices(settings)
    await services.start()
    context = services.open_context(None, client_ip="", request_id="r")
    assert (await services.schema.execute(HELLO, context_value=context)).errors is None
    began_s = time.monotonic()
    await services.stop()
    return time.monotonic() - began_s


def attributes_of(thing: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value for each in thing.attributes}


@pytest.mark.parametrize(("variable", "service"), [(None, "rookery"), ("nest", "nest")])
async def test_spans_reach_the_collector_by_the_time_the_process_has_stopped(
    settings: Settings,
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
    variable: str | None,
    service: str,
) -> None:
    monkeypatch.setenv(ENDPOINT, collector.url)
    if variable is not None:
        monkeypatch.setenv("OTEL_SERVICE_NAME", variable)
    await says_hello(settings)
    [(path, request)] = collector.taken
    assert path == "/v1/traces"
    [resource_spans] = request.resource_spans
    assert attributes_of(resource_spans.resource)["service.name"] == service
    [scope_spans] = resource_spans.scope_spans
    [span] = scope_spans.spans
    assert span.name == "query"
    assert attributes_of(span)["graphql.operation.name"] == "Hello"


async def test_sampler_of_the_environment_decides_which_spans_are_sent(
    settings: Settings, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, collector.url)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    await says_hello(settings)
    assert collector.taken == []


async def test_collector_that_hangs_keeps_no_process_from_ending(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv(ENDPOINT, f"http://127.0.0.1:{mute.getsockname()[1]}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "5")
        took_s = await asyncio.wait_for(says_hello(settings), LONGEST_CLOSE_S + 10)
    assert took_s < LONGEST_CLOSE_S + 2


def test_command_ends_with_the_reason_where_the_packages_are_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROOKERY_ENV", "development")
    monkeypatch.setenv("TRACING", "true")
    assert require_settings().tracing
    monkeypatch.setattr(app_settings, "TRACING_PACKAGES", ("opentelemetry.sdk.trace", "no.such.package"))
    with pytest.raises(typer.Exit):
        require_settings()
    said = capsys.readouterr().err
    assert "TRACING=true" in said
    assert "[tracing]" in said
    assert "Traceback" not in said
    monkeypatch.setenv("TRACING", "false")
    assert not require_settings().tracing
