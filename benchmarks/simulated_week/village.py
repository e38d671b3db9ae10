"""The village of the week: its Community, and a mouth for each of its devices.

Every event says who told it and when; ids count up, so the same seed tells the same week, byte for byte.
"""

from __future__ import annotations

import itertools
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from config.community import Camera, Community, Ring, Sensor, ZoneUse
from config.examples.dapingzi import dapingzi
from config.load import load_community
from hub.events import Event, FieldValue, Phase, Quality

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 2, tzinfo=ZONE)
"""The week begins here, in the middle of nothing special; Sunday is market day."""


class Village:
    """What stands where, and what it says."""

    def __init__(self, seed: int) -> None:
        """Read the example Community; everything random comes from `dice`, which `seed` starts."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "community.yaml")
            file.write_text(dapingzi(), encoding="utf-8")
            self.community: Community = load_community(file)
        self.dice = random.Random(seed)  # noqa: S311 - a repeatable story, no secret
        self.sites = {site.id: site for site in self.community.sites}
        self.sensors = {sensor.id: sensor for sensor in self.community.sensors}
        self.cameras = {camera.id: camera for camera in self.community.cameras}
        self._cameras_of: dict[str, list[Camera]] = defaultdict(list)
        for camera in self.community.cameras:
            self._cameras_of[camera.site].append(camera)
        self._numbers = itertools.count(1)

    def ring(self, ring: Ring) -> list[str]:
        """The ids of the sites of a ring."""
        return [site.id for site in self.community.sites if site.ring is ring]

    def tagged(self, tag: str) -> list[str]:
        """The ids of the sites with a tag."""
        return [site.id for site in self.community.sites if tag in site.tags]

    def cameras_at(self, site: str) -> list[Camera]:
        """The cameras of a site."""
        return self._cameras_of[site]

    def sensors_of(self, kind: str) -> list[Sensor]:
        """The sensors that observe a kind."""
        return [sensor for sensor in self.community.sensors if kind in sensor.kinds]

    def say(
        self, sensor: str, kind: str, at: datetime, *, quality: Iterable[Quality] = (), **fields: FieldValue
    ) -> Event:
        """What a sensor, or what watches over it, says."""
        known = self.sensors.get(sensor)
        return self._event(
            kind, at, source=sensor, site=known.site if known else None, quality=frozenset(quality), fields=fields
        )

    def see(
        self,
        camera: str,
        kind: str,
        at: datetime,
        *,
        zone: str | None = None,
        subject: str | None = None,
        phase: Phase = Phase.MOMENT,
        confidence: float | None = 0.8,
        **fields: FieldValue,
    ) -> Event:
        """What a camera sees."""
        known = self.cameras[camera]
        use = next((each.use for each in known.zones if each.id == zone), None)
        if use is not None:
            fields["zone_use"] = use.value
        return self._event(
            kind,
            at,
            source=camera,
            site=known.site,
            camera=camera,
            zone=zone,
            subject=subject,
            phase=phase,
            confidence=confidence,
            fields=fields,
        )

    def about_site(self, site: str, kind: str, at: datetime, **fields: FieldValue) -> Event:
        """What a person or a keypad says about a site."""
        return self._event(kind, at, source=site, site=site, fields=fields)

    def about_hub(self, source: str, kind: str, at: datetime, **fields: FieldValue) -> Event:
        """What the hub says about itself, or of a gateway."""
        return self._event(kind, at, source=source, fields=fields)

    def zone_of(self, camera: str, use: ZoneUse) -> str | None:
        """The zone of a camera that has this use."""
        return next((zone.id for zone in self.cameras[camera].zones if zone.use is use), None)

    def track(
        self,
        camera: str,
        kind: str,
        at: datetime,
        seconds: float,
        *,
        zone: str | None = None,
        stands_s: float = 0.0,
        label: str = "",
    ) -> list[Event]:
        """Somebody or something goes through a picture, and stands for a while in its middle."""
        subject = f"t{next(self._numbers)}"
        moving: dict[str, Any] = {
            "label": label or kind.removeprefix("camera."),
            "score": 0.8,
            "speed_w_s": 0.2,
            "stopped": False,
        }
        told = [self.see(camera, kind, at, zone=zone, subject=subject, phase=Phase.BEGAN, **moving)]
        middle = at + timedelta(seconds=seconds / 2)
        if stands_s > 0:
            stood = timedelta()
            while stood <= timedelta(seconds=stands_s):
                told.append(
                    self.see(
                        camera,
                        kind,
                        middle + stood,
                        zone=zone,
                        subject=subject,
                        phase=Phase.GOES_ON,
                        **{**moving, "speed_w_s": 0.0, "stopped": True, "stood_s": stood.total_seconds()},
                    )
                )
                stood += timedelta(seconds=10)
            middle += timedelta(seconds=stands_s)
            told.append(self.see(camera, kind, middle, zone=zone, subject=subject, phase=Phase.GOES_ON, **moving))
        ends = middle + timedelta(seconds=seconds / 2)
        told.append(self.see(camera, kind, ends, zone=zone, subject=subject, phase=Phase.ENDED, **moving))
        return told

    def _event(
        self,
        kind: str,
        at: datetime,
        *,
        source: str,
        site: str | None = None,
        camera: str | None = None,
        zone: str | None = None,
        subject: str | None = None,
        phase: Phase = Phase.MOMENT,
        confidence: float | None = None,
        fields: dict[str, FieldValue],
        quality: frozenset[Quality] = frozenset(),
    ) -> Event:
        moment = at.astimezone(UTC)
        return Event(
            id=f"e{next(self._numbers):08d}",
            kind=kind,
            at=moment,
            arrived=moment + timedelta(milliseconds=200),
            source=source,
            driver="simulated",
            site=site,
            area=self.sites[site].area if site else None,
            camera=camera,
            zone=zone,
            subject=subject,
            phase=phase,
            confidence=confidence,
            fields=MappingProxyType(fields),
            quality=quality,
        )
