"""Budget: shares the time for inference among the cameras of one worker.

A worker may spend a set share of one core on inference. A third of it is for looks at what may burn, the rest for all
other looks; what either does not need the other may take. In each part every camera that asks gets its turns, one that
may hold an alert many times as often as the others. So the share holds, fires and alerts go first and nobody starves:
with L seconds a look, a part of P (of a core) and n askers of it, all alike, nobody waits longer than 1.5 x n x L / P.
Eighty urgent cameras at a share of 0.6 and 30 ms a look each look every 6 s, 9 s at the most, and one fire in the
making among them is looked at twice a second and more, with 14 ms a look.

A worker that has much else to do spends less: inference is what can wait, so it has what the rest leaves of the part
of a core that the worker may take in all (`Leftover`), and never less than a tenth of a core.

Used from the worker's analysis thread alone. The time is the caller's, so that a file analysed on its own time is never
short of it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

FIRE: Final = "fire"
"""The purpose of looks at what may burn."""

_FIRE_SHARE: Final = 1 / 3
"""Of all the time: ten to thirty looks a second at 0.6 of a core. Votes for a fire are forgotten within seconds."""
_FIRE_WEIGHT: Final = 32.0
"""Votes in the making weigh as much as the first looks of so many cameras: they come to nothing if they wait."""
_URGENT_WEIGHT: Final = 4.0
_SAVED_S: Final = 0.5
"""Inference time that may be saved up: a burst when several cameras wake at once, and no more."""
_OWED_S: Final = 0.1
"""The same that may be owed: the thread has the other cameras' pictures to go through meanwhile."""
_ASKING_S: Final = 2.0
"""A camera that asked within this time counts when the time is divided."""
_MOST_HZ: Final = 8.0
"""More often than that no camera looks, so that no more is kept for it."""
_FIRST_LOOK_S: Final = 0.05
"""What a look is taken to cost before one was measured: three runs of a 20 ms network, about."""
_USED_S: Final = 5.0
"""Over so long is taken what fires leave to the others."""
_LEAST_SHARE: Final = 0.1
"""Of a core, for inference, however much else there is to do: three looks a second."""
_MEASURED_S: Final = 5.0
"""How often it is measured what else the worker does."""


@dataclass(slots=True)
class _Asking:
    asked_s: float
    urgent: bool
    granted_s: float | None = None


@dataclass(slots=True)
class _Part:
    """One part of the time, and those who ask for it."""

    share: float
    most_s: float
    weight: float
    left_s: float
    look_s: float = _FIRST_LOOK_S
    used: float = 0.0
    asking: dict[tuple[str, str], _Asking] = field(default_factory=dict)

    def fill(self, seconds: float) -> float:
        """Take inference time; returns what did not go in."""
        over_s = max(0.0, self.left_s + seconds - self.most_s)
        self.left_s += seconds - over_s
        return over_s

    def grant(self, who: tuple[str, str], now_s: float, share: float, *, urgent: bool) -> bool:
        """Whether it is the turn of `who`, when `share` of a core is there for this part."""
        asking = self.asking.setdefault(who, _Asking(now_s, urgent))
        asking.asked_s, asking.urgent = now_s, urgent
        every_s = self._every_s(now_s, share, urgent=urgent)
        due = asking.granted_s is None or not 0 <= now_s - asking.granted_s < every_s
        # What is urgent may owe more and has what is spare sooner: so it goes first when time is short.
        spare = self.left_s > self.most_s / (4 if urgent else 2)
        if self.left_s < -_OWED_S * (2 if urgent else 1) or not (due or spare):
            return False
        asking.granted_s = now_s
        return True

    def spend(self, seconds: float) -> None:
        self.left_s -= seconds
        self.look_s += 0.1 * (seconds - self.look_s)
        self.used += seconds / _USED_S

    def _every_s(self, now_s: float, share: float, *, urgent: bool) -> float:
        """Seconds between two turns: by weight, and what the urgent cannot use is left to the others."""
        now = [one.urgent for one in self.asking.values() if now_s - one.asked_s < _ASKING_S]
        hurry, others = sum(now), len(now) - sum(now)
        looks_hz = share / max(self.look_s, 1e-6)
        each_hz = min(_MOST_HZ, looks_hz * self.weight / (hurry * self.weight + others))
        return 1 / each_hz if urgent else others / max(looks_hz - hurry * each_hz, 1e-6)


