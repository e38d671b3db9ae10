"""Watch: follows a hub's live feed over HTTP, as any client would, and hands on every entry.

Signs in with user name and password, resumes from its own place after a break, and never waits for its owner: entries
are handed on in this thread.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from hub.clock import Clock

logger = logging.getLogger(__name__)

_SILENCE_S = 40.0
"""The feed beats every 15 s: after two and a half beats nobody is there."""
_AGAIN_S = 1.0
_OK = 200

Entry = Mapping[str, Any]
"""One journal entry, as JSON."""


class FeedWatch:
    """Follows `/api/v1/feed` from its first entry in a thread of its own."""

    def __init__(
        self, url: str, *, username: str, password: str, clock: Clock, on_entry: Callable[[Entry], None]
    ) -> None:
        """Take the hub's address, an account, and who is handed the entries."""
        self._host = urlsplit(url).netloc
        self._form = urlencode({"username": username, "password": password, "grant_type": "password"})
        self._clock = clock
        self._on_entry = on_entry
        self._place = "0"
        self._ended = threading.Event()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End; may be called twice."""
        self._ended.set()
        if (open_socket := self._socket) is not None:
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)  # wakes the reader
        if self._thread.is_alive():
            self._thread.join(5.0)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                for entry in self._entries():
                    self._on_entry(entry)
            except (OSError, http.client.HTTPException, ValueError) as error:
                if not self._ended.is_set():
                    logger.info("feed broke", extra={"reason": str(error)})
            self._clock.wait(self._ended, _AGAIN_S)

    def _entries(self) -> Iterator[Entry]:
        """The entries from our place on, until the stream ends."""
        connection = http.client.HTTPConnection(self._host, timeout=_SILENCE_S)
        try:
            headers = {"Authorization": f"Bearer {self._sign_in(connection)}", "Last-Event-ID": self._place}
            connection.request("GET", "/api/v1/feed", headers=headers)
            self._socket = connection.sock
            response = connection.getresponse()
            if response.status != _OK:
                raise ValueError(f"the feed answered {response.status}")
            name = ""
            for line in response:
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field == "id":
                    self._place = value
                elif field == "event":
                    name = value
                elif field == "data" and name != "hello":
                    yield json.loads(value)
        finally:
            self._socket = None
            connection.close()

    def _sign_in(self, connection: http.client.HTTPConnection) -> str:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/api/v1/auth/token", body=self._form, headers=headers)
        response = connection.getresponse()
        body = response.read()
        if response.status != _OK:
            raise ValueError(f"sign-in answered {response.status}")
        return str(json.loads(body)["access_token"])
