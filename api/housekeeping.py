"""Housekeeping: once a day, what is older than it is to be kept is removed from the store."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from config.machine import Keep
from hub.clock import Clock
from hub.errors import StoreClosedError, StoreError
from hub.store.event_log import EventLog

logger = logging.getLogger(__name__)

_FIRST_S = 300.0  # not while the hub is still starting its cameras
_EVERY_S = 86_400.0


class Housekeeping:
    """Prunes events and readings, in a thread of its own."""

    def __init__(self, event_log: EventLog, keep: Keep, clock: Clock) -> None:
        """Keep what `keep` says."""
        self._event_log = event_log
        self._keep = keep
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Begin; the first round comes after five minutes."""
        self._thread.start()

    def stop(self) -> None:
        """End; a round under way ends when the store closes."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def tidy(self) -> None:
        """One round."""
        now = self._clock.now()
        pruned = self._event_log.prune(
            events_before=now - timedelta(days=self._keep.events_days),
            readings_before=now - timedelta(days=self._keep.readings_days),
        )
        logger.info("old entries removed", extra={"events": pruned.events, "readings": pruned.readings})

    def _run(self) -> None:
        pause_s = _FIRST_S
        while not self._clock.wait(self._stopping, pause_s):
            pause_s = _EVERY_S
            try:
                self.tidy()
            except StoreClosedError:
                return
            except StoreError:
                logger.exception("old entries not removed, trying again tomorrow")
