"""One line that makes an application observable, and its counterpart at the end."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from . import workflow_telemetry
from .metrics_server import MetricsServer
from .span_exporter import SpanExporter, print_span
from .tracing import AttributeValue
from .version import __version__
from .workflow_telemetry import WorkflowTelemetry

logger = logging.getLogger(__name__)

DEFAULT_ENDPOINT = "http://localhost:4318"


class _Session:
    """Everything that `initialize_observability` started."""

    def __init__(self, service_name: str, telemetry: WorkflowTelemetry, exporter: SpanExporter, server: MetricsServer | None) -> None:
        self.service_name = service_name
        self.telemetry = telemetry
        self.exporter = exporter
        self.server = server


_session: _Session | None = None
_lock = threading.Lock()


def initialize_observability(
    service_name: str | None = None,
    service_version: str | None = None,
    enable_prometheus: bool = True,
    enable_console_traces: bool | None = None,
    prometheus_port: int = 9464,
    *,
    otlp_endpoint: str | None = None,
    prometheus_host: str = "127.0.0.1",
) -> bool:
    """Makes the workflows of this process observable: metrics are served for scraping, spans are sent to the stack.

    Neither blocks nor raises, and needs no stack to be there: spans are sent once there is one. To call it again changes nothing.

    Args:
        service_name: What the application is called at Jaeger; without it `OTEL_SERVICE_NAME`.
        service_version: The application's version, the spans' `service.version`.
        enable_prometheus: Whether metrics are served at `http://127.0.0.1:<prometheus_port>/metrics`.
        enable_console_traces: Whether each span is also printed, a line on standard error.
        prometheus_port: Where metrics are served; 0 takes a free port, which `metrics_url` tells.
        otlp_endpoint: Base of the OTLP/HTTP receiver; without it `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` (a whole URL),
            `OTEL_EXPORTER_OTLP_ENDPOINT` (a base), or `http://localhost:4318`.
        prometheus_host: The address that metrics are served on; `0.0.0.0` in a container.

    Returns:
        Whether everything that was asked for stands. When it is False, a warning in the log says what does not, such as a port
        that is taken, and the rest works. With `OTEL_SDK_DISABLED=true` nothing is started.
    """
    global _session
    with _lock:
        if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
            return False
        if _session is not None:
            if service_name and service_name != _session.service_name:
                logger.warning("observability is already initialized for %r; it stays so", _session.service_name)
            return True
        name = service_name or os.environ.get("OTEL_SERVICE_NAME") or "unknown_service:python"
        try:
            exporter = SpanExporter(
                _traces_endpoint(otlp_endpoint), _resource(name, service_version), __version__, headers=_headers(os.environ.get("OTEL_EXPORTER_OTLP_HEADERS", "")),
                timeout_seconds=_timeout_seconds(), tap=print_span if enable_console_traces else None)
        except (ValueError, RuntimeError) as error:
            logger.warning("observability is off: %s", error)
            return False
        telemetry = _telemetry(name, exporter)
        server, stands = None, True
        if enable_prometheus:
            try:
                server = MetricsServer(telemetry.registry, prometheus_host, prometheus_port)
            except (OSError, OverflowError) as error:
                logger.warning("metrics are not served on %s:%s: %s", prometheus_host, prometheus_port, error)
                stands = False
        _session = _Session(name, telemetry, exporter, server)
        workflow_telemetry.active = telemetry
        atexit.register(shutdown_observability)
        return stands


def shutdown_observability(timeout_seconds: float = 2.0) -> None:
    """Sends the spans that wait, for at most so long, and stops serving metrics. Runs by itself when the process ends."""
    global _session
    with _lock:
        session, _session = _session, None
        workflow_telemetry.active = None
        atexit.unregister(shutdown_observability)
    if session is not None:
        session.exporter.close(timeout_seconds)
        if session.server is not None:
            session.server.close()


def flush_observability(timeout_seconds: float = 5.0) -> bool:
    """Sends the spans that wait now instead of within a second; whether none was left in time."""
    session = _session
    return session is None or session.exporter.flush(timeout_seconds)


def is_observability_enabled() -> bool:
    """Whether workflows report: `initialize_observability` was called, and `shutdown_observability` was not since."""
    return _session is not None


def metrics_url() -> str | None:
    """Where this process's metrics are scraped; None where they are not served."""
    session = _session
    return session.server.url if session is not None and session.server is not None else None


def _start_over_in_child() -> None:
    """In a forked child: counts from zero, behind locks of its own, and leaves the port to the parent."""
    global _lock
    _lock = threading.Lock()
    if _session is not None:
        if _session.server is not None:
            _session.server.abandon()
            _session.server = None
        _session.telemetry = workflow_telemetry.active = _telemetry(_session.service_name, _session.exporter)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over_in_child)


def _telemetry(service_name: str, exporter: SpanExporter) -> WorkflowTelemetry:
    telemetry = WorkflowTelemetry(service_name, exporter.submit)
    telemetry.observe_exporter(exporter)
    return telemetry


def _resource(service_name: str, service_version: str | None) -> dict[str, AttributeValue]:
    attributes: dict[str, AttributeValue] = dict(_headers(os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")))
    attributes.update({
        "service.name": service_name, "telemetry.sdk.language": "python", "telemetry.sdk.name": "obstack", "telemetry.sdk.version": __version__,
    })
    if service_version:
        attributes["service.version"] = service_version
    return attributes


def _traces_endpoint(base: str | None) -> str:
    if not base:
        whole = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
        if whole:
            return whole
        base = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or DEFAULT_ENDPOINT
    base = base.rstrip("/").removesuffix("/v1/traces")
    if urlsplit(base).port == 4317:
        logger.warning("%s is the port of OTLP over gRPC; spans are sent over HTTP, to port 4318", base)
        base = base.replace(":4317", ":4318", 1)
    return base + "/v1/traces"


def _timeout_seconds() -> float:
    try:
        return max(0.1, float(os.environ.get("OTEL_EXPORTER_OTLP_TIMEOUT", "10000")) / 1000)
    except ValueError:
        return 10.0


def _headers(text: str) -> Mapping[str, str]:
    """`key=value` pairs with commas between them, percent-encoded, as OpenTelemetry's variables have them."""
    pairs = (entry.partition("=") for entry in text.split(","))
    return {key.strip(): unquote(value.strip()) for key, equals, value in pairs if equals and key.strip()}
