"""Behaviour and Look: what is given to whoever judges how followed things behave, and what it answers.

A behaviour looks at one camera's moments in their order, from one thread, and makes Events on change. It may keep what
it learned of the last seconds between moments. What of its Events is an alert is decided by rules, never here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import ValidationError

from cameras.vision.decoding import Frame
from cameras.vision.detection import Detection
from cameras.vision.following.ground import GroundPlane
from cameras.vision.following.zones import Watched, ZoneMap
from cameras.vision.motion import Motion
from cameras.vision.reporting import Reporter
from config.community import Camera
from config.says import in_english
from hub.errors import ConfigurationError, Mistake
from hub.events import Event
from hub.plugins import load_plugins


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One moment of one camera.

    Attributes:
        frame: The picture.
        motion: What moves in it.
        watched: Everything followed that Events have told of, named by the object model or not.
        named: What the object model saw in this very picture; None when it did not look.
    """

    frame: Frame
    motion: Motion
    watched: tuple[Watched, ...]
    named: Sequence[Detection] | None

    @property
    def at_s(self) -> float:
        """The scene's time in seconds."""
        return self.frame.pts_s

    @property
    def at(self) -> datetime:
        """The frame's time, for Events."""
        return self.frame.at

    @property
    def aspect(self) -> float:
        """The picture's height over its width."""
        height, width = self.frame.image.shape[:2]
        return float(height / width)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a behaviour is: what the camera is told of its place, and whom Events are given to.

    Attributes:
        camera: Its zones and lines as configured.
        zones: The same zones, to ask for what is where.
        reporter: Makes its Events.
        ground: Metres, where the camera's ground was measured.
    """

    camera: Camera
    zones: ZoneMap
    reporter: Reporter
    ground: GroundPlane | None = None


class Behaviour(Protocol):
    """One way in which things behave, on one camera."""

    @property
    def pending(self) -> bool:
        """Whether an alert may be in the making, so that every frame is worth a look."""

    def update(self, look: Look) -> list[Event]:
        """Take the next moment; Events on change."""

    def end(self, at: datetime) -> list[Event]:
        """Another scene, or the stream broke: end every open state, and forget what was seen."""


def behaviours_of(surroundings: Surroundings) -> dict[str, Behaviour]:
    """What looks at how things behave on one camera, by kind: all that find something to do there.

    Raises:
        ConfigurationError: Options for a kind that there is none of, or that it does not take; all of them.
    """
    camera = surroundings.camera
    plugins = load_plugins("cameras.behaviours")
    place = f"cameras[{camera.id}].behaviours"
    mistakes = [
        Mistake(None, place, in_english(f"there is no behaviour {kind!r}; there are {', '.join(sorted(plugins))}"))
        for kind in camera.behaviours
        if kind not in plugins
    ]
    found: dict[str, Behaviour] = {}
    for kind, plugin in plugins.items():
        try:
            options = plugin.options.model_validate(camera.behaviours.get(kind, {}))
        except ValidationError as error:
            mistakes += [
                Mistake(
                    None,
                    f"{place}.{kind}.{'.'.join(str(part) for part in one['loc'])}",
                    in_english(one["msg"].lower()),
                )
                for one in error.errors()
            ]
            continue
        behaviour: Behaviour | None = plugin.build(options, surroundings)
        if behaviour is not None:
            found[kind] = behaviour
    if mistakes:
        raise ConfigurationError(tuple(mistakes))
    return found
