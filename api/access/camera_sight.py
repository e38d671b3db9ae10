"""Camera sight: who may see the pictures of which camera, be they live, recorded or a still.

In an office somebody sees the cameras that his grants reach. A resident sees the cameras where he lives, and those that
were shared with him from the moment they were. What was recorded is seen by whose site the camera was at then, wherever
it is now. A camera that is not for somebody is not found, in the words of one that does not exist. Asked at every
request and at every use of a link, so that a change of grants or of the Community counts at once.
"""

from __future__ import annotations

from api.access.reaching import pictures_of
from api.parts import Parts
from api.recordings.links import Link, What, link_holder, links_of
from config.community import Camera
from hub.access import Permission, Principal
from hub.errors import NotFoundError

SEERS = (Permission.VIEW_PICTURES, Permission.VIEW_OWN_PICTURES)
"""Any of these sees pictures: where grants reach, or of the own home and what is shared."""


def seen_camera(here: Parts, who: Principal, camera_id: str) -> Camera:
    """A camera whose pictures somebody may see.

    Raises:
        NotFoundError: There is none, or it is not for him.
    """
    found = here.revisions.current().camera(camera_id)
    if found is None or not pictures_of(here, who).live(found):
        raise NotFoundError(f"no camera {camera_id!r}")
    return found


def recorded_at(here: Parts, camera_id: str) -> set[str]:
    """The sites at which a camera ever recorded."""
    return {site for site, camera, _ in here.playback.catalog.streams() if camera == camera_id}


def recorded_camera(here: Parts, who: Principal, camera_id: str) -> Camera:
    """A camera of which somebody may see recordings: it is where he reaches, or recorded something there once.

    Which of its recordings `pictures_of` says.

    Raises:
        NotFoundError: There is none, or it is not for him.
    """
    found = here.revisions.current().camera(camera_id)
    if found is None or not pictures_of(here, who).recorded(camera_id, {found.site, *recorded_at(here, camera_id)}):
        raise NotFoundError(f"no camera {camera_id!r}")
    return found


def glimpsed_camera(here: Parts, who: Principal, camera_id: str) -> Camera:
    """A camera of which somebody may see a single picture: what it sees now, or some of what it recorded.

    Raises:
        NotFoundError: There is none, or it is not for him.
    """
    found = here.revisions.current().camera(camera_id)
    if found is not None and pictures_of(here, who).live(found):
        return found
    return recorded_camera(here, who, camera_id)


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
    seen = {"live": seen_camera, "still": glimpsed_camera}.get(what, recorded_camera)
    return link, who, seen(here, who, camera_id)
