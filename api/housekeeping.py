"""Housekeeping: rolls readings up as their hours pass, and removes once a day what is older than it is to be kept.

All of it in small pieces with pauses between them, so that no alert waits behind the cleaning.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from config.machine import Keep
from hub.clock import Clock
from hub.errors import StoreClosedError, StoreError
from hub.store.event_log import EventLog
from hub.store.raw_messages import RawMessages
from hub.store.rollups import RollUps

logger = logging.getLogger(__name__)

_FIRST_S = 300.0  # not while the hub is still starting its cameras
_EVERY_S = 60.0
_TIDY_EVERY_S = 86_400.0
_BETWEEN_STEPS_S = 0.05
"""Between two steps of rolling up: others come first."""


class Housekeeping:
    """Rolls up and prunes, in a thread of its own."""

    def __init__(
        self, event_log: EventLog, rollups: RollUps, keep: Keep, clock: Clock, *, raw: RawMessages | None = None
    ) -> None:
        """Keep what `keep` says."""
        self._raw = raw
        self._event_log = event_log
        self._rollups = rollups
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

    def roll_up(self) -> None:
        """Roll up what is due, until nothing is or the hub stops."""
        while self._rollups.step(self._clock.now()):
            if self._clock.wait(self._stopping, _BETWEEN_STEPS_S):
                return

    def tidy(self) -> None:
        """Remove what is too old."""
        now = self._clock.now()
        events = self._event_log.prune(now - timedelta(days=self._keep.events_days))
        pruned = self._rollups.prune(
            raw_before=now - timedelta(days=self._keep.readings_days),
            minutes_before=now - timedelta(days=self._keep.minutes_days),
            hours_before=now - timedelta(days=self._keep.hours_days),
        )
        raw = 0 if self._raw is None else self._raw.prune(now - timedelta(days=self._keep.raw_days))
        logger.info(
            "old entries removed",
            extra={
                "raw_messages": raw,
                "events": events,
                "readings": pruned.raw,
                "minutes": pruned.minutes,
                "hours": pruned.hours,
            },
        )

    def _run(self) -> None:
        pause_s, tidy_at_s = _FIRST_S, self._clock.monotonic_s()
        while not self._clock.wait(self._stopping, pause_s):
            pause_s = _EVERY_S
            try:
                self.roll_up()
                if self._clock.monotonic_s() >= tidy_at_s:
                    tidy_at_s = self._clock.monotonic_s() + _TIDY_EVERY_S
                    self.tidy()
            except StoreClosedError:
                return
            except StoreError:
                logger.exception("readings not rolled up or old entries not removed, trying again later")
