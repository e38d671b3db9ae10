"""Readiness: whether each part that must work does, asked at most once a second however often somebody looks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as FutureTimeoutError

from hub.clock import Clock
from hub.errors import HubError
from hub.store.database import Database

logger = logging.getLogger(__name__)

_FRESH_S = 1.0  # the address is open to everybody, so looking must not become work
_WRITE_S = 2.0  # a commit takes milliseconds; one that takes this long is no writable database


class Readiness:
    """The checks of one hub. Safe from any thread."""

    def __init__(self, checks: Mapping[str, Callable[[], bool]], clock: Clock) -> None:
        """Look with `checks`, each by the name of its part."""
        self._checks = dict(checks)
        self._clock = clock
        self._lock = threading.Lock()
        self._looked_s: float | None = None
        self._found: Mapping[str, bool] = dict.fromkeys(checks, False)

    def __call__(self) -> Mapping[str, bool]:
        """Whether each part works."""
        with self._lock:
            now_s = self._clock.monotonic_s()
            if self._looked_s is None or now_s - self._looked_s >= _FRESH_S:
                self._found = {name: _works(name, check) for name, check in self._checks.items()}
                self._looked_s = now_s
            return self._found


def takes_writes(database: Database) -> bool:
    """Whether the database commits, now."""
    return database.submit(lambda _connection: True, timeout_s=_WRITE_S).result(_WRITE_S)


def _works(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (HubError, FutureTimeoutError) as error:
        logger.warning("part is not ready", extra={"part": name, "reason": str(error) or type(error).__name__})
        return False
