"""Ages: what time it is to whoever removes by age, and whether that can be believed.

A clock that is ahead for a moment would make every recording old. So nothing is old while the clock was set by more
than some minutes, or says at a start that far more time went by than anybody knows of, until it has run evenly for a
day or a person says that it is right. What is known outlives a restart. Recordings that a clock dated before there was
this program count from when they were first known of while the clock was believed: marks are numbered as they come.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hub.clock import Clock
from hub.events import time_from_text, time_to_text

logger = logging.getLogger(__name__)

FLOOR = datetime(2025, 1, 1, tzinfo=UTC)
"""Nothing was recorded before; what says so was dated by a clock that had not been set."""
SAYS_SO = "clock-is-right"
"""A file of this name in the data folder is a person's word; it is taken away when it was heard."""
FILE = "recordings-clock.json"

_STEP = timedelta(minutes=10)
"""What a clock may be set by, all in all, before ages are held: of days it is nothing."""
_FAR = timedelta(days=1)
_STEADY_S = 86_400.0
_SAVE_EVERY_S = 300.0
_MOST_NUMBERS = 4000
"""A day each: longer than anything may be kept."""


class Ages:
    """Says when now is. For one thread; `held` for any."""

    def __init__(
        self,
        clock: Clock,
        *,
        folder: Path,
        newest: Callable[[], datetime | None],
        number: Callable[[], int],
    ) -> None:
        """Prepare; nothing is read before the first `now`.

        Args:
            clock: The hub's.
            folder: The data folder, where what is known is kept.
            newest: When the newest of all recordings began.
            number: How many marks were ever stored, counted on.
        """
        self._clock = clock
        self._folder = folder
        self._newest = newest
        self._number = number
        self._apart: timedelta | None = None
        self._steady_s = 0.0
        self._steady_since_s = 0.0
        self._saved_s: float | None = None
        self._saves = True
        self._seen: datetime | None = None
        self._numbers: list[tuple[int, datetime]] = []
        self.held: str | None = None
        """Why nothing counts as old; None when ages go by the clock."""

    def now(self) -> datetime | None:
        """The time; None while it cannot be believed."""
        wall, monotonic_s = self._clock.now(), self._clock.monotonic_s()
        apart = timedelta(seconds=wall.timestamp() - monotonic_s)
        if self._apart is None:
            self._begin(wall, monotonic_s)
            self._apart = apart
        elif abs(apart - self._apart) > _STEP:
            self._hold(f"the clock was set by {apart - self._apart}", monotonic_s)
            self._apart = apart
        if self.held is not None:
            self._look_whether_over(monotonic_s)
        if self._saved_s is None or monotonic_s - self._saved_s >= _SAVE_EVERY_S:
            self._saved_s = monotonic_s
            self._save(wall, monotonic_s)
        return wall if self.held is None else None

    def known_by(self, moment: datetime) -> int | None:
        """The number of the newest marks that were surely stored by then; None when nobody knows."""
        return max((number for number, at in self._numbers if at <= moment), default=None)

    def _begin(self, wall: datetime, monotonic_s: float) -> None:
        self._steady_since_s = monotonic_s
        known = self._read()
        self._seen = _time(known.get("seen"))
        self._numbers = [(number, at) for number, text in known.get("numbers", ()) if (at := _time(text))]
        last, before = _time(known.get("at")), known.get("held")
        if isinstance(before, str):
            self._hold(before, monotonic_s)
            if last is not None and -_STEP <= wall - last <= _FAR:
                self._steady_s = float(known.get("steady_s", 0.0))
            return
        reference = self._seen or self._newest()
        if reference is not None and (wall - reference > _FAR or (self._seen and reference - wall > _FAR)):
            self._hold(
                f"the clock says {time_to_text(wall)}, and {time_to_text(reference)} was last known", monotonic_s
            )

    def _hold(self, reason: str, monotonic_s: float) -> None:
        self.held = reason
        self._steady_s, self._steady_since_s = 0.0, monotonic_s
        self._saved_s = None
        logger.warning("no recording counts as old until the clock is steady for a day", extra={"reason": reason})

    def _look_whether_over(self, monotonic_s: float) -> None:
        word = self._folder / SAYS_SO
        is_said = word.exists()
        if not is_said and self._steady_s + monotonic_s - self._steady_since_s < _STEADY_S:
            return
        if is_said:
            word.unlink(missing_ok=True)
        self.held, self._saved_s = None, None
        logger.warning("recordings go by their age again", extra={"somebody_said_so": is_said})

    def _read(self) -> dict[str, Any]:
        try:
            known = json.loads((self._folder / FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _save(self, wall: datetime, monotonic_s: float) -> None:
        if self.held is None:
            self._seen = wall
            if not self._numbers or wall - self._numbers[-1][1] >= _FAR:
                self._numbers = [*self._numbers, (self._number(), wall)][-_MOST_NUMBERS:]
        known = {
            "at": time_to_text(wall),
            "seen": None if self._seen is None else time_to_text(self._seen),
            "held": self.held,
            "steady_s": round(self._steady_s + monotonic_s - self._steady_since_s),
            "numbers": [(number, time_to_text(at)) for number, at in self._numbers],
        }
        draft = self._folder / f".{FILE}"
        try:
            draft.write_text(json.dumps(known), encoding="utf-8")
            draft.replace(self._folder / FILE)
        except OSError as error:
            if self._saves:
                logger.warning("what is known of the clock cannot be kept", extra={"reason": str(error)})
        else:
            self._saves = True
            return
        self._saves = False


def _time(text: object) -> datetime | None:
    try:
        return time_from_text(text) if isinstance(text, str) else None
    except ValueError:
        return None
