"""The door at which the metrics of this process are scraped."""

from __future__ import annotations

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from . import exposition
from .metrics import Registry

MAX_CONNECTIONS = 16
"""Connections served at once; a further one is closed at once."""

IDLE_SECONDS = 60.0
"""A connection that says nothing for so long is closed."""


class MetricsServer:
    """Serves a registry at `/metrics` from threads of its own, which never keep the process from ending."""

    def __init__(self, registry: Registry, host: str, port: int) -> None:
        """Binds at once; port 0 takes a free one. Raises `OSError` when the port is taken."""

        class Handler(_MetricsHandler):
            metrics = registry

        self._server = _BoundedServer((host, port), Handler)
        self._is_stopping = False
        self._thread = threading.Thread(target=self._serve, name="metrics-server", daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it is bound to."""
        host, port = self._server.server_address[:2]
        return str(host), int(port)

    @property
    def url(self) -> str:
        """Where to scrape."""
        host, port = self.address
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/metrics"

    def close(self) -> None:
        """Stops serving and gives the port back."""
        self._is_stopping = True
        host, port = self.address
        try:
            # Wakes the accepting thread, which waits without a timeout so that an idle application stays idle.
            socket.create_connection(({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port), timeout=1).close()
        except OSError:
            pass
        self._thread.join(timeout=1)
        self._server.server_close()

    def abandon(self) -> None:
        """Lets go of the socket in a forked child, where there is no thread to serve it; the parent's is not touched."""
        self._server.socket.close()

    def _serve(self) -> None:
        while not self._is_stopping:
            self._server.handle_request()


class _BoundedServer(ThreadingHTTPServer):
    daemon_threads = True
    # A connection still open must not hold up the end of the application.
    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # As TCPServer does it: HTTPServer would ask the name service for the host's name, which can take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def get_request(self) -> tuple[Any, Any]:
        try:
            return super().get_request()
        except OSError:
            # Out of file descriptors: the connection stays in the queue, and asking again at once would only burn the processor.
            time.sleep(0.1)
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A scraper that went away is nothing to print a traceback about."""


class _MetricsHandler(BaseHTTPRequestHandler):
    metrics: Registry
    protocol_version = "HTTP/1.1"
    server_version = "observability-integration"
    sys_version = ""
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            # Several headers of one name are one list.
            if exposition.prefers_protobuf(",".join(self.headers.get_all("Accept", []))):
                self._answer(200, exposition.PROTOBUF_CONTENT_TYPE, exposition.render_protobuf(self.metrics.collect()))
            else:
                self._answer(200, exposition.TEXT_CONTENT_TYPE, exposition.render_text(self.metrics.collect()))
        elif path == "/":
            self._answer(200, "text/plain; charset=utf-8", b"The metrics of this application are at /metrics.\n")
        else:
            self._answer(404, "text/plain; charset=utf-8", b"There is /metrics here.\n")

    do_HEAD = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are no news on an application's standard error."""

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Vary", "Accept")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
