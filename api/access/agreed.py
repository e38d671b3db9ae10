"""Agreed: what households agreed to, for one person and one request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from config.community import Camera, Ring
from hub.access import Permission, Principal, allows
from hub.consent import Watching

if TYPE_CHECKING:
    from api.parts import Parts
    from api.schemas.cameras import CameraView


class Agreed:
    """Fulfils `hub.pictures.Bound`; what has to be asked of the store is asked once, when it matters."""

    def __init__(self, here: Parts, who: Principal) -> None:
        """Ask for `who`."""
        self._here = here
        self._who = who
        self._sight = here.households.sight()

    def at(self, camera: str) -> Collection[str]:
        """The sites at which a camera is, or ever recorded something."""
        there = self._here.revisions.current().camera(camera)
        return self._recorded.get(camera, set()) | ({there.site} if there is not None else set())

    def room(self, camera: str, site: str) -> Watching:
        """What somebody sees of it there for whom it is not the own home."""
        return self._sight.room(self._who, camera, site)

    def shows(self, camera: str | None, site: str | None, moment: datetime) -> bool:
        """Whether a picture that is kept may be shown to him: of the room, of who was sent, or of who lives there."""
        if camera is None:
            return True
        sites = {site} if site is not None else {*self.at(camera)} or self._sight.homes_of(camera)
        return all(self.room(camera, each).shows(moment) or self._is_of_his_home(each, moment) for each in sites)

    def _is_of_his_home(self, site: str, moment: datetime) -> bool:
        """Whether he lives there, and did then."""
        if not allows(self._who, Permission.VIEW_OWN_PICTURES):
            return False
        begins = self._here.people.reaches.of(self._who).home_since
        since = begins.get(site)
        return site in begins and (since is None or moment >= since)

    def lives_at(self, name: str, site: str) -> bool:
        """Whether the account of this name lives there, and may share it."""
        return self._sight.lives_at(name, site)

    def is_asked(self, camera: str, site: str) -> bool:
        """Whether a household has to agree to what is seen of a camera there."""
        return self._sight.decision(camera, site) is not None

    @cached_property
    def _recorded(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for site, camera, _ in self._here.playback.catalog.streams():
            found[camera].add(site)
        return found


def agreed(here: Parts, view: CameraView) -> CameraView:
    """A camera as it is shown, with what its household decided: so that nobody wonders why there is no picture."""
    running = here.households.current().camera(view.id)
    decision = here.households.sight().decision(view.id, view.site)
    site = here.revisions.current().site(view.site)
    watching = None if site is None or site.ring is not Ring.HOUSEHOLD else "unclaimed"
    return view.model_copy(
        update={
            "analyse": view.analyse if running is None else running.analyse,
            "watching": watching if decision is None else decision.watch.value,
        }
    )


def as_it_was(here: Parts, body: Camera, before: Camera) -> Camera:
    """What is sent back as it was shown: what a household decided does not become a setting."""
    running = here.households.current().camera(before.id)
    if running is None or body.analyse is not running.analyse:
        return body
    return body.model_copy(update={"analyse": before.analyse})