class Leftover:
    """What everything else in a worker leaves to inference.

    Attributes:
        share: Of one core, 0..1.
    """

    def __init__(self, within: float, cpu_s: Callable[[], float] = time.process_time) -> None:
        """Prepare.

        Args:
            within: What the worker may take in all, of one core.
            cpu_s: Processor time that it took so far, inference included.
        """
        self._within = within
        self._cpu_s = cpu_s
        self._begun: tuple[float, float] | None = None
        self._spent_s = 0.0
        self._other: float | None = None
        self.share = within

    def spend(self, seconds: float) -> None:
        """Inference took so long."""
        self._spent_s += seconds

    def measure(self, now_s: float) -> bool:
        """Measure anew when it is time to; whether `share` is another one."""
        if self._begun is None or now_s < self._begun[0]:
            self._begun, self._spent_s = (now_s, self._cpu_s()), 0.0
            return False
        past_s = now_s - self._begun[0]
        if past_s < _MEASURED_S:
            return False
        cpu_s = self._cpu_s()
        other = max(0.0, cpu_s - self._begun[1] - self._spent_s) / past_s
        self._other = other if self._other is None else (self._other + other) / 2
        self._begun, self._spent_s = (now_s, cpu_s), 0.0
        self.share = max(_LEAST_SHARE, self._within - self._other)
        return True


class InferenceBudget:
    """Inference seconds, filled at the set share of real time and divided among those who ask.

    Attributes:
        refused: Looks that were put off because it was another camera's turn.
    """

    def __init__(self, share: float, leftover: Leftover | None = None) -> None:
        """Allow `share` (0..1) of one core, and no more than what is left over; None when all of it always is."""
        self._most = self._share = share
        self._leftover = leftover
        saved_s = _SAVED_S * _FIRE_SHARE
        self._fire = _Part(share * _FIRE_SHARE, saved_s, _FIRE_WEIGHT, saved_s)
        self._rest = _Part(share - self._fire.share, _SAVED_S - saved_s, _URGENT_WEIGHT, _SAVED_S - saved_s)
        self._spending = self._rest
        self._at_s: float | None = None
        self.refused = 0

    def grant(self, camera: str, now_s: float, *, urgent: bool, purpose: str = "") -> bool:
        """Whether `camera` may look now; what it costs is to be booked by `spend` before anybody asks again.

        Args:
            camera: Its id.
            now_s: Monotonic time.
            urgent: Something there may become an alert; with FIRE, votes are in the making.
            purpose: What for; each purpose of a camera has its own turn, and FIRE has a part of the time.
        """
        self._fill(now_s)
        part = self._fire if purpose == FIRE else self._rest
        # What fires leave the others may count on; what the others leave comes to fires as it is saved up.
        share = part.share if part is self._fire else self._share - min(self._fire.used, self._fire.share)
        if not part.grant((camera, purpose), now_s, share, urgent=urgent):
            self.refused += 1
            return False
        self._spending = part
        return True

    def spend(self, seconds: float) -> None:
        """Book the time that the look took which was granted last."""
        seconds = max(0.0, seconds)
        self._spending.spend(seconds)
        if self._leftover is not None:
            self._leftover.spend(seconds)

    def forget(self, camera: str) -> None:
        """The camera left this worker."""
        for part in (self._fire, self._rest):
            part.asking = {who: asking for who, asking in part.asking.items() if who[0] != camera}

    def _fill(self, now_s: float) -> None:
        if self._leftover is not None and self._leftover.measure(now_s):
            self._share = min(self._most, self._leftover.share)
            self._fire.share = self._share * _FIRE_SHARE
            self._rest.share = self._share - self._fire.share
        past_s = 0.0 if self._at_s is None else max(0.0, now_s - self._at_s)
        self._at_s = now_s
        over_s = self._fire.fill(past_s * self._fire.share)
        over_s = self._rest.fill(past_s * self._rest.share + over_s)
        self._fire.fill(over_s)
        self._fire.used *= math.exp(-past_s / _USED_S)
