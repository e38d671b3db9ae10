"""Nearness: where things are on the ground, and what lies near what.

A sensor is where it stands, else where its site is; what a camera sees is taken to be where the camera is. Made with
the Places of a community, and swapped whole with them. Pure.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from config.community import Camera, Community, Sensor
from hub.events import Event

Position = tuple[float, float]
"""Latitude and longitude, degrees, WGS 84."""

EARTH_RADIUS_M = 6_371_008.8
_METRES_PER_DEGREE = math.radians(1) * EARTH_RADIUS_M


def distance_m(one: Position, other: Position) -> float:
    """Metres between two places on the ground, over the ground."""
    low, high = math.radians(one[0]), math.radians(other[0])
    north, east = (high - low) / 2, math.radians(other[1] - one[1]) / 2
    share = math.sin(north) ** 2 + math.cos(low) * math.cos(high) * math.sin(east) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(share)))


@dataclass(frozen=True, slots=True)
class Nearness:
    """Where everything in a community is.

    Attributes:
        devices: Position of each camera and sensor that has one, its own or that of its site.
        sites: Position of each site that has one.
        spots: Every position at which a site has something, from south to north, with the id of the site.
    """

    devices: Mapping[str, Position] = field(default_factory=lambda: MappingProxyType({}))
    sites: Mapping[str, Position] = field(default_factory=lambda: MappingProxyType({}))
    spots: tuple[tuple[float, float, str], ...] = ()

    def position(self, event: Event) -> Position | None:
        """Where an Event happened, as well as that is known; None when it is not."""
        for device in (event.source, event.camera):
            if device is not None and device in self.devices:
                return self.devices[device]
        return self.sites.get(event.site or "")

    def sites_near(self, position: Position, within_m: float) -> tuple[str, ...]:
        """The sites that have something so near, by id."""
        reach = within_m / _METRES_PER_DEGREE
        south = bisect_left(self.spots, position[0] - reach, key=lambda spot: spot[0])
        north = bisect_right(self.spots, position[0] + reach, key=lambda spot: spot[0])
        near = {site for lat, lon, site in self.spots[south:north] if distance_m(position, (lat, lon)) <= within_m}
        return tuple(sorted(near))


def nearness_of(community: Community) -> Nearness:
    """Where everything in `community` is."""
    sites = {site.id: (site.location.lat, site.location.lon) for site in community.sites if site.location is not None}
    devices: dict[str, Position] = {}
    spots = {(*position, site) for site, position in sites.items()}
    placed: tuple[Camera | Sensor, ...] = (*community.cameras, *community.sensors)
    for device in placed:
        own = None if device.location is None else (device.location.lat, device.location.lon)
        position = own or sites.get(device.site)
        if position is not None:
            devices[device.id] = position
            spots.add((*position, device.site))
    return Nearness(devices, sites, tuple(sorted(spots)))
