"""Triage: which packets are worth decoding. First and cheapest look at a camera, at its packets alone.

While nothing moves only key frames are decoded. A run of packets whose sizes are unlike the camera's own, or motion
between key frames as the analysis sees it, wakes the camera; decoding then starts at the beginning of the group of
pictures that is held here, so that what came before the wake-up is seen too. After a while without motion it sleeps
again. A camera with rare key frames is never put to sleep: it would see nothing.

The baseline is a running mean over the packets of quiet times. It follows dusk, rain and a changed bit rate within
seconds, so it needs to know no hours of the day. What sleeping misses is measured: of the groups of a sleeping camera a
few, chosen at random, are decoded in full, and whatever moves there unknown to the sizes is counted in Audits.
Whole-packet sizes only: looking at sizes inside a packet is patented. No thread of its own.
"""

from __future__ import annotations

import enum
import math
import random
from collections import deque
from dataclasses import dataclass

from cameras.streams.packets import Packet

_LEARNING_SHARE = 0.02
"""Weight of one quiet packet in the baseline: 50 packets, 5 s at 10 frames per second."""

_MIN_LEARNED = 30
"""Packets before sizes are judged at all, and a camera may sleep."""

_FIRST_S = 4.0
"""So soon a camera may sleep in which nothing has moved yet: when all of them start, none can be awake for long."""

_RUN = 5
"""Packets whose median is judged: motion raises them all, a bit-rate controller's hiccup one, and streams whose packets
differ in turn (B-frames: one large, several small) have an even median."""

_ODD_DEVIATIONS = 4.0
"""Mean absolute deviations from the baseline that make a run odd (about 3.2 sigma for a normal spread)."""

_ODD_RATIO = 1.35
"""It has to differ by at least this factor, however even the baseline is."""

_ODD_BYTES = 24
"""And by this much: packets of a picture that does not change at all are a dozen bytes, and mean nothing."""

_MAX_KEY_GAP_S = 5.0
"""With key frames further apart a sleeping camera would be blind for too long."""

AUDIT_SHARE = 0.01
"""Of a sleeping camera's groups of pictures so many are decoded in full: with key frames every 2 s some 18 an hour, at
some 1 % of what decoding everything takes."""

_MAX_HELD = 512
_MAX_HELD_BYTES = 4 * 1024 * 1024
"""Bounds of the held group of pictures; one that is larger wakes the camera."""


class Verdict(enum.Enum):
    """What to do with a packet."""

    DECODE = "decode"
    """Decode it, as the one before."""
    KEY_ONLY = "key_only"
    """Decode it alone; those that follow may be held."""
    HOLD = "hold"
    """Nothing to do; it is held."""
    WAKE = "wake"
    """Decode everything that `Triage.release` gives, which ends with this packet."""
    AUDIT = "audit"
    """Decode it, and from it on: it begins a group of a sleeping camera that is looked at in full."""


@dataclass(slots=True)
class Audits:
    """What looking at a sleeping camera's groups in full found.

    Attributes:
        looked: Groups that were decoded in full though nothing seemed to happen.
        moved: Those in which something moved that their key frame did not show.
        missed: Those of them in which no packet's size told of it. `missed / moved` is the miss rate.
    """

    looked: int = 0
    moved: int = 0
    missed: int = 0


