"""Reporting: what one camera saw, put into Events.

Every Event of one camera gets its place, source and times here and nowhere else. `at` is the frame's time, `arrived`
the clock's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from config.community import Camera
from hub.clock import Clock
from hub.events import Event, FieldValue, Phase, new_event_id
from hub.geometry import Box

REPEAT_S = 10.0
"""A state that lasts is said again so often, so that whoever starts late learns of it."""


class Reporter:
    """Makes the Events of one camera."""

    def __init__(self, camera: Camera, *, area: str | None, clock: Clock) -> None:
        """Speak for `camera`, whose Site lies in `area`."""
        self._camera = camera
        self._area = area
        self._clock = clock

    def event(
        self,
        kind: str,
        phase: Phase,
        *,
        at: datetime,
        driver: str,
        subject: str,
        confidence: float | None = None,
        box: Box | None = None,
        zone: str | None = None,
        fields: Mapping[str, FieldValue],
    ) -> Event:
        """One Event; the arguments are those of `hub.events.Event`."""
        return Event(
            id=new_event_id(),
            kind=kind,
            at=at,
            arrived=self._clock.now(),
            source=self._camera.id,
            driver=driver,
            site=self._camera.site,
            area=self._area,
            camera=self._camera.id,
            zone=zone,
            subject=subject,
            phase=phase,
            confidence=confidence,
            box=box,
            fields=MappingProxyType(dict(fields)),
        )
