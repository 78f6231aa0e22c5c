"""Spans as OTLP protobuf: `opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest`.

Source: https://github.com/open-telemetry/opentelemetry-proto
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache

from .protobuf import bytes_field, double_field, int64, text_field, varint, varint_field
from .tracing import STATUS_UNSET, AttributeValue, Span

_KIND_INTERNAL = b"\x30\x01"
_TIMES = struct.Struct("<BQBQ")
_START_KEY, _END_KEY = 7 << 3 | 1, 8 << 3 | 1
_EVENT_TIME = struct.Struct("<BQ")


def encode_resource(attributes: Mapping[str, AttributeValue]) -> bytes:
    """What all spans of a process share, as the `resource` field of a `ResourceSpans`."""
    return bytes_field(1, b"".join(bytes_field(1, _key_value(key, value)) for key, value in attributes.items()))


def encode_request(resource: bytes, scope_name: str, scope_version: str, spans: Iterable[Span]) -> bytes:
    """The body of one export: ended spans of one scope, under a resource that `encode_resource` made."""
    scope = bytes_field(1, text_field(1, scope_name) + text_field(2, scope_version))
    body = b"".join(bytes_field(2, _span(span)) for span in spans)
    return bytes_field(1, resource + bytes_field(2, scope + body))


def rejected_spans(answer: bytes) -> int:
    """How many spans an `ExportTraceServiceResponse` says were not taken: `partial_success.rejected_spans`; 0 of what cannot be read.

    Only the layout that exporters are answered with is understood: the partial success first, its count first in it.
    """
    if len(answer) < 4 or answer[0] != 0x0A or answer[2] != 0x08:
        return 0
    value, shift = 0, 0
    for byte in answer[3:13]:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value
    return 0


def _span(span: Span) -> bytes:
    parts = [b"\x0a\x10", span.trace_id, b"\x12\x08", span.span_id]
    if span.parent_id:
        parts += (b"\x22\x08", span.parent_id)
    parts += (_name(span.name), _KIND_INTERNAL, _TIMES.pack(_START_KEY, span.start_unix_nano, _END_KEY, span.end_unix_nano))
    parts += [_attribute(9, key, value) for key, value in span.attributes.items()]
    for event in span.events:
        described = b"".join(_attribute(3, key, value) for key, value in event.attributes.items())
        parts.append(bytes_field(11, _EVENT_TIME.pack(1 << 3 | 1, event.time_unix_nano) + text_field(2, event.name) + described))
    if span.status != STATUS_UNSET:
        message = text_field(2, span.status_message) if span.status_message else b""
        parts.append(bytes_field(15, message + varint_field(3, span.status)))
    return b"".join(parts)


@lru_cache(maxsize=1024)
def _name(name: str) -> bytes:
    return text_field(5, name)


# Most attributes are the same on every span of a primitive. Typed, because 1, 1.0 and True are equal.
@lru_cache(maxsize=1024, typed=True)
def _attribute(number: int, key: str, value: AttributeValue) -> bytes:
    return bytes_field(number, _key_value(key, value))


def _key_value(key: str, value: AttributeValue) -> bytes:
    return text_field(1, key) + bytes_field(2, _any_value(value))


def _any_value(value: AttributeValue) -> bytes:
    if isinstance(value, bool):
        return varint_field(2, int(value))
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return varint(3 << 3) + int64(value)
    if isinstance(value, float):
        return double_field(4, value)
    return text_field(1, str(value))
