"""Metrics as Prometheus scrapes them: text format 0.0.4, and delimited protobuf, which alone has native histograms.

Sources: https://prometheus.io/docs/instrumenting/exposition_formats/ and `io/prometheus/client/metrics.proto` of
prometheus/client_model.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, isinf, isnan

from .metrics import FamilySnapshot, HistogramPoint, Kind
from .native_histogram import ZERO_THRESHOLD, spans_and_deltas
from .protobuf import bytes_field, double_field, text_field, varint, varint_field, zigzag

TEXT_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PROTOBUF_CONTENT_TYPE = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

_PROTOBUF_TYPES: dict[Kind, int] = {"counter": 0, "gauge": 1, "histogram": 4}


def prefers_protobuf(accept: str) -> bool:
    """Whether an `Accept` header would rather have delimited protobuf than text. Of two that are liked as well, text is taken."""
    protobuf, text = 0.0, 0.0
    for entry in accept.split(","):
        media_type, *parameters = (part.strip().lower() for part in entry.split(";"))
        options = dict(parameter.partition("=")[::2] for parameter in parameters)
        try:
            weight = float(options.get("q", "1"))
        except ValueError:
            continue
        if media_type == "application/vnd.google.protobuf":
            if options.get("proto") == "io.prometheus.client.metricfamily" and options.get("encoding") == "delimited":
                protobuf = max(protobuf, weight)
        elif media_type in ("text/plain", "text/*", "*/*"):
            text = max(text, weight)
    return protobuf > text


def render_text(families: Iterable[FamilySnapshot]) -> bytes:
    """Text format 0.0.4; of histograms the classic buckets."""
    lines: list[str] = []
    for family in families:
        lines.append(f"# HELP {family.name} {_escape(family.help)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        for values, point in family.points:
            pairs = [f'{name}="{_escape_label(value)}"' for name, value in zip(family.label_names, values)]
            if isinstance(point, HistogramPoint):
                for bound, count in zip((*point.bounds, inf), point.cumulative_counts):
                    lines.append(f"{family.name}_bucket{_braces([*pairs, _le(bound)])} {count}")
                lines.append(f"{family.name}_sum{_braces(pairs)} {_number(point.sum)}")
                lines.append(f"{family.name}_count{_braces(pairs)} {point.count}")
            else:
                lines.append(f"{family.name}{_braces(pairs)} {_number(point)}")
    lines.append("")
    return "\n".join(lines).encode("utf-8", "replace")


def render_protobuf(families: Iterable[FamilySnapshot]) -> bytes:
    """`io.prometheus.client.MetricFamily` messages, each after its length; histograms with classic and native buckets."""
    body = bytearray()
    for family in families:
        message = bytearray(text_field(1, family.name) + text_field(2, family.help) + varint_field(3, _PROTOBUF_TYPES[family.kind]))
        for values, point in family.points:
            labels = b"".join(bytes_field(1, text_field(1, name) + text_field(2, value)) for name, value in zip(family.label_names, values))
            if isinstance(point, HistogramPoint):
                measured = bytes_field(7, _histogram(point))
            else:
                measured = bytes_field(3 if family.kind == "counter" else 2, double_field(1, point))
            message += bytes_field(4, labels + measured)
        body += varint(len(message)) + message
    return bytes(body)


def _histogram(point: HistogramPoint) -> bytes:
    message = varint_field(1, point.count) + double_field(2, point.sum)
    for bound, count in zip((*point.bounds, inf), point.cumulative_counts):
        message += bytes_field(3, varint_field(1, count) + double_field(2, bound))
    native = point.native
    message += varint(5 << 3) + zigzag(native.schema)
    # The threshold, which is never 0, is also what tells a reader that an empty histogram is native.
    message += double_field(6, ZERO_THRESHOLD) + varint_field(7, native.zero_count)
    spans, deltas = spans_and_deltas(native.buckets)
    for offset, length in spans:
        message += bytes_field(12, varint(1 << 3) + zigzag(offset) + varint_field(2, length))
    # A field for each, not packed: what proto2, which the specification is written in, has by default.
    for delta in deltas:
        message += varint(13 << 3) + zigzag(delta)
    return message


def _number(value: float) -> str:
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _le(bound: float) -> str:
    return f'le="{_number(bound)}"'


def _braces(pairs: list[str]) -> str:
    return "{" + ",".join(pairs) + "}" if pairs else ""


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _escape_label(text: str) -> str:
    return _escape(text).replace('"', '\\"')
