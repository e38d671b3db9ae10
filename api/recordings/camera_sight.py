"""Camera sight: who may see the pictures of which camera, be they live, recorded or a still.

The room sees all. A resident sees the cameras of the sites where he lives, as `contacts` of the Community says, and
nobody else sees any. A camera that is not for somebody is not found, in the words of one that does not exist. Asked at
every request and at every use of a link, so that a change of the Community counts at once.
"""

from __future__ import annotations

from collections.abc import Callable

from api.parts import Parts
from api.recordings.links import Link, What, link_holder, links_of
from config.community import Camera, Community
from hub.access import Permission, Principal, allows
from hub.errors import NotFoundError

SEERS = (Permission.VIEW_PICTURES, Permission.VIEW_OWN_PICTURES)
"""Any of these sees pictures: of all cameras, or of the own home's."""


def pictures_of(here: Parts, who: Principal) -> Callable[[Camera], bool]:
    """Whether somebody may see what a camera sees, as of now; ask it of as many cameras as you like."""
    if allows(who, Permission.VIEW_PICTURES):
        return lambda _camera: True
    if not allows(who, Permission.VIEW_OWN_PICTURES):
        return lambda _camera: False
    homes = _homes(here.revisions.current(), who)
    return lambda camera: camera.site in homes


def seen_camera(here: Parts, who: Principal, camera_id: str) -> Camera:
    """A camera whose pictures somebody may see.

    Raises:
        NotFoundError: There is none, or it is not for him.
    """
    found = here.revisions.current().camera(camera_id)
    if found is None or not pictures_of(here, who)(found):
        raise NotFoundError(f"no camera {camera_id!r}")
    return found


def linked_camera(here: Parts, token: str, what: What, camera_id: str) -> tuple[Link, Principal, Camera]:
    """What a link opens, if it is for this, and whoever it was made for may still see it.

    Raises:
        NotSignedInError: The link is not good any more, or not for this.
        NotFoundError: There is no such camera, or it is not for him.
    """
    link = links_of(here).read(token)
    if link.what != what or link.camera != camera_id:
        # In the words for a camera that is not there: a link for one camera asks nothing about another.
        raise NotFoundError(f"no camera {camera_id!r}")
    who = link_holder(here, link)
    return link, who, seen_camera(here, who, camera_id)


def _homes(community: Community, who: Principal) -> frozenset[str]:
    return frozenset(site for contact in community.contacts if contact.account == who.name for site in contact.sites)
