"""Agreed: what households agreed to, for one person and one request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from hub.access import Principal
from hub.consent import Watching

if TYPE_CHECKING:
    from api.parts import Parts


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

    def lives_at(self, name: str, site: str) -> bool:
        """Whether the account of this name lives there, and may share it."""
        return self._sight.lives_at(name, site)

    @cached_property
    def _recorded(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for site, camera, _ in self._here.playback.catalog.streams():
            found[camera].add(site)
        return found
