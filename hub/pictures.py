"""Pictures: what somebody may see of which camera, and from when, as his reach says.

What a camera sees now is seen by who reaches it now. What it recorded is seen by who reaches the site at which it was
then, wherever it is now; of a camera that was shared, from the moment the share began. Pure.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from config.community import Camera
from hub.access import Permission, allows
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


class Pictures:
    """What somebody may see of all cameras."""

    def __init__(self, views: Collection[View], *, only: frozenset[str] | None = None) -> None:
        """See what is in any of `views`; of these cameras alone, if they are named."""
        self._views = tuple(views)
        self._only = only

    @property
    def is_all(self) -> bool:
        """Whether everything is seen, also of cameras that are there no more."""
        return self._only is None and View() in self._views

    def views(self, camera: str, site: str) -> list[View]:
        """By what somebody sees a camera while it is, or was, at a site; empty for not at all."""
        return [view for view in self._of(camera) if view.sites is None or site in view.sites]

    def live(self, camera: Camera) -> bool:
        """Whether somebody may see what a camera sees now."""
        return any(view.sites is None or camera.site in view.sites for view in self._of(camera.id))

    def recorded(self, camera: str, at: Collection[str]) -> bool:
        """Whether some of what a camera recorded is for somebody, who recorded at these sites and is or was there."""
        return any(view.sites is None or not view.sites.isdisjoint(at) for view in self._kept_of(camera))

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
        return [view for view in self._views if view.camera in (None, camera)]

    def _kept_of(self, camera: str) -> list[View]:
        return [view for view in self._of(camera) if not view.live_only]


def pictures_in(reach: Reach) -> Pictures:
    """What somebody may see of all cameras: in an office where grants reach, else of his home and what is shared."""
    views = [
        View() if grant.kind is GrantKind.COMMUNITY else _view(grant, reach)
        for grant in reach.grants_for(Permission.VIEW_PICTURES)
    ]
    if View() in views:
        views = [View()]
    if reach.homes and allows(reach.who, Permission.VIEW_OWN_PICTURES):
        views.append(View(sites=reach.homes, own=True))
    for grant in reach.shares:
        view = _view(grant, reach)
        live_only = grant.permissions is not None and Permission.VIEW_OWN_PICTURES not in grant.permissions
        since = grant.starts or grant.given
        views.append(View(view.camera, view.sites, since, live_only=live_only, given_by=grant.given_by, own=True))
    return Pictures(_joined(views), only=reach.who.cameras)


def _view(grant: Grant, reach: Reach) -> View:
    if grant.kind is GrantKind.CAMERA:
        return View(camera=grant.place, sites=None if grant.site is None else frozenset((grant.site,)))
    return View(sites=reach.sites_of(grant))


def _joined(views: Collection[View]) -> list[View]:
    """The same with all sites that are seen from the beginning in one."""
    whole = [
        view for view in views if view.camera is None and view.since is None and view.sites is not None and not view.own
    ]
    rest = [view for view in views if view not in whole]
    sites = frozenset(site for view in whole for site in view.sites or ())
    return [View(sites=sites), *rest] if sites else rest