class Triage:
    """The state of one camera's stream.

    Attributes:
        awake: Whether everything is decoded.
        audits: What sleeping missed, as far as it was looked at.
    """

    def __init__(self, *, sleep_after_s: float = 10.0, audit_share: float = AUDIT_SHARE, seed: str = "") -> None:
        """Begin awake: the analysis has its background to learn.

        Args:
            sleep_after_s: Seconds without motion until it sleeps.
            audit_share: Share of a sleeping camera's groups that are decoded in full, 0..1.
            seed: Chooses which; cameras with different seeds are not looked at in the same moment.
        """
        self._sleep_after_s = sleep_after_s
        self._audit_share = audit_share
        self._random = random.Random(seed)  # noqa: S311 - which group is looked at is no secret
        self._audit: _Audit | None = None
        self.audits = Audits()
        self._sizes = _Baseline()
        self._run: deque[int] = deque(maxlen=_RUN)
        self._odd = False
        self._held: list[Packet] = []
        self._held_bytes = 0
        self._last_motion_s: float | None = None
        self._last_key_s: float | None = None
        self._key_gap_s = math.inf
        self._moving = self._moved = False
        self.awake = True

    def judge(self, packet: Packet) -> Verdict:
        """What to do with the next packet of the stream."""
        if self._last_motion_s is None:
            self._last_motion_s = packet.stream_s
        if packet.is_key:
            self._close_audit()
            self._note_key(packet.stream_s)
        else:
            self._note_size(packet)
        if self._audit is not None:
            return self._audited(packet)
        if self.awake:
            if not (packet.is_key and self._may_sleep(packet.stream_s)):
                return Verdict.DECODE
            self.awake = False
        if packet.is_key:
            self.release()
            if self._random.random() < self._audit_share:
                self._audit = _Audit(key_s=packet.stream_s)
                return Verdict.AUDIT
        self._held.append(packet)
        self._held_bytes += packet.size_bytes
        if packet.is_key:
            return Verdict.KEY_ONLY
        full = len(self._held) > _MAX_HELD or self._held_bytes > _MAX_HELD_BYTES
        if full or self._odd:
            self._wake(packet.stream_s)
            return Verdict.WAKE
        return Verdict.HOLD

    def release(self) -> list[Packet]:
        """The held packets, from a key frame on; they are no longer held."""
        held, self._held, self._held_bytes = self._held, [], 0
        return held

    def saw(self, stream_s: float, *, moving: bool) -> bool:
        """Hear what the analysis made of a frame.

        Returns:
            Whether the camera was woken by it: decode what `release` gives.
        """
        self._moving = moving
        if not moving:
            return False
        self._last_motion_s = stream_s
        self._moved = True
        if self._audit is not None:
            self._audit.saw(stream_s)
            self.awake = True  # nothing is held: everything since the key frame has been decoded
            return False
        if self.awake:
            return False
        self._wake(stream_s)
        return True

    def restart(self) -> None:
        """The stream begins again: awake, nothing held; what is usual for the camera stays known."""
        self.release()
        self._audit = None  # it was cut short: neither found nor missed
        self._run.clear()
        self._odd = False
        self._last_motion_s = self._last_key_s = None
        self._key_gap_s = math.inf
        self._moving = self._moved = False
        self.awake = True

    def _audited(self, packet: Packet) -> Verdict:
        """A packet of a group that is looked at in full; odd sizes count as they would have without the audit."""
        assert self._audit is not None
        if self._odd:
            self._audit.told = True
            self._wake(packet.stream_s)
        return Verdict.DECODE

    def _close_audit(self) -> None:
        audit, self._audit = self._audit, None
        if audit is not None:
            self.audits.looked += 1
            self.audits.moved += audit.moved
            self.audits.missed += audit.moved and not audit.told

    def _wake(self, stream_s: float) -> None:
        self.awake = self._moved = True
        self._last_motion_s = stream_s
        self._run.clear()
        self._odd = False

    def _may_sleep(self, stream_s: float) -> bool:
        assert self._last_motion_s is not None
        after_s = self._sleep_after_s if self._moved else min(_FIRST_S, self._sleep_after_s)
        quiet = stream_s - self._last_motion_s >= after_s
        return quiet and self._key_gap_s <= _MAX_KEY_GAP_S and self._sizes.ready

    def _note_key(self, stream_s: float) -> None:
        if self._last_key_s is not None:
            gap_s = stream_s - self._last_key_s
            self._key_gap_s = gap_s if math.isinf(self._key_gap_s) else max(gap_s, self._key_gap_s * 0.9)
        self._last_key_s = stream_s

    def _note_size(self, packet: Packet) -> None:
        self._run.append(packet.size_bytes)
        if len(self._run) < _RUN:
            return
        run = sorted(self._run)[_RUN // 2]
        self._odd = self._sizes.odd(run)
        if not self._moving and not (self._odd and not self.awake):
            self._sizes.learn(run)


@dataclass(slots=True)
class _Audit:
    """One group of a sleeping camera that is decoded in full.

    Attributes:
        key_s: When its key frame was.
        shown: Whether the key frame showed what moves, so that the camera would have woken anyhow.
        moved: Whether something moved that it did not show.
        told: Whether the sizes told of it.
    """

    key_s: float
    shown: bool = False
    moved: bool = False
    told: bool = False

    def saw(self, stream_s: float) -> None:
        """Something moves in the picture of this time."""
        self.shown |= stream_s <= self.key_s
        self.moved |= not self.shown


class _Baseline:
    """Which sizes are usual, on a logarithmic scale."""

    def __init__(self) -> None:
        self._mean = 0.0
        self._deviation = 0.0
        self._learned = 0

    @property
    def ready(self) -> bool:
        return self._learned >= _MIN_LEARNED

    def learn(self, size_bytes: int) -> None:
        value = math.log(max(1, size_bytes))
        self._learned += 1
        share = max(_LEARNING_SHARE, 1 / self._learned)
        self._deviation += share * (abs(value - self._mean) - self._deviation) if self._learned > 1 else 0.0
        self._mean += share * (value - self._mean)

    def odd(self, size_bytes: int) -> bool:
        if not self.ready:
            return False
        if abs(size_bytes - math.exp(self._mean)) < _ODD_BYTES:
            return False
        distance = abs(math.log(max(1, size_bytes)) - self._mean)
        return distance > max(math.log(_ODD_RATIO), _ODD_DEVIATIONS * self._deviation)
