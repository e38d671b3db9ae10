"""Tracing: keeps of what a camera's analysis follows as much as it takes to ask later what other zones had made of it.

One per camera. `look` and `cut` in the analysis thread, `take` from any. Holds some seconds; what nobody takes is
dropped, the oldest first, and counted.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cameras.traces.chunks import Chunk, Driver, Row, Seen, Thing, pack
from cameras.vision.following.tracking import Track, Tracks
from cameras.vision.following.zones import KINDS, explains
from hub.geometry import Box

EVERY_S: Final = 0.45
"""Of each driver: twice a second, with some grace for the steps of a stream."""
_CHUNK_MS: Final = 20_000
_QUIET_MS: Final = 60_000
"""A chunk that holds nothing only says that the camera was watched."""
_GAP_MS: Final = 15_000
"""Between two looks; a camera that sleeps is looked at every few seconds."""
_MOST_THINGS: Final = 40
_MOST_WAITING: Final = 16
_MOST_ROWS: Final = 400
_TRAVELS: Final = 0.5
"""Own sizes that something without a name must have moved: a branch does not."""


class Tracer:
    """Traces one camera.

    Attributes:
        dropped: Chunks that nobody took.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._rows: list[Row] = []
        self._from_ms: int | None = None
        self._to_ms = 0
        self._aspect = 1.0
        self._last_s: dict[Driver, float] = {}
        self._ended: dict[Driver, list[str]] = {"objects": [], "movers": []}
        self._told: set[str] = set()
        self._waiting: deque[bytes] = deque(maxlen=_MOST_WAITING)
        self.dropped = 0

    def look(
        self,
        at: datetime,
        at_s: float,
        *,
        aspect: float,
        disarmed: bool,
        objects: Tracks | None,
        movers: Tracks,
        hidden: Sequence[Box],
    ) -> None:
        """Note one look.

        Args:
            at: The frame's time.
            at_s: The scene's time, to which the tracks' times belong.
            aspect: Height of the picture over its width.
            disarmed: Whether its zones are nowhere.
            objects: What the object model's tracks did; None when it did not look.
            movers: What moves without a name.
            hidden: Where something with a name explains what moves.
        """
        at_ms = round(at.timestamp() * 1000)
        if self._from_ms is not None and (
            not 0 <= at_ms - self._to_ms <= _GAP_MS or (aspect != self._aspect and self._rows)
        ):
            self._close()
        if self._from_ms is None:
            self._from_ms = at_ms
        self._to_ms, self._aspect = at_ms, aspect
        if objects is not None:
            named = [one for one in objects.seen if KINDS.get(one.label)]
            self._note("objects", named, objects.ended, at_ms=at_ms, at_s=at_s, disarmed=disarmed)
        hide = [one for one in movers.seen if one.id in self._told and any(explains(box, one.box) for box in hidden)]
        bare = [
            one
            for one in movers.seen
            if one.travelled >= _TRAVELS and not any(explains(box, one.box) for box in hidden)
        ]
        self._note("movers", bare, (*movers.ended, *hide), at_ms=at_ms, at_s=at_s, disarmed=disarmed)
        lasts_ms = at_ms - self._from_ms
        if lasts_ms >= (_CHUNK_MS if self._rows else _QUIET_MS) or len(self._rows) >= _MOST_ROWS:
            self._close()

    def cut(self, at: datetime) -> None:
        """Nothing can be followed from the last picture into the next."""
        if self._from_ms is not None and self._told:
            self._rows.append(Row(max(self._to_ms, round(at.timestamp() * 1000)), "cut"))
            self._to_ms = self._rows[-1].at_ms
        self._told.clear()
        self._last_s.clear()
        for gone in self._ended.values():
            gone.clear()

    def take(self) -> list[bytes]:
        """The chunks that are ready, packed."""
        found = []
        while self._waiting:
            found.append(self._waiting.popleft())
        return found

    def _note(
        self, driver: Driver, seen: Sequence[Track], ended: Sequence[Track], *, at_ms: int, at_s: float, disarmed: bool
    ) -> None:
        gone = self._ended[driver]
        gone += [one.id for one in ended if one.id in self._told]
        self._told.difference_update(gone)
        if at_s - self._last_s.get(driver, -math.inf) < EVERY_S or not (seen or gone):
            return
        self._last_s[driver] = at_s
        things = tuple(
            Seen(
                Thing(one.id, at_ms - round((at_s - one.begun_s) * 1000), one.first),
                one.label,
                one.score,
                one.box,
                one.travelled,
            )
            for one in sorted(seen, key=lambda each: -each.score)[:_MOST_THINGS]
        )
        self._told.update(one.thing.id for one in things)
        self._rows.append(Row(at_ms, driver, disarmed, things, tuple(gone)))
        gone.clear()

    def _close(self) -> None:
        assert self._from_ms is not None
        if len(self._waiting) == _MOST_WAITING:
            self.dropped += 1
        self._waiting.append(pack(Chunk(self._from_ms, self._to_ms, self._aspect, tuple(self._rows))))
        self._rows, self._from_ms = [], None
