"""Places: how cameras, sensors, sites, areas and zones are called, for what an alert says.

Made from the Community whenever a Revision is accepted, and swapped whole. An id that is not in it is called by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from config.community import Community, Name


@dataclass(frozen=True, slots=True)
class Places:
    """Names by id; zones by (camera, zone)."""

    sites: Mapping[str, Name]
    areas: Mapping[str, Name]
    cameras: Mapping[str, Name]
    sensors: Mapping[str, Name]
    zones: Mapping[tuple[str, str], Name]
    area_of_site: Mapping[str, str]

    def device(self, source: str, language: str) -> str:
        """What a camera or sensor is called."""
        return called(self.cameras.get(source) or self.sensors.get(source), source, language)


def called(name: Name | None, fallback: str, language: str) -> str:
    """The name in `zh` or `en`, or the id when there is none."""
    return fallback if name is None else name.in_language(language)


def places_of(community: Community) -> Places:
    """The names in a Community; a device without a name is called by its id."""
    return Places(
        sites={site.id: site.name for site in community.sites},
        areas={area.id: area.name for area in community.areas},
        cameras={camera.id: camera.name or Name(en=camera.id) for camera in community.cameras},
        sensors={sensor.id: sensor.name or Name(en=sensor.id) for sensor in community.sensors},
        zones={(camera.id, zone.id): zone.name for camera in community.cameras for zone in camera.zones if zone.name},
        area_of_site={site.id: site.area for site in community.sites if site.area is not None},
    )
