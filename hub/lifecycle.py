"""Lifecycle: what was started is stopped, in reverse order, once, and in bounded time.

Used by the two composition roots (`api/main.py`, `cameras/worker.py`): whatever starts pushes its stop at once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Lifecycle:
    """A stack of stops. `stop` may be called from any thread and any number of times."""

    def __init__(self, *, timeout_s: float = 8.0) -> None:
        """Give each stop at most `timeout_s` seconds before going on without it."""
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._stops: list[tuple[str, Callable[[], None]]] = []

    def push(self, name: str, stop: Callable[[], None]) -> None:
        """Remember how to stop what was just started."""
        with self._lock:
            self._stops.append((name, stop))

    def stop(self) -> None:
        """Stop everything in reverse order; a stop that fails or hangs is logged and passed over."""
        while True:
            with self._lock:
                if not self._stops:
                    return
                name, stop = self._stops.pop()
            runner = threading.Thread(target=_run, args=(name, stop), name=f"stop-{name}", daemon=True)
            runner.start()
            runner.join(self._timeout_s)
            if runner.is_alive():
                logger.error("stop hangs, going on without it", extra={"part": name, "timeout_s": self._timeout_s})


def _run(name: str, stop: Callable[[], None]) -> None:
    try:
        stop()
    except Exception:
        logger.exception("stop failed", extra={"part": name})
