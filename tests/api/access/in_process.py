"""Calls of the application without a socket: one event loop in a thread of its own, a task for every call.

The loop runs one task as long as it lives, as a server's does, so that the threads of its routes are kept from call to
call. No cookie of one call is sent with another.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, MutableMapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import httpx
from starlette.types import ASGIApp

T = TypeVar("T")

ADDRESS = ("203.0.113.9", 4711)
"""Who calls: not this machine."""
BASE = "http://127.0.0.1"
WITHIN_S = 60.0


class InProcess:
    """An application that is called in this process; `close` it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="application", daemon=True)
        self._thread.start()

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Call and have the whole answer; whatever `httpx.Request` takes. What a route raises is an answer 500."""
        request = httpx.Request(method, path if "://" in path else BASE + path, **more)
        return self._wait(self._request(request, request.read()))

    def knock(self, path: str, query: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> int:
        """Try to open a WebSocket; gives the status of the answer, 101 when it is let in."""
        return self._wait(self._knock(path, query, headers))

    def close(self) -> None:
        """End what still runs."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(WITHIN_S)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._live())

    async def _live(self) -> None:
        await self._over.wait()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WITHIN_S)

    async def _request(self, request: httpx.Request, body: bytes) -> httpx.Response:
        asked, answered = [{"type": "http.request", "body": body, "more_body": False}], asyncio.Event()
        begun: MutableMapping[str, Any] = {"status": 500, "headers": []}
        parts: list[bytes] = []

        async def receive() -> MutableMapping[str, Any]:
            if asked:
                return asked.pop()
            await answered.wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                begun.update(message)
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                answered.set()

        url = request.url
        scope = {
            "type": "http", "method": request.method, "scheme": url.scheme, "http_version": "1.1",
            "path": url.path, "raw_path": url.raw_path.partition(b"?")[0], "query_string": url.query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
        }  # fmt: skip
        try:
            await self.app({**scope, **_WHERE}, receive, send)
        except Exception as error:  # noqa: BLE001 - as a server does
            if not parts:
                parts.append(repr(error).encode())
        finally:
            answered.set()
        sent = b"" if request.method == "HEAD" else b"".join(parts)
        answer = httpx.Response(
            begun["status"], headers=list(begun["headers"]), stream=httpx.ByteStream(sent), request=request
        )
        answer.read()
        answer.elapsed = timedelta(0)  # a client would say
        return answer

    async def _knock(self, path: str, query: str, headers: Sequence[tuple[bytes, bytes]]) -> int:
        said: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "websocket.connect"} if not said else {"type": "websocket.disconnect", "code": 1000}

        async def send(message: MutableMapping[str, Any]) -> None:
            said.append(message)

        scope = {
            "type": "websocket", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "headers": [(b"host", b"127.0.0.1"), *headers], "subprotocols": [], "scheme": "ws",
            "extensions": {"websocket.http.response": {}}, "state": {},
        }  # fmt: skip
        await self.app({**scope, **_WHERE}, receive, send)
        first = said[0]
        return 101 if first["type"] == "websocket.accept" else int(first.get("status", 403))


_WHERE = {"client": ADDRESS, "server": ("127.0.0.1", 80), "root_path": "", "asgi": {"version": "3.0"}}
