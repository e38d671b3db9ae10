"""Stills: the newest picture of a camera, and those of the moments in which its events began.

An alert is looked at minutes after it was raised, so its picture is encoded when the event is made. Kept in memory, the
oldest go first. Private places are filled in all of them. Called from the analysis thread and, for asking, from the
link's thread.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

from cameras.link import Still
from cameras.vision.decoding import Picture
from cameras.vision.private import NOWHERE, Places
from hub.events import Event, Phase

MOST_PX = 1920
"""The widest picture, pixels."""
_MAX_STILLS = 48
"""Events whose pictures are kept per camera; at 60 KB each 159 cameras hold 450 MB at the very most."""

_MIN_GAP_S = 0.5
"""Events closer together than this share one picture: a crowd raises many at once, and encoding costs 3 to 15 ms."""


class Stills:
    """The stills of one camera."""

    def __init__(self, private: Places = (), *, veiled: bool = False) -> None:
        """Fill `private`; who changes it later changes the pictures that are made from then on.

        Args:
            private: Places that nobody is shown.
            veiled: The picture of an event shows nothing sharply but what the event is about; changed likewise.
        """
        self.private = private
        self.veiled = veiled
        self._lock = threading.Lock()
        self._newest: Picture | None = None
        self._encoded: tuple[float, Still] | None = None
        self._kept: OrderedDict[str, Still] = OrderedDict()

    def show(self, picture: Picture) -> None:
        """Take a picture as the newest."""
        self._newest = picture

    def keep_for(self, events: Iterable[Event]) -> None:
        """Keep the newest picture for those events that begin something."""
        found = [event for event in events if event.phase in {Phase.BEGAN, Phase.MOMENT}]
        picture = self._newest
        if not found or picture is None:
            return
        if self.veiled:
            for event in found:
                shown = Still(picture.jpeg(private=self.private, around=event.box or NOWHERE), picture.at)
                self._keep([event.id], shown)
            return
        begun = [event.id for event in found]
        if self._encoded is None or not 0 <= picture.stream_s - self._encoded[0] < _MIN_GAP_S:
            self._encoded = (picture.stream_s, Still(picture.jpeg(private=self.private), picture.at))
        self._keep(begun, self._encoded[1])

    def forget(self) -> None:
        """Let go of every picture: they were taken while more was allowed."""
        with self._lock:
            self._newest = None
            self._encoded = None
            self._kept.clear()

    def _keep(self, event_ids: Iterable[str], still: Still) -> None:
        with self._lock:
            for event_id in event_ids:
                self._kept[event_id] = still
            while len(self._kept) > _MAX_STILLS:
                self._kept.popitem(last=False)

    def newest(self, width_px: int | None = None) -> Still | None:
        """The newest picture, encoded now and no wider than that; None before the first."""
        picture = self._newest
        if picture is None:
            return None
        return Still(picture.jpeg(min(width_px or MOST_PX, MOST_PX), private=self.private), picture.at)

    def of_event(self, event_id: str) -> Still | None:
        """The picture of the moment in which this event began, None when it is not kept (any more)."""
        with self._lock:
            return self._kept.get(event_id)
