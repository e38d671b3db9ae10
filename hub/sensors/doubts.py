"""Doubts: values that stand still or cannot be, and clocks that are wrong, judged message by message.

A value that a working sensor of its kind cannot keep (`Number.moves`) and that is exactly the same for a day, is stuck.
One that is physically impossible is refused by the door each time; after three in a row it is said once. A device's
clock is wrong when three messages in a row were off by more than the door tolerates. Pure: times come in with the
messages.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from hub.events import time_from_text, time_to_text
from hub.sensors.errors import PayloadError
from hub.sensors.parsing import Observation

STUCK_AFTER = timedelta(hours=24)
STUCK_SAYINGS = 6
"""A value is stuck after so long, and after so many equal messages: one or two a day prove nothing."""

NOTED_AFTER = timedelta(hours=6)
"""A value that stands still for so long is remembered, so that a restart does not begin to count afresh."""

IN_A_ROW = 3
"""So many wrong messages raise a doubt, and so many good ones end it."""

CLOCK_TOLERANCE_S = 120.0

NONE, STUCK, IMPOSSIBLE = "none", "stuck", "impossible"


class ValueDoubt:
    """What to think of one value of one sensor."""

    __slots__ = ("_bad", "_good", "_same", "doubt", "since", "value")

    def __init__(self) -> None:
        self.doubt = NONE
        self.value: float | None = None
        """The newest value; of an impossible one what was refused."""
        self.since: datetime | None = None
        """From when on it has been the same."""
        self._same = self._bad = self._good = 0

    def good(self, value: float, at: datetime, *, moves: bool) -> bool:
        """A possible value came; whether the doubt changed."""
        before, self._bad = self.doubt, 0
        self._good += 1
        if value != self.value or self.since is None:
            self.value, self.since, self._same = value, at, 1
            if self.doubt == STUCK:
                self.doubt = NONE
        else:
            self._same += 1
        if self.doubt == IMPOSSIBLE and self._good >= IN_A_ROW:
            self.doubt = NONE
        if self.doubt == NONE and moves and self._same >= STUCK_SAYINGS and at - self.since >= STUCK_AFTER:
            self.doubt = STUCK
        return self.doubt != before

    def impossible(self, value: float) -> bool:
        """A value was refused as impossible; whether the doubt changed."""
        before, self._good = self.doubt, 0
        self._bad += 1
        if self._bad >= IN_A_ROW:
            self.doubt, self.value, self.since, self._same = IMPOSSIBLE, value, None, 0
        return self.doubt != before

    def to_json(self, now: datetime) -> dict[str, Any] | None:
        """What is to be remembered; None while there is nothing to doubt."""
        still = self.since is not None and now - self.since >= NOTED_AFTER
        if self.doubt == NONE and not still:
            return None
        since = None if self.since is None else time_to_text(self.since)
        return {"doubt": self.doubt, "value": self.value, "since": since}

    def restore(self, body: dict[str, Any]) -> None:
        """Begin with what an earlier run knew."""
        self.doubt, self.value = str(body["doubt"]), body["value"]
        self.since = None if body["since"] is None else time_from_text(body["since"])
        self._same = 0 if self.since is None else STUCK_SAYINGS


class ClockDoubt:
    """What to think of the clock of one device."""

    __slots__ = ("_bad", "_good", "_last", "skew_s", "wrong")

    def __init__(self) -> None:
        self.wrong = False
        self.skew_s = 0.0
        """By how much it was off in the newest message, positive when it is ahead."""
        self._bad = self._good = 0
        self._last: tuple[datetime, datetime] | None = None

    def said(self, at: datetime, arrived: datetime) -> bool:
        """The device gave its time; whether the doubt changed.

        What waited in a queue arrives late with the right time: it comes faster than its times advance, and proves
        nothing.
        """
        before, last = self.wrong, self._last
        self._last = at, arrived
        skew_s = (at - arrived).total_seconds()
        if abs(skew_s) <= CLOCK_TOLERANCE_S:
            self._bad, self._good = 0, self._good + 1
            if self._good >= IN_A_ROW:
                self.wrong = False
        elif skew_s > 0 or last is None or at - last[0] <= arrived - last[1] + timedelta(seconds=1):
            self._bad, self._good = self._bad + 1, 0
            if self._bad >= IN_A_ROW:
                self.wrong = True
        self.skew_s = round(skew_s, 3)
        return self.wrong != before

    def to_json(self) -> dict[str, Any] | None:
        """What is to be remembered; None while the clock is right."""
        return {"skew_s": self.skew_s} if self.wrong else None

    def restore(self, body: dict[str, Any]) -> None:
        """Begin with what an earlier run knew."""
        self.wrong, self.skew_s = True, float(body["skew_s"])


def implausible_values(observation: Observation, mistakes: Iterable[PayloadError]) -> list[tuple[str, float]]:
    """The numbers that the door refused as impossible, by name as a reading has it."""
    found: list[tuple[str, float]] = []
    of = "" if observation.subject is None else f"@{observation.subject}"
    for mistake in mistakes:
        path = mistake.detail.partition(":")[0]
        value = observation.fields.get(path.removeprefix(f"{observation.kind}."))
        if mistake.reason == "implausible" and isinstance(value, int | float | str):
            found.append((f"{path}{of}", float(value)))
    return found
