"""Reach: where somebody may do what his role allows, as the grants of his account say.

A grant is given for the whole Community, an area with all below it, a site with its devices, one camera, or a household
where somebody lives; it may be for some permissions only and for a time. Deny by default: whoever has no grant reaches
nothing. Pure: grants and the Community come in, decisions go out; the grants are kept in `hub/store/people/grants.py`.
A decision is a few look-ups in sets, whatever the number of grants (`python -m benchmarks.access`).
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from config.community import Community
from hub.access import Permission, Principal, Role, permissions

OF_ONES_HOME = frozenset(
    {
        Permission.VIEW_OWN_PICTURES,
        Permission.MOVE_OWN_CAMERAS,
        Permission.DELETE_RECORDINGS,
        Permission.DECIDE_CONSENT,
    }
)
"""What somebody may do where he lives; no grant for a place gives it, but that to see pictures of a camera."""


class GrantKind(enum.StrEnum):
    """What a grant is given for."""

    COMMUNITY = "community"
    """Everywhere."""
    AREA = "area"
    """An area and all below it."""
    SITE = "site"
    """A site with its cameras and sensors."""
    CAMERA = "camera"
    """One camera."""
    HOUSEHOLD = "household"
    """The site where somebody lives: a permission of one's own reaches its cameras."""


@dataclass(frozen=True, slots=True)
class Grant:
    """That somebody may do something somewhere.

    Attributes:
        id: Random.
        account: Id of the account it is for.
        kind: What it is given for.
        place: Id of the area, site or camera; empty for the Community.
        permissions: What it allows of that which the role allows; None for all of it.
        starts: From when, UTC; None for from the beginning.
        ends: Up to when, not included; None for without end.
        given_by: Account name.
        reason: Why.
        site: Of a camera: where it was when this was given.
        given: When, UTC; None before it is.
        taken_back: When, UTC; such a grant counts no more.
        taken_back_by: Account name.
        since: Of a household: what was recorded from then on is his; None for from the beginning of the grant.
        waits: Of a household: somebody who lives there has to confirm it first.
    """

    id: str
    account: str
    kind: GrantKind
    place: str
    permissions: frozenset[Permission] | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    given_by: str = ""
    reason: str = ""
    site: str | None = None
    given: datetime | None = None
    taken_back: datetime | None = None
    taken_back_by: str | None = None
    since: datetime | None = None
    waits: bool = False

    def is_in_force(self, now: datetime) -> bool:
        """Whether it counts at this moment."""
        return (
            self.taken_back is None
            and not self.waits
            and (self.starts is None or self.starts <= now)
            and (self.ends is None or now < self.ends)
        )


@dataclass(frozen=True, slots=True)
class Within:
    """Parts of a Community, and incidents that are somebody's own; what lies in any of them is within.

    Attributes:
        areas: Ids of areas, each with all below it in here too.
        sites: Ids of all sites in them, and of single ones.
        cameras: Ids of all cameras at these sites, and of single ones.
        single: The single ones: what they saw is in here wherever they were, what others saw by the site of then.
        incidents: Ids of incidents that somebody was sent to.
        reporter: And what this account reported.
    """

    areas: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    cameras: frozenset[str] = frozenset()
    single: frozenset[str] = frozenset()
    incidents: frozenset[str] = frozenset()
    reporter: str | None = None

    def __bool__(self) -> bool:
        return bool(self.areas or self.sites or self.cameras or self.incidents or self.reporter)

    def holds(self, *, camera: str | None = None, site: str | None = None, area: str | None = None) -> bool:
        """Whether a camera, a site or an area is in here; any of those that are named will do."""
        return camera in self.cameras or site in self.sites or area in self.areas

    def held(self, *, camera: str | None = None, site: str | None = None, area: str | None = None) -> bool:
        """Whether something happened in here, by the camera, site and area that are stored with it."""
        return camera in self.single or site in self.sites or area in self.areas


NOWHERE = Within()


def joined(parts: Iterable[Within]) -> Within:
    """What lies in any of these places."""
    found = tuple(parts)
    return Within(
        areas=frozenset[str]().union(*(each.areas for each in found)),
        sites=frozenset[str]().union(*(each.sites for each in found)),
        cameras=frozenset[str]().union(*(each.cameras for each in found)),
        single=frozenset[str]().union(*(each.single for each in found)),
    )


