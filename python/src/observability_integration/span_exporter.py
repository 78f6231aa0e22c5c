"""Spans leave the application in batches, from a thread of their own, and never hold it up."""

from __future__ import annotations

import http.client
import logging
import os
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from . import otlp
from .tracing import AttributeValue, Span

logger = logging.getLogger(__name__)

QUEUE_SPANS = 8_192
"""Spans that wait; when there are so many, new ones are dropped and counted."""

BATCH_SPANS = 512
"""Spans in one request, and how many make the thread look before its time."""

FLUSH_SECONDS = 1.0
"""The longest that a span waits before it is sent."""

RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0, 5.0)
"""Pauses after one failure, two, and so on; the last one is kept to, so that a stack that comes back is found soon."""

GIVE_UP_SECONDS = 30.0
"""A batch that cannot be delivered for so long is dropped, and counted."""

RETRIED_STATUSES = frozenset({429, 502, 503, 504})
"""Answers after which the same batch may be accepted later."""


class SpanExporter:
    """Sends spans to an OTLP/HTTP receiver.

    `submit` is called from any thread, does not block and does not raise. Whether a stack listens is its own affair: that none
    does is said once, and once more when it comes.
    """

    def __init__(self, endpoint: str, resource: Mapping[str, AttributeValue], version: str, headers: Mapping[str, str] | None = None,
                 timeout_seconds: float = 10.0, tap: Callable[[Span], None] | None = None) -> None:
        """`endpoint` is a whole URL such as `http://localhost:4318/v1/traces`; `tap` sees each span before it is sent.

        Raises `ValueError` when the endpoint is not one.
        """
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"the OTLP endpoint is {endpoint!r}; it should be like http://localhost:4318/v1/traces")
        self.endpoint = endpoint
        self._make_connection = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._address, self._port = parts.hostname, parts.port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._headers = {"Content-Type": "application/x-protobuf", "User-Agent": f"observability-integration/{version}", **(headers or {})}
        self._resource_attributes = dict(resource)
        self._version = version
        self._timeout_seconds = timeout_seconds
        self._tap = tap
        self._is_unreachable = False
        self._start()
        if hasattr(os, "register_at_fork"):
            this = weakref.ref(self)
            os.register_at_fork(after_in_child=lambda: _restart(this()))

    def submit(self, span: Span) -> None:
        """Takes an ended span; drops it when as many as may wait are waiting."""
        with self._lock:
            self._submitted += 1
            waiting = len(self._queue)
            if waiting >= QUEUE_SPANS or self._is_closed:
                self.dropped += 1
                return
            self._queue.append(span)
        if waiting + 1 == BATCH_SPANS:
            self._wake.set()

    def flush(self, timeout_seconds: float = 5.0) -> bool:
        """Sends what waits now; whether all of it was settled, one way or the other, within the time."""
        deadline, submitted = time.monotonic() + timeout_seconds, self._submitted
        self._is_flushing = True
        self._wake.set()
        while (settled := self.sent + self.dropped) < submitted and time.monotonic() < deadline and self._thread.is_alive():
            time.sleep(0.005)
        self._is_flushing = False
        return settled >= submitted

    def close(self, timeout_seconds: float = 2.0) -> None:
        """Takes no more, tries once to send what waits, and ends the thread; what is not away in time is dropped and counted."""
        self._deadline = time.monotonic() + timeout_seconds
        self._is_closed = True
        self._wake.set()
        self._thread.join(timeout_seconds + 0.5)

    def _start(self) -> None:
        self._queue: deque[Span] = deque()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self.sent = 0
        self.dropped = 0
        self._submitted = 0
        self._is_closed = False
        self._is_flushing = False
        self._deadline = 0.0
        self._connection: http.client.HTTPConnection | None = None
        self._resource = otlp.encode_resource({**self._resource_attributes, "process.pid": os.getpid()})
        self._thread = threading.Thread(target=self._run, name="span-exporter", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            if len(self._queue) < BATCH_SPANS and not self._is_closed and not (self._is_flushing and self._queue):
                self._wake.wait(FLUSH_SECONDS)
            self._wake.clear()
            while batch := self._next_batch():
                try:
                    self._deliver(batch)
                except Exception as error:  # Telemetry must not end because of one span that nobody thought of.
                    self._count(0, len(batch))
                    logger.warning("%d spans could not be sent: %r", len(batch), error)
            if self._is_closed:
                if self._connection:
                    self._connection.close()
                return

    def _next_batch(self) -> list[Span]:
        queue = self._queue
        batch: list[Span] = []
        while queue and len(batch) < BATCH_SPANS:
            batch.append(queue.popleft())
        if self._tap:
            for span in batch:
                self._tap(span)
        return batch

    def _deliver(self, batch: list[Span]) -> None:
        body = otlp.encode_request(self._resource, "observability_integration", self._version, batch)
        give_up, attempt = time.monotonic() + GIVE_UP_SECONDS, 0
        while True:
            outcome = self._post(body)
            if isinstance(outcome, int):
                rejected = min(outcome, len(batch))
                self._count(len(batch) - rejected, rejected)
                return
            self._say_unreachable(outcome)
            if self._is_closed or self._is_flushing or time.monotonic() > give_up or outcome.startswith("refused"):
                self._count(0, len(batch))
                return
            self._pause(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
            attempt += 1

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not (self._is_closed or self._is_flushing) and (rest := until - time.monotonic()) > 0:
            self._wake.wait(rest)
            self._wake.clear()

    def _post(self, body: bytes) -> int | str:
        """How many spans were rejected, or in words why the request failed; `refused …` when it would fail again."""
        timeout = self._timeout_seconds
        if self._is_closed:
            timeout = min(timeout, self._deadline - time.monotonic())
            if timeout <= 0:
                return "the application ends"
        # A connection that was kept may have been closed by the other side meanwhile: that is no failure yet.
        for is_fresh in (self._connection is None, True):
            if self._connection is None:
                self._connection = self._make_connection(self._address, self._port, timeout=timeout)
            elif self._connection.sock is not None:
                self._connection.sock.settimeout(timeout)
            try:
                self._connection.request("POST", self._path, body, self._headers)
                response = self._connection.getresponse()
                answer = response.read(65_536)
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                self._connection = None
                if is_fresh:
                    return f"{type(error).__name__}: {error}"
                continue
            if not response.isclosed():
                self._connection.close()
                self._connection = None
            if response.status == 200:
                if self._is_unreachable:
                    self._is_unreachable = False
                    logger.info("spans are delivered to %s again", self.endpoint)
                return otlp.rejected_spans(answer)
            prefix = "status" if response.status in RETRIED_STATUSES else "refused with status"
            return f"{prefix} {response.status}: {answer[:200].decode('utf-8', 'replace')}"
        return "no connection"

    def _say_unreachable(self, reason: str) -> None:
        if not self._is_unreachable:
            self._is_unreachable = True
            logger.warning("no spans are delivered to %s (%s); the application goes on, spans that cannot wait are dropped", self.endpoint, reason)

    def _count(self, sent: int, dropped: int) -> None:
        with self._lock:
            self.sent += sent
            self.dropped += dropped


def _restart(exporter: SpanExporter | None) -> None:
    # In a forked child there is no thread, and locks may be held by threads that are not there.
    if exporter is not None and not exporter._is_closed:
        exporter._start()


def print_span(span: Span) -> None:
    """One line on standard error: what `enable_console_traces` shows."""
    status = ("", " ok", " ERROR " + span.status_message)[span.status]
    milliseconds = (span.end_unix_nano - span.start_unix_nano) / 1e6
    print(f"{span.trace_id.hex()} {span.name} {milliseconds:.3f} ms{status}", file=sys.stderr)
