"""Own home: the cameras of households where somebody lives, for what only its people may do."""

from __future__ import annotations

from api.access.reaching import reach_of
from api.parts import Parts
from config.community import Camera, Ring, Site
from hub.access import Permission, Principal
from hub.errors import NotFoundError


def own_homes(here: Parts, who: Principal) -> tuple[Site, ...]:
    """Where somebody lives, in the order of the Community; what is no household too."""
    homes = reach_of(here, who).homes
    return tuple(site for site in here.revisions.current().sites if site.id in homes)


def own_household_camera(here: Parts, who: Principal, camera_id: str) -> Camera:
    """A camera about which somebody may decide: at a household where he lives, now.

    Raises:
        NotFoundError: There is none, or it is not his to decide; the two are never told apart.
    """
    community = here.revisions.current()
    camera = community.camera(camera_id)
    site = None if camera is None else community.site(camera.site)
    if camera is None or site is None or not _is_his(here, who, camera):
        raise NotFoundError(f"no camera {camera_id!r} of yours")
    # What was decided while it was a household can be decided anew.
    if site.ring is not Ring.HOUSEHOLD and (camera.id, camera.site) not in here.households.consents.newest:
        raise NotFoundError(f"no camera {camera_id!r} of yours")
    return camera


def _is_his(here: Parts, who: Principal, camera: Camera) -> bool:
    return camera.site in reach_of(here, who).homes and reach_of(here, who).allows(
        Permission.DECIDE_CONSENT, camera=camera.id
    )