class Territory:
    """Which areas, sites and cameras lie in which, of one Community."""

    def __init__(self, community: Community) -> None:
        below: dict[str, list[str]] = defaultdict(list)
        for area in community.areas:
            if area.parent is not None:
                below[area.parent].append(area.id)
        self._below = dict(below)
        self._sites: dict[str, list[str]] = defaultdict(list)
        for site in community.sites:
            if site.area is not None:
                self._sites[site.area].append(site.id)
        self._cameras: dict[str, list[str]] = defaultdict(list)
        for camera in community.cameras:
            self._cameras[camera.site].append(camera.id)
        self._site_of = {camera.id: camera.site for camera in community.cameras}
        self._site_of_sensor = {sensor.id: sensor.site for sensor in community.sensors}
        self._sensors: dict[str, list[str]] = defaultdict(list)
        for sensor in community.sensors:
            self._sensors[sensor.site].append(sensor.id)
        self._homes: dict[str, set[str]] = defaultdict(set)
        for contact in community.contacts:
            self._homes[contact.account].update(contact.sites)

    def homes_of(self, name: str) -> frozenset[str]:
        """The sites where somebody lives, by the name of his account, as `contacts` of the Community says."""
        return frozenset(self._homes.get(name, ()))

    def within(self, grants: Iterable[Grant]) -> Within:
        """All that grants for places hold, down to the cameras."""
        areas: set[str] = set()
        sites: set[str] = set()
        single: set[str] = set()
        for grant in grants:
            if grant.kind is GrantKind.AREA:
                areas |= self._down(grant.place)
            elif grant.kind in (GrantKind.SITE, GrantKind.HOUSEHOLD):
                sites.add(grant.place)
            elif grant.kind is GrantKind.CAMERA:
                single.add(grant.place)
        cameras = set(single)
        for area in areas:
            sites.update(self._sites.get(area, ()))
        for site in sites:
            cameras.update(self._cameras.get(site, ()))
        return Within(frozenset(areas), frozenset(sites), frozenset(cameras), frozenset(single))

    def at(self, sites: Iterable[str]) -> Within:
        """Some sites with their cameras."""
        found = frozenset(sites)
        return Within(
            sites=found, cameras=frozenset(camera for site in found for camera in self._cameras.get(site, ()))
        )

    def site_of(self, camera: str) -> str | None:
        """Where a camera is; None for one that is not there."""
        return self._site_of.get(camera)

    def site_of_sensor(self, sensor: str) -> str | None:
        """Where a sensor is; None for one that is not there."""
        return self._site_of_sensor.get(sensor)

    def sensors_at(self, sites: Iterable[str]) -> frozenset[str]:
        """The sensors of some sites."""
        return frozenset(sensor for site in sites for sensor in self._sensors.get(site, ()))

    def _down(self, area: str) -> set[str]:
        found: set[str] = set()
        left = [area]
        while left:
            each = left.pop()
            if each not in found:
                found.add(each)
                left += self._below.get(each, ())
        return found


