"""Rates: how much a sensor says, and what is too much; a stuck device must not flood the store.

Each sensor has a bucket of tokens: full it holds a burst, it fills at the rate that may go on for long, and a message
that finds it empty is thinned out. What saves lives passes all the same: a state that changes, and of a help button one
press a second. So does the beginning and the end of a state, which else would never end. One more bucket is shared by
all that nobody configured. Pure: times come in; memory is bounded by the sensors there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from hub.events import Event, FieldValue, Phase
from hub.sensors.kinds import KINDS

LIFE_SAFETY_KINDS = frozenset(
    {"smoke", "heat", "flame", "gas", "co", "fire_call", "arc", "residual_current", "water_leak", "sos", "fall"}
)
"""What these observe passes when it changes; of a sensor marked `life_safety` that holds for every kind."""

PRESS_S = 1.0
"""Of equal presses, one passes in so many seconds, however many come."""

CALM_S = 60.0
"""A flood is over when nothing was thinned out for so long; the rate is counted over as long."""

_BIN_S = 5.0
_BOUNDS = frozenset({Phase.BEGAN, Phase.ENDED})
_STATES = 256  # of one sensor; a camera's tracks are many


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_s: float
    counted: deque[tuple[float, int]] = field(default_factory=deque)
    """Beginning of each bin, and messages in it."""
    thinned: int = 0
    thinned_s: float | None = None
    flooding: bool = False
    said: dict[tuple[str, str | None], dict[str, FieldValue]] = field(default_factory=dict)
    pressed_s: dict[str, float] = field(default_factory=dict)

    def count(self, now_s: float) -> None:
        if not self.counted or now_s - self.counted[-1][0] >= _BIN_S:
            self.counted.append((now_s, 0))
        begin_s, number = self.counted[-1]
        self.counted[-1] = begin_s, number + 1
        self.expire(now_s)

    def expire(self, now_s: float) -> None:
        while self.counted and now_s - self.counted[0][0] >= CALM_S:
            self.counted.popleft()

    @property
    def per_min(self) -> int:
        return sum(number for _, number in self.counted)


@dataclass(frozen=True, slots=True)
class Flood:
    """A flood began or is over.

    Attributes:
        sensor: Whose.
        flooding: It began.
        messages_per_min: What came in the last minute.
    """

    sensor: str
    flooding: bool
    messages_per_min: int


class Rates:
    """The buckets of all sensors."""

    def __init__(self, *, messages_per_min: int, burst: int) -> None:
        """Allow `burst` messages at once and `messages_per_min` for long."""
        self._rate_s = messages_per_min / 60
        self._burst = float(burst)
        self._credit = 0.0
        self._buckets: dict[str, _Bucket] = {}
        self._strangers = _Bucket(self._burst, 0.0)

    def keep(self, sensors: Collection[str]) -> None:
        """Forget every other sensor."""
        for sensor in self._buckets.keys() - set(sensors):
            del self._buckets[sensor]

    def admit(self, sensor: str, events: Sequence[Event], now_s: float, *, life_safety: bool = False) -> bool:
        """Whether a message of a sensor passes.

        Args:
            sensor: Its id.
            events: What the message holds.
            now_s: When it came, on a clock that does not jump.
            life_safety: The sensor is marked so.
        """
        bucket = self._buckets.get(sensor)
        if bucket is None:
            bucket = self._buckets[sensor] = _Bucket(self._burst + self._credit, now_s)
        bucket.count(now_s)
        takes = self._take(bucket, now_s)
        urgent = [each for each in events if life_safety or each.kind in LIFE_SAFETY_KINDS]
        bounds = any(each.phase in _BOUNDS for each in events)
        if not takes and not bounds and not any(_urgent(bucket, event, now_s) for event in urgent):
            bucket.thinned += 1
            bucket.thinned_s = now_s
            return False
        if len(bucket.said) >= _STATES:
            bucket.said.clear()
        for event in urgent:
            bucket.said[event.kind, event.subject] = _flags(event)
            if _is_one_shot(event):
                bucket.pressed_s[event.kind] = now_s
        return True

    def admit_stranger(self, now_s: float) -> bool:
        """Whether a refused message of nobody that is known is kept for inspection."""
        return self._take(self._strangers, now_s)

    def absent(self, seconds: float) -> None:
        """The hub was away for so long, and the broker kept for it what sensors said meanwhile: that is no flood."""
        self._credit = seconds * self._rate_s

    def pause(self, sensors: Iterable[str], now_s: float) -> None:
        """These could not be heard since their last message; what they said meanwhile comes now, and is no flood."""
        for sensor in sensors:
            bucket = self._buckets.get(sensor)
            if bucket is not None:
                bucket.tokens += (now_s - bucket.filled_s) * self._rate_s
                bucket.filled_s = now_s

    def tick(self, now_s: float) -> list[Flood]:
        """Floods that began or are over since the last call."""
        floods = []
        for sensor, bucket in self._buckets.items():
            thins = bucket.thinned_s is not None and now_s - bucket.thinned_s < CALM_S
            if thins != bucket.flooding:
                bucket.flooding = thins
                bucket.expire(now_s)
                floods.append(Flood(sensor, thins, bucket.per_min))
        return floods

    def flooding(self, sensor: str) -> bool:
        """Whether its messages are being thinned out."""
        bucket = self._buckets.get(sensor)
        return bucket is not None and bucket.flooding

    def restore(self, sensor: str, now_s: float) -> None:
        """An earlier run said that this sensor floods: say so when it does not any more."""
        self._buckets[sensor] = _Bucket(self._burst, now_s, thinned_s=now_s, flooding=True)

    def _take(self, bucket: _Bucket, now_s: float) -> bool:
        full = max(self._burst, bucket.tokens)  # what was credited is used up, and does not come back
        bucket.tokens = min(full, bucket.tokens + (now_s - bucket.filled_s) * self._rate_s)
        bucket.filled_s = now_s
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True


def _urgent(bucket: _Bucket, event: Event, now_s: float) -> bool:
    if _is_one_shot(event):
        pressed_s = bucket.pressed_s.get(event.kind)
        return pressed_s is None or now_s - pressed_s >= PRESS_S
    return bucket.said.get((event.kind, event.subject)) != _flags(event)


def _is_one_shot(event: Event) -> bool:
    """Not so for what a camera sees, which is not in the table of sensors."""
    return event.kind in KINDS and KINDS[event.kind].one_shot


def _is_press(event: Event) -> bool:
    kind = KINDS.get(event.kind)
    return kind is not None and kind.one_shot


def _flags(event: Event) -> dict[str, FieldValue]:
    """What of it is a state; a number that trembles is none."""
    return {name: value for name, value in event.fields.items() if isinstance(value, bool)}
