"""Pictures: what somebody may see of which camera, and from when, as his reach says.

What a camera sees now is seen by who reaches it now. What it recorded is seen by who reaches the site at which it was
then, wherever it is now; of a camera that was shared, from the moment the share began. Pure.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from config.community import Camera
from hub.access import Permission, allows
from hub.consent import EVER, EVERYTHING, Watching
from hub.reach import Grant, GrantKind, Reach


@dataclass(frozen=True, slots=True)
class View:
    """Some of what cameras saw.

    Attributes:
        camera: Of this one; None for any.
        sites: While it was at one of these; None for wherever it was.
        since: From then, UTC; None for all that is kept.
        live_only: Nothing that was recorded.
        given_by: Name of the account that shared it; empty for what nobody shared.
        own: His home, or shared with him by who lives there: what households decided for the room does not bind him.
    """

    camera: str | None = None
    sites: frozenset[str] | None = None
    since: datetime | None = None
    live_only: bool = False
    given_by: str = ""
    own: bool = False


class Bound(Protocol):
    """What households decided, for one person."""

    def at(self, camera: str) -> Collection[str]:
        """The sites at which a camera is, or ever recorded something."""

    def room(self, camera: str, site: str) -> Watching:
        """What somebody sees of it there for whom it is not the own home."""

    def lives_at(self, name: str, site: str) -> bool:
        """Whether the account of this name lives there, and may share it."""

    def is_asked(self, camera: str, site: str) -> bool:
        """Whether a household has to agree to what is seen of a camera there."""


class Pictures:
    """What somebody may see of all cameras."""

    def __init__(
        self, views: Collection[View], *, only: frozenset[str] | None = None, bound: Bound | None = None
    ) -> None:
        """See what is in any of `views`; of these cameras alone, if they are named."""
        self._any = tuple(view for view in views if view.camera is None)
        self._single: dict[str, tuple[View, ...]] = {}
        for view in views:
            if view.camera is not None:
                self._single[view.camera] = (*self._single.get(view.camera, ()), view)
        self._only = only
        self._bound = bound

    def bounded(self, bound: Bound) -> Pictures:
        """The same as far as households agreed to it."""
        made = Pictures((), only=self._only, bound=bound)
        made._any, made._single = self._any, self._single
        return made

    def shows(self, camera: str, site: str, moment: datetime) -> bool:
        """Whether somebody may see what a camera saw at a moment, at the site where it was then."""
        return any(
            (view.sites is None or site in view.sites) and (view.since is None or moment >= view.since)
            for view in self._within(camera, (site,))
            if not view.live_only
        )

    def live(self, camera: Camera) -> bool:
        """Whether somebody may see what a camera sees now."""
        return any(view.sites is None or camera.site in view.sites for view in self._within(camera.id, (camera.site,)))

    def recorded(self, camera: str, at: Collection[str]) -> bool:
        """Whether some of what a camera recorded is for somebody, who recorded at these sites and is or was there."""
        return any(
            view.sites is None or not view.sites.isdisjoint(at)
            for view in self._within(camera, at)
            if not view.live_only
        )

    def sites(self, camera: str, since: datetime | None = None) -> frozenset[str] | None:
        """At which sites a camera had to be for what it recorded to be seen; None for any.

        Args:
            camera: Camera id.
            since: When the oldest of it was recorded; None asks of what is newest.
        """
        found: set[str] = set()
        for view in self._kept_of(camera):
            if since is not None and view.since is not None and since < view.since:
                continue
            if view.sites is None:
                return None
            found |= view.sites
        return frozenset(found)

    def begins(self, camera: str) -> datetime | None:
        """From when on something of a camera may be seen; None for all that is kept."""
        times = [view.since for view in self._kept_of(camera)]
        known = [time for time in times if time is not None]
        return min(known) if known and len(known) == len(times) else None

    def _of(self, camera: str) -> list[View]:
        if self._only is not None and camera not in self._only:
            return []
        return [*self._any, *self._single.get(camera, ())]

    def _kept_of(self, camera: str) -> list[View]:
        at = () if self._bound is None else self._bound.at(camera)
        return [view for view in self._within(camera, at) if not view.live_only]

    def _within(self, camera: str, at: Collection[str]) -> list[View]:
        """The views of a camera as far as households agreed to them, for the sites where it is or was."""
        found = self._of(camera)
        return (
            found
            if self._bound is None
            else [part for view in found for part in _agreed(view, camera, at, self._bound)]
        )


def _agreed(view: View, camera: str, at: Collection[str], bound: Bound) -> list[View]:
    """What households agreed to of a view: nobody is asked of what is seen in the own home."""
    if view.own and not view.given_by:
        return [view]
    parts = []
    for site in sorted({*at} if view.sites is None else view.sites.intersection(at)):
        own = view.own and bound.lives_at(view.given_by, site)
        if view.own and not own and bound.is_asked(camera, site):
            continue  # who shared it lives there no more, and nobody else gives a home away
        agreed = EVERYTHING if own else bound.room(camera, site)
        if agreed.since is not None:
            since = view.since if agreed.since == EVER else max(agreed.since, view.since or EVER)
            parts.append((site, replace(view, camera=camera, sites=frozenset((site,)), since=since)))
    if len(parts) == len({*at}) and all(part.since == view.since for _, part in parts):
        return [view]  # nobody objects, so what lies at sites that are gone is seen too
    return [part for _, part in parts]


def pictures_in(reach: Reach) -> Pictures:
    """What somebody may see of all cameras: in an office where grants reach, else of his home and what is shared."""
    views = [
        View() if grant.kind is GrantKind.COMMUNITY else _view(grant, reach)
        for grant in reach.grants_for(Permission.VIEW_PICTURES)
    ]
    if View() in views:
        views = [View()]
    if reach.homes and allows(reach.who, Permission.VIEW_OWN_PICTURES):
        begins = reach.home_since
        views += [
            View(sites=frozenset(site for site in begins if begins[site] == since), since=since, own=True)
            for since in dict.fromkeys(begins.values())
        ]
    for grant in reach.shares:
        view = _view(grant, reach)
        live_only = grant.permissions is not None and Permission.VIEW_OWN_PICTURES not in grant.permissions
        since = grant.starts or grant.given
        views.append(View(view.camera, view.sites, since, live_only=live_only, given_by=grant.given_by, own=True))
    return Pictures(_joined(dict.fromkeys(views)), only=reach.who.cameras)


def _view(grant: Grant, reach: Reach) -> View:
    if grant.kind is GrantKind.CAMERA:
        return View(camera=grant.place, sites=None if grant.site is None else frozenset((grant.site,)))
    return View(sites=reach.sites_of(grant))


def _joined(views: Collection[View]) -> list[View]:
    """The same with all sites that are seen from the beginning in one."""
    sites: set[str] = set()
    rest: list[View] = []
    for view in views:
        if view.camera is None and view.since is None and view.sites is not None and not view.own:
            sites |= view.sites
        else:
            rest.append(view)
    return [View(sites=frozenset(sites)), *rest] if sites else rest
