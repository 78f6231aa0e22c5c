"""Makes a Python application report to ObservabilityStack, or to anything that scrapes Prometheus metrics and takes OTLP.

    from observability_integration import initialize_observability

    initialize_observability(service_name="my-app", enable_prometheus=True, prometheus_port=9464)

The workflows made of `tta_dev_primitives` then have metrics at `http://127.0.0.1:9464/metrics` and traces at Jaeger.
"""

from .apm_setup import flush_observability, initialize_observability, is_observability_enabled, metrics_url, shutdown_observability
from .queries import QueryError, get_prometheus_metrics, query_jaeger_traces
from .version import __version__

__all__ = [
    "QueryError",
    "__version__",
    "flush_observability",
    "get_prometheus_metrics",
    "initialize_observability",
    "is_observability_enabled",
    "metrics_url",
    "query_jaeger_traces",
    "shutdown_observability",
]
