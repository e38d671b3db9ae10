"""A real HTTP server on 127.0.0.1 that answers as it is told and remembers what it was sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """Its JSON."""
        return json.loads(self.raw)


@dataclass
class Recipient:
    """What the server answers, in order (the last answer again and again), and what it got."""

    url: str = ""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=lambda: [(200, {})])
    received: list[Received] = field(default_factory=list)
    reply: Callable[[Received], bytes] = lambda _request: b""
    dead: Callable[[], bool] = lambda: False
    """While it is true, connections are cut before anything is read."""
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, request: Received) -> tuple[int, dict[str, str]]:
        """Remember a request, and say what to answer."""
        with self._changed:
            self.received.append(request)
            self._changed.notify_all()
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def waits_for(self, count: int, *, timeout_s: float = 10.0) -> list[Received]:
        """The requests, once there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.received) >= count, timeout_s), self.received
            return list(self.received)


@contextmanager
def web_recipient() -> Iterator[Recipient]:
    """A Recipient on a free port."""
    recipient = Recipient()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if recipient.dead():
                self.close_connection = True
                return
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            request = Received(self.path, dict(self.headers), raw)
            status, headers = recipient.take(request)
            body = recipient.reply(request)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        recipient.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield recipient
        finally:
            server.shutdown()
            thread.join()
