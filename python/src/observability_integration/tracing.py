"""Spans, their ids, and which of them is current."""

from __future__ import annotations

import hashlib
import os
import random
import string
import time
from contextvars import ContextVar

AttributeValue = str | bool | int | float

MAX_ATTRIBUTES = 128
"""Attributes that one span keeps; further ones are dropped."""

MAX_TEXT = 4_096
"""Characters of an attribute's or a message's text that are kept."""

STATUS_UNSET, STATUS_OK, STATUS_ERROR = 0, 1, 2

current_span: ContextVar[Span | None] = ContextVar("observability_current_span", default=None)
"""The span that runs in this task; tasks that it starts inherit it."""

_random = random.Random()
if hasattr(os, "register_at_fork"):
    # Two processes that share the state of one generator would make the same ids.
    os.register_at_fork(after_in_child=lambda: _random.seed())


class SpanEvent:
    """Something that happened at one moment of a span."""

    __slots__ = ("attributes", "name", "time_unix_nano")

    def __init__(self, name: str, time_unix_nano: int, attributes: dict[str, AttributeValue]) -> None:
        self.name = name
        self.time_unix_nano = time_unix_nano
        self.attributes = attributes


class Span:
    """One timed operation. Ids are bytes: 16 of the trace, 8 of the span, 8 or none of its parent."""

    __slots__ = (
        "_started", "attributes", "end_unix_nano", "events", "name", "parent_id", "span_id", "start_unix_nano", "status", "status_message", "trace_id",
    )

    def __init__(self, name: str, trace_id: bytes, parent_id: bytes = b"", attributes: dict[str, AttributeValue] | None = None) -> None:
        """Starts now."""
        self.name = name
        self.trace_id = trace_id
        self.span_id = new_span_id()
        self.parent_id = parent_id
        self.attributes: dict[str, AttributeValue] = {} if attributes is None else attributes
        self.events: list[SpanEvent] = []
        self.status = STATUS_UNSET
        self.status_message = ""
        self.end_unix_nano = 0
        self.start_unix_nano = time.time_ns()
        self._started = time.perf_counter_ns()

    def set_attribute(self, key: str, value: AttributeValue) -> None:
        """Says something about the span; what was said before under this key is replaced."""
        if len(self.attributes) < MAX_ATTRIBUTES or key in self.attributes:
            self.attributes[key] = value[:MAX_TEXT] if isinstance(value, str) else value

    def record_error(self, error: BaseException) -> None:
        """Makes the status an error, with the exception as an event, as OpenTelemetry's conventions have it."""
        message = str(error)[:MAX_TEXT]
        self.status, self.status_message = STATUS_ERROR, message or type(error).__name__
        described: dict[str, AttributeValue] = {"exception.type": qualified_name(type(error)), "exception.message": message}
        self.events.append(SpanEvent("exception", self._now(), described))

    def end(self) -> float:
        """Ends now, once; how long it took in seconds. Measured on a clock that is never set back."""
        self.end_unix_nano = self._now()
        return (self.end_unix_nano - self.start_unix_nano) / 1e9

    def _now(self) -> int:
        return self.start_unix_nano + time.perf_counter_ns() - self._started


def qualified_name(kind: type) -> str:
    """A type's name with its module, which is left out for what is built in."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def new_span_id() -> bytes:
    """Eight random bytes, not all zero."""
    return (_random.getrandbits(64) or 1).to_bytes(8, "big")


def new_trace_id() -> bytes:
    """Sixteen random bytes, not all zero."""
    return (_random.getrandbits(128) or 1).to_bytes(16, "big")


def trace_id_of(text: str) -> bytes:
    """The trace that a free-form id such as `req-123` names, always the same: 32 hexadecimal digits, not all zero, are
    themselves; of anything else it is the beginning of its SHA-256."""
    if len(text) == 32 and set(text) <= _HEX_DIGITS and text.strip("0"):
        return bytes.fromhex(text)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def span_id_of(text: str | None) -> bytes:
    """The span that 16 hexadecimal digits, not all zero, name; of anything else none."""
    if text is not None and len(text) == 16 and set(text) <= _HEX_DIGITS and text.strip("0"):
        return bytes.fromhex(text)
    return b""


_HEX_DIGITS = frozenset(string.hexdigits)
