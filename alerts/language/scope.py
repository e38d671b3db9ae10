"""Scope: where a rule counts at all. What happens elsewhere it does not see, and nothing is recorded of it.

    scope: {areas: [group-1], rings: [household], tags: [lives-alone]}

Everything named must hold, and of each list one. An area includes those below it. Pure: which sites these are is
worked out from the Places whenever they change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from alerts.alert import Alert
from alerts.language.places import Places
from alerts.language.shape import Witness
from config.community import Ring
from config.says import says
from hub.events import Event

Listed = BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)
Names = Annotated[tuple[str, ...], Listed, Field(max_length=1000)]


class ScopeSpec(BaseModel):
    """A scope as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    areas: Names = ()
    sites: Names = ()
    rings: Annotated[tuple[Ring, ...], Listed] = ()
    tags: Names = ()
    without_tags: Names = ()
    cameras: Names = ()
    sensors: Names = ()
    life_safety: Literal[True] | None = None
    """Only sensors on which people depend."""

    @model_validator(mode="after")
    def _says_something(self) -> ScopeSpec:
        if not self.model_dump(exclude_defaults=True, exclude_none=True):
            raise ValueError(
                says(
                    "empty; name areas, sites, rings, tags, cameras or sensors, or leave scope out",
                    "是空的；请写 areas、sites、rings、tags、cameras 或 sensors，或删去 scope",
                )
            )
        return self


@dataclass(frozen=True, slots=True)
class Reach:
    """A scope in one community.

    Attributes:
        sites: Ids of the sites in it, None when it does not ask for them.
        areas: Ids of the areas in which things without a site are in it, None when they never are.
        devices: Ids of cameras and sensors, None when any will do.
        without: Ids of sites that are not in it, whatever else holds.
    """

    sites: frozenset[str] | None
    areas: frozenset[str] | None
    devices: frozenset[str] | None
    without: frozenset[str] = frozenset()

    def sees(self, event: Event) -> bool:
        """Whether an Event is within it."""
        return self._holds(event.site, event.area, (event.camera, event.source))

    def holds(self, witness: Witness) -> bool:
        """Whether what a claim rests on is within it."""
        place = witness.place
        return self._holds(place.get("site"), place.get("area"), (place.get("camera"), witness.source))

    def keeps(self, alert: Alert) -> bool:
        """Whether an Alert is within it."""
        return self._holds(alert.site, alert.area, (alert.camera, alert.sensor))

    def _holds(self, site: str | None, area: str | None, devices: Sequence[str | None]) -> bool:
        if self.devices is not None and self.devices.isdisjoint(devices):
            return False
        if site in self.without:
            return False
        if self.sites is None:
            return True
        if site is not None:
            return site in self.sites
        return self.areas is not None and area in self.areas


def reach_of(spec: ScopeSpec, places: Places) -> Reach:
    """What a scope comes to in the community of `places`; names that are not there stand for nothing."""
    areas = frozenset(area for area in places.areas if set(places.way_up(area)) & set(spec.areas))
    sites: frozenset[str] | None = None
    if spec.areas or spec.sites or spec.rings or spec.tags:
        sites = frozenset(
            site
            for site in places.sites
            if (not spec.areas or places.area_of_site.get(site) in areas)
            and (not spec.sites or site in spec.sites)
            and (not spec.rings or places.ring_of_site.get(site) in spec.rings)
            and (not spec.tags or not places.tags_of_site.get(site, frozenset()).isdisjoint(spec.tags))
        )
    devices: frozenset[str] | None = None
    if spec.cameras or spec.sensors:
        devices = frozenset((*places.cameras.keys() & set(spec.cameras), *places.sensors.keys() & set(spec.sensors)))
    if spec.life_safety:
        devices = places.life_safety if devices is None else devices & places.life_safety
    without = frozenset(site for site, tags in places.tags_of_site.items() if not tags.isdisjoint(spec.without_tags))
    only_areas = areas if spec.areas and not (spec.sites or spec.rings or spec.tags) else None
    return Reach(sites, only_areas, devices, without)
