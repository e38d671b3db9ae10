"""Reaching: where whoever asks may do what, for routes; nothing else may decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.access.agreed import Agreed
from api.errors import ForbiddenError
from api.schemas.grants import ReachView
from config.community import Area, Camera, Sensor, Site
from hub.access import Permission, Principal, permissions
from hub.errors import NotFoundError
from hub.pictures import Pictures
from hub.reach import Reach, joined

if TYPE_CHECKING:
    from api.parts import Parts


def reach_of(here: Parts, who: Principal) -> Reach:
    """What somebody may do where, now; worked out once, so ask as often as you like."""
    return here.people.reaches.of(who)


def pictures_of(here: Parts, who: Principal) -> Pictures:
    """What somebody may see of all cameras, now: where he reaches, as far as households agreed to it."""
    return reached_pictures(here, who).bounded(Agreed(here, who))


def reached_pictures(here: Parts, who: Principal) -> Pictures:
    """The same whatever households agreed to: for what tells of pictures and shows none."""
    return here.people.reaches.pictures(who)


def reached_camera(here: Parts, who: Principal, permission: Permission, camera_id: str) -> Camera:
    """A camera with which somebody may do that.

    Raises:
        NotFoundError: There is none, or it is not for him; the two are never told apart.
    """
    found = here.revisions.current().camera(camera_id)
    if found is None or not reach_of(here, who).allows(permission, camera=camera_id):
        raise NotFoundError(f"no camera {camera_id!r}")
    return found


def reached_sensor(here: Parts, who: Principal, permission: Permission, sensor_id: str) -> Sensor:
    """A sensor with which somebody may do that.

    Raises:
        NotFoundError: There is none, or it is not for him.
    """
    found = next((each for each in here.revisions.current().sensors if each.id == sensor_id), None)
    if found is None or not reach_of(here, who).allows(permission, site=found.site):
        raise NotFoundError(f"no sensor {sensor_id!r}")
    return found


def reached_site(here: Parts, who: Principal, permission: Permission, site_id: str) -> Site:
    """A site where somebody may do that.

    Raises:
        NotFoundError: There is none, or it is not for him.
    """
    found = here.revisions.current().site(site_id)
    if found is None or not reach_of(here, who).allows(permission, site=site_id):
        raise NotFoundError(f"no site {site_id!r}")
    return found


def reached_area(here: Parts, who: Principal, permission: Permission, area_id: str) -> Area:
    """An area in all of which somebody may do that.

    Raises:
        NotFoundError: There is none, or it is not for him.
    """
    found = next((each for each in here.revisions.current().areas if each.id == area_id), None)
    if found is None or not reach_of(here, who).allows(permission, area=area_id):
        raise NotFoundError(f"no area {area_id!r}")
    return found


def reach_view(reach: Reach) -> ReachView:
    """Where somebody may do at least some of what his role allows, for people to see."""
    parts = [reach.within(each) for each in permissions(reach.who)]
    whole = any(part is None for part in parts)
    found = joined(() if whole else (part for part in parts if part is not None))
    return ReachView(
        everywhere=whole,
        areas=sorted(found.areas),
        sites=sorted(found.sites),
        cameras=sorted(found.cameras),
        homes=sorted(reach.homes),
    )


def everywhere(here: Parts, who: Principal, permission: Permission) -> None:
    """Refuse who may do something in parts of the Community, and asks for what belongs to all of it.

    Raises:
        ForbiddenError: His grants do not hold all of it; that says nothing about what there is.
    """
    if not reach_of(here, who).is_everywhere(permission):
        raise ForbiddenError("this belongs to the whole community, and needs a grant for all of it")
