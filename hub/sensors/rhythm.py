"""Rhythm: how often a sensor speaks by itself, learned from when it did.

Only heartbeats teach: messages that the device sends because its time has come, not because something happened. So a
door without heartbeats has no rhythm, and its silence says nothing. Gaps weigh as much as they last: twenty openings
within a minute change nothing about an hourly heartbeat. Pure: times come in, nothing is read or stored.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

SILENT_GAPS = 3.0
"""So many intervals without a word are a silence."""

SHORTEST_SILENCE_S, LONGEST_SILENCE_S = 120.0, 7 * 86_400.0
"""A silence is never shorter; and who speaks so seldom that it would be longer has no rhythm."""

STEADY_HEARTBEATS, HEARTBEATS = 8, 24
"""Gaps that it takes until a rhythm is known, of a steady and of an unsteady one."""

STEADY_LEARNING_S, LEARNING_S = 600.0, 86_400.0
"""A steady rhythm must have been seen for more than a burst, an unsteady one for a day and a night."""

LONG_GAPS = 5
"""The long gaps that make the interval must have come so often."""

STEADY = 1.5
"""A rhythm is steady when its long gaps are at most so many times its middle ones."""

LATE_GAPS, LATE_FADES_S = 2.5, 7 * 86_400.0
"""A device that was late so often (three times within days) has another rhythm, to be learned afresh."""

MOST_WRONG = 5
"""Each time that it had to be learned afresh, it takes twice as long: from a day to 16."""

_LONG, _MIDDLE = 0.9, 0.5  # shares of the time
_STEP = 2**0.25  # a bucket is 19 % wide; the mean of what is in it counts, so a steady rhythm is known exactly
_FADES_S, _FADES_GAPS = (86_400.0, 7 * 86_400.0), 200.0
"""What was seen counts half after 200 such gaps, but never before a day and always after a week."""


@dataclass(slots=True)
class _Bucket:
    weight: float
    """Gaps, fading."""
    total_s: float


class Rhythm:
    """The rhythm of one sensor."""

    __slots__ = ("_buckets", "_heard_s", "_late", "_late_at_s", "_seen", "_seen_s", "_told", "_wrong")

    def __init__(self) -> None:
        self._buckets: dict[int, _Bucket] = {}
        self._heard_s: float | None = None
        self._late, self._late_at_s = 0.0, 0.0
        self._wrong = 0
        self._seen, self._seen_s = 0, 0.0
        self._told: tuple[float, bool] | None = None

    @property
    def interval_s(self) -> float | None:
        """Seconds between its heartbeats, long ones; None while that is not known."""
        return None if self._told is None else self._told[0]

    @property
    def steady(self) -> bool:
        """Whether it keeps time closely."""
        return self._told is not None and self._told[1]

    @property
    def silence_s(self) -> float | None:
        """Seconds without a word after which it is silent; None while that is not known."""
        return None if self._told is None else max(SHORTEST_SILENCE_S, SILENT_GAPS * self._told[0])

    def beat(self, now_s: float) -> None:
        """A heartbeat came, at `now_s` of a clock that does not jump."""
        before, self._heard_s = self._heard_s, now_s
        if before is None:
            return
        gap_s = now_s - before
        if gap_s <= 0:
            return
        limit_s = self.silence_s
        if limit_s is not None and gap_s > limit_s:
            self._late = 1 + self._late * 0.5 ** ((now_s - self._late_at_s) / LATE_FADES_S)
            self._late_at_s = now_s
            if self._late >= LATE_GAPS:
                self._begin_afresh()
            else:
                gap_s = limit_s  # an outage is no rhythm
        self._learn(gap_s)

    def pause(self) -> None:
        """Nobody listened: the gap that ends next says nothing."""
        self._heard_s = None

    def to_json(self) -> dict[str, Any] | None:
        """What is to be remembered; None while nothing is known."""
        if self._told is None:
            return {"wrong": self._wrong} if self._wrong else None
        return {"interval_s": round(self._told[0], 3), "steady": self._told[1], "wrong": self._wrong}

    def restore(self, body: dict[str, Any]) -> None:
        """Begin with what an earlier run knew."""
        self._wrong = int(body["wrong"])
        if "interval_s" not in body:
            return
        interval_s = float(body["interval_s"])
        self._told = (interval_s, bool(body["steady"]))
        self._seen, self._seen_s = HEARTBEATS, 2**MOST_WRONG * LEARNING_S
        self._buckets = {_bucket_of(interval_s): _Bucket(float(STEADY_HEARTBEATS), STEADY_HEARTBEATS * interval_s)}

    def _begin_afresh(self) -> None:
        self._buckets.clear()
        self._late = 0.0
        self._seen, self._seen_s = 0, 0.0
        self._told = None
        self._wrong += 1

    def _learn(self, gap_s: float) -> None:
        self._seen += 1
        self._seen_s += gap_s
        fade = 0.5 ** (gap_s / max(_FADES_S[0], min(_FADES_S[1], _FADES_GAPS * gap_s)))
        for number, bucket in list(self._buckets.items()):
            bucket.weight *= fade
            bucket.total_s *= fade
            if bucket.weight < 0.01:  # noqa: PLR2004 - a hundredth of a gap
                del self._buckets[number]
        bucket = self._buckets.setdefault(_bucket_of(gap_s), _Bucket(0.0, 0.0))
        bucket.weight += 1
        bucket.total_s += gap_s
        self._told = self._judge()

    def _judge(self) -> tuple[float, bool] | None:
        long_s, middle_s = self._share_s(_LONG), self._share_s(_MIDDLE)
        if SILENT_GAPS * long_s > LONGEST_SILENCE_S:
            return None
        steady = long_s <= STEADY * middle_s
        least, least_s = (STEADY_HEARTBEATS, STEADY_LEARNING_S) if steady else (HEARTBEATS, LEARNING_S)
        if self._wrong:
            least_s = max(least_s, LEARNING_S * 2 ** (min(self._wrong, MOST_WRONG) - 1))
        often = sum(each.weight for each in self._buckets.values() if each.total_s * STEADY >= each.weight * long_s)
        if self._seen < least or self._seen_s < least_s or often < LONG_GAPS:
            return None
        return long_s, steady

    def _share_s(self, share: float) -> float:
        """The gap up to which this share of the time lies in shorter ones."""
        wanted_s = share * sum(bucket.total_s for bucket in self._buckets.values())
        mean_s = 0.0
        for number in sorted(self._buckets):
            bucket = self._buckets[number]
            mean_s = bucket.total_s / bucket.weight
            wanted_s -= bucket.total_s
            if wanted_s <= 0:
                break
        return mean_s


def _bucket_of(gap_s: float) -> int:
    return round(math.log(max(gap_s, 0.001), _STEP))