class Reach:
    """What one principal may do where, at one moment."""

    def __init__(
        self,
        who: Principal,
        grants: Iterable[Grant],
        territory: Territory,
        now: datetime,
        *,
        named: Mapping[str, datetime | None] | None = None,
    ) -> None:
        """Work out what grants amount to.

        Args:
            who: Whose reach.
            grants: Those of his account; what is in force `now` counts.
            territory: What lies where.
            now: At which time.
            named: The homes that settings name him for, and from when on their recordings are his; None takes all that
                `contacts` of the Community says, without bound.
        """
        self.who = who
        self._may = permissions(who)
        self._grants = [grant for grant in grants if grant.account == who.id and grant.is_in_force(now)]
        self._territory = territory
        self._known: dict[Permission, Within | None] = {}
        self.home_since: dict[str, datetime | None] = {}
        """From when on recordings of where he lives are his; None for all of them."""
        if who.role == Role.RESIDENT:
            self.home_since = dict.fromkeys(territory.homes_of(who.name)) if named is None else dict(named)
            for grant in self._grants:
                if grant.kind is GrantKind.HOUSEHOLD:
                    begins = grant.since or grant.starts or grant.given
                    self.home_since[grant.place] = _earlier(begins, self.home_since.get(grant.place, begins))
        self.homes: frozenset[str] = frozenset(self.home_since)
        """The sites where a resident lives: as `contacts` of the Community says, and by grants for households. No
        account with an office lives anywhere, or whoever makes accounts could move in with anybody."""

    def within(self, permission: Permission) -> Within | None:
        """Where somebody may do that; None for everywhere, an empty Within for nowhere."""
        if permission not in self._known:
            self._known[permission] = self._within(permission)
        return self._known[permission]

    def is_everywhere(self, permission: Permission) -> bool:
        """Whether somebody may do that in the whole Community, also with what belongs to no place."""
        return self.within(permission) is None

    def allows(
        self, permission: Permission, *, camera: str | None = None, site: str | None = None, area: str | None = None
    ) -> bool:
        """Whether somebody may do that with a camera, at a site or in an area; any of those that are named will do.

        What belongs to no place at all, when nothing is named, takes a grant for the whole Community.
        """
        within = self.within(permission)
        return within is None or within.holds(camera=camera, site=site, area=area)

    def reaches_device(self, permission: Permission, device: str) -> bool:
        """Whether somebody may do that with a camera or a sensor; a gateway takes a grant for the whole Community."""
        within = self.within(permission)
        if within is None or device in within.cameras:
            return True
        return self._territory.site_of_sensor(device) in within.sites

    def devices(self, permission: Permission) -> frozenset[str] | None:
        """The cameras and sensors with which somebody may do that; None for all, and gateways too."""
        within = self.within(permission)
        return None if within is None else within.cameras | self._territory.sensors_at(within.sites)

    def may(self, permission: Permission) -> bool:
        """Whether somebody may do that anywhere at all."""
        within = self.within(permission)
        return within is None or bool(within)

    def grants_for(self, permission: Permission) -> tuple[Grant, ...]:
        """The grants in force by which somebody does that; none for what his role does not allow."""
        if permission not in self._may:
            return ()
        # Households are for permissions of one's own, which ask for `homes`; nobody works where he happens to live.
        return tuple(
            grant
            for grant in self._grants
            if grant.kind is not GrantKind.HOUSEHOLD and (grant.permissions is None or permission in grant.permissions)
        )

    def sites_of(self, grant: Grant) -> frozenset[str]:
        """The sites that a grant for an area or a site holds."""
        return self._territory.within((grant,)).sites

    def _within(self, permission: Permission) -> Within | None:
        if permission in OF_ONES_HOME:
            found = self._at_home(permission)
            return found if self.who.cameras is None else _only(found.cameras & self.who.cameras)
        counting = self.grants_for(permission)
        everywhere = any(grant.kind is GrantKind.COMMUNITY for grant in counting)
        if self.who.cameras is not None:
            held = self._territory.within(counting).cameras
            return _only(self.who.cameras if everywhere else self.who.cameras & held)
        return None if everywhere else self._territory.within(counting)

    def _at_home(self, permission: Permission) -> Within:
        if permission not in self._may:
            return Within()
        home = self._territory.at(self.homes)
        if permission is not Permission.VIEW_OWN_PICTURES:
            return home
        shared = {grant.place for grant in self.shares if grant.kind is GrantKind.CAMERA and self._is_there(grant)}
        wider = self._territory.within(grant for grant in self.shares if grant.kind is not GrantKind.CAMERA)
        return Within(sites=home.sites | wider.sites, cameras=home.cameras | wider.cameras | shared)

    @property
    def shares(self) -> tuple[Grant, ...]:
        """Grants by which somebody sees pictures of others' cameras as if they were his own.

        One that is not for a single camera has to say so: a grant that is left from an office is not meant so.
        """
        own = self.grants_for(Permission.VIEW_OWN_PICTURES)
        known = {grant.id for grant in own}
        live = (grant for grant in self.grants_for(Permission.VIEW_SHARED_LIVE) if grant.id not in known)
        return tuple(
            grant
            for grant in (*own, *live)
            if grant.kind is GrantKind.CAMERA
            or (grant.permissions is not None and grant.kind in (GrantKind.AREA, GrantKind.SITE))
        )

    def _is_there(self, grant: Grant) -> bool:
        return grant.site is None or self._territory.site_of(grant.place) == grant.site


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return None if one is None or other is None else min(one, other)


def _only(cameras: frozenset[str]) -> Within:
    return Within(cameras=cameras, single=cameras)
