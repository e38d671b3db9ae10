"""Places: how cameras, sensors, sites, areas and zones are called and where they are, and what the days are there.

Made from the Community whenever a Revision is accepted, and swapped whole. An id that is not in it is called by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from alerts.language.nearness import Nearness, nearness_of
from config.community import Community, Name, Ring
from hub.calendar import Almanac, almanac_of
from hub.sensors.gateways import gateway_of


@dataclass(frozen=True, slots=True)
class Places:
    """Names by id; zones by (camera, zone).

    Attributes:
        parents: The area above each area but the one at the top.
        ring_of_site: Who each site belongs to.
        tags_of_site: What each site is tagged with.
        almanac: Time zone and calendars.
        life_safety: Sensors on which people depend.
        nearness: What is where on the ground.
        gateway_of_sensor: Through which gateway a sensor speaks, as `gateway.health` names it.
        site_of_sensor: Where a sensor is.
    """

    sites: Mapping[str, Name]
    areas: Mapping[str, Name]
    cameras: Mapping[str, Name]
    sensors: Mapping[str, Name]
    zones: Mapping[tuple[str, str], Name]
    area_of_site: Mapping[str, str]
    parents: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    ring_of_site: Mapping[str, Ring] = field(default_factory=lambda: MappingProxyType({}))
    tags_of_site: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    almanac: Almanac = field(default_factory=Almanac)
    life_safety: frozenset[str] = frozenset()
    nearness: Nearness = field(default_factory=Nearness)
    gateway_of_sensor: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    site_of_sensor: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def device(self, source: str, language: str) -> str:
        """What a camera or sensor is called."""
        return called(self.cameras.get(source) or self.sensors.get(source), source, language)

    def way_up(self, area: str | None) -> Iterator[str]:
        """An area, the one above it, and so on to the top."""
        seen: set[str] = set()
        while area is not None and area not in seen:
            seen.add(area)
            yield area
            area = self.parents.get(area)


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
        parents={area.id: area.parent for area in community.areas if area.parent is not None},
        ring_of_site={site.id: site.ring for site in community.sites},
        tags_of_site={site.id: frozenset(site.tags) for site in community.sites},
        almanac=almanac_of(community.dates),
        life_safety=frozenset(sensor.id for sensor in community.sensors if sensor.life_safety),
        nearness=nearness_of(community),
        gateway_of_sensor={sensor.id: name for sensor in community.sensors if (name := gateway_of(sensor))},
        site_of_sensor={sensor.id: sensor.site for sensor in community.sensors},
    )
