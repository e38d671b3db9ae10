"""Analysis: everything from a Frame to Events, for one camera; the same live and for a file.

Frame -> motion -> detectors -> tracks -> zones -> behaviours -> Events. Called from the worker's analysis thread with
the frames of one camera in their order; never blocks, keeps the last seconds only. A detector or behaviour that raises
is passed over for that frame and counted; the others go on.
"""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from cameras.traces.tracing import Tracer
from cameras.vision.behaving import Behaviour, Look, Surroundings, behaviours_of
from cameras.vision.decoding import Frame
from cameras.vision.detection import FIRE, MOVER, SMOKE, Detection, Detector, Scene
from cameras.vision.fire.known_flames import KnownFlames
from cameras.vision.following.ground import GroundPlane
from cameras.vision.following.holding import held
from cameras.vision.following.merging import split_merged
from cameras.vision.following.tracking import Track, Tracker, Tracks
from cameras.vision.following.zones import PERSON, VEHICLE, TrackWatch, Watched, ZoneMap, group_of
from cameras.vision.motion import MotionModel
from cameras.vision.plates.watch import PlateWatch
from cameras.vision.reporting import Reporter
from cameras.vision.shared import Shared, build_shared
from cameras.vision.sightings import FAINT, Sighting
from cameras.vision.views.watching import VIEW_KINDS, ViewWatch
from config.analysing import Analyse
from config.calendars import Dates
from config.community import Camera, ZoneUse
from config.plates import HeldPlates
from config.says import in_english
from hub.clock import Clock
from hub.errors import ConfigurationError, Mistake
from hub.events import Event, new_event_id
from hub.geometry import Box
from hub.plugins import Plugin, load_plugins

__all__ = ["Analysis", "Shared", "build_analysis", "build_shared"]

logger = logging.getLogger(__name__)

_UNNAMING: Final = frozenset({"fire", "movers", "view"})
"""Detectors that never name an object: their finding nothing says nothing about objects."""
_SEEN_IN_FIRE: Final = 0.7
"""So sure must the network be of what it names in a fire: somebody who is there is plainly seen against it."""
_NAMED_S: Final = 2.0
"""What was named so recently still explains the motion around it."""


class Analysis:
    """Watches the frames of one camera.

    Attributes:
        failures: How often a detector or a behaviour raised.
        found: What each detector that looked at the last frame found in it, by its kind: to be drawn.
    """

    def __init__(
        self,
        camera: Camera,
        *,
        area: str | None,
        detectors: Mapping[str, Detector],
        clock: Clock,
        plates: Sequence[HeldPlates] = (),
        dates: Dates | None = None,
    ) -> None:
        """Begin with nothing seen.

        Args:
            camera: Its zones and place count.
            area: Id of the Area of its Site.
            detectors: By kind.
            clock: Gives `arrived`, and the time that detectors take.
            plates: The lists that plates are compared with.
            dates: What the hours of its zones go by.
        """
        self._camera = camera
        self._clock = clock
        self._detectors = dict(detectors)
        self._motion = MotionModel(camera.zones)
        self._zones = ZoneMap(camera.zones, dates)
        reporter = Reporter(camera, area=area, clock=clock)
        run = new_event_id()[:6]  # tracks of another run of this camera are other tracks
        self._objects = Tracker(prefix=f"{run}-", group=group_of)
        self._movers = Tracker(prefix=f"{run}-m", group=group_of)
        ground = None if camera.ground is None else GroundPlane(camera.ground)
        self._named = TrackWatch(self._zones, reporter, driver="objects", ground=ground)
        self._unnamed = TrackWatch(self._zones, reporter, driver="movers", ground=ground, everywhere=bool(camera.lines))
        self._behaviours = behaviours_of(Surroundings(camera, self._zones, reporter, ground))
        self._flames = KnownFlames(camera.zones, self._zones)
        self._fire = Sighting("camera.fire", driver="fire", reporter=reporter, zone=self._zone_id)
        self._smoke = Sighting("camera.smoke", driver="fire", reporter=reporter, zone=self._zone_id, begin=FAINT)
        self._suspected = False
        self._view = ViewWatch(self._zones, reporter)
        self._tracer = Tracer() if camera.analyse is Analyse.ALL else None
        self._plates = PlateWatch(reporter, plates)
        self._moving = False
        self._named_s = -math.inf
        self._failed: set[str] = set()
        self.failures = 0
        self.found: dict[str, Sequence[Detection]] = {}

    @property
    def moving(self) -> bool:
        """Whether every frame is worth decoding: something moves or burns, or an alert may be in the making."""
        return self._moving or self._suspected or self._fire.holds or self._smoke.holds or self._pending

    @property
    def troubles(self) -> Mapping[str, str]:
        """What does not work and why, in words for an operator, by kind of detector."""
        found = {kind: one.trouble for kind, one in self._detectors.items() if one.trouble is not None}
        if self._plates.trouble is not None:
            found.setdefault("plates", self._plates.trouble)
        return found

    def turned(self, until: datetime) -> None:
        """Somebody turns the camera on purpose, until then at least; from any thread."""
        self._view.turned(until)

    def take_trace(self) -> list[bytes]:
        """What was followed of late, packed, each once; nothing where not everything may be looked for."""
        return [] if self._tracer is None else self._tracer.take()

    def feed(self, frame: Frame) -> list[Event]:
        """Look at the next frame; Events on change."""
        at_s = frame.pts_s
        aspect = frame.image.shape[0] / frame.image.shape[1]
        if self._zones.go_to(frame.at):
            self._motion.hide(self._zones.in_force)
        self._motion.disarmed = self._zones.disarmed
        motion = self._motion.update(frame.image, at_s)
        self._moving = motion.moving
        events = self._another_scene(frame.at) if motion.cut else []
        vehicles = tuple(one.track.box for one in self.watched if one.kind == VEHICLE)
        scene = Scene(
            frame,
            motion,
            self._clock,
            tuple(track.box for track in self._objects.tracks),
            urgent=self._urgent(),
            vehicles=vehicles,
            standing=all(map(self._stands, self._objects.tracks)),
        )
        tracks: Tracks | None = None
        named: list[Detection] | None = None  # nobody looked; an empty list is a look that found nothing
        unnamed: list[Detection] = []
        burning: list[Detection] = []
        plates: Sequence[Detection] = ()
        self.found = {}
        for kind, detector in self._detectors.items():
            found = self._look(kind, detector, scene)
            if found is None:
                continue
            self.found[kind] = found
            if kind == "view":
                events += self._view.update([one for one in found if one.label in VIEW_KINDS], at_s, at=frame.at)
                continue
            found = [one for one in found if not self._zones.ignored(one.box, one.label)]
            if kind == "plates":
                plates = found
                continue
            burning += [one for one in found if one.label in (FIRE, SMOKE) and not self._flames.hold(one.box)]
            unnamed += [one for one in found if one.label == MOVER]
            if kind not in _UNNAMING:
                named = (named or []) + [one for one in found if one.label not in (FIRE, SMOKE, MOVER)]
        self._suspected = bool(burning)
        events += self._fire.update([one for one in burning if one.label == FIRE], at_s, at=frame.at)
        events += self._smoke.update([one for one in burning if one.label == SMOKE], at_s, at=frame.at)
        if named is not None:
            self._named_s = at_s
            named = self._unburnt(named)
            still = held(self._objects.tracks, motion.blobs, named)
            tracks = self._objects.update([*named, *still], at_s, aspect=aspect)
            events += self._named.update(tracks, at_s, at=frame.at, aspect=aspect, before=self._unnamed)
        moved = self._movers.update(split_merged(unnamed, self._movers.tracks), at_s, aspect=aspect)
        hidden = self._named_boxes(at_s)
        events += self._unnamed.update(moved, at_s, at=frame.at, aspect=aspect, hidden=hidden)
        if self._tracer is not None:
            away = self._zones.disarmed
            self._tracer.look(frame.at, at_s, aspect=aspect, disarmed=away, objects=tracks, movers=moved, hidden=hidden)
        events += self._plates.update(plates, self.watched, at_s, at=frame.at)
        look = Look(frame, motion, self.watched, named)
        return events + self._each_behaviour(lambda behaviour: behaviour.update(look))

    def reset(self, at: datetime) -> list[Event]:
        """The stream broke: end every open state, and forget what was seen."""
        events = [*self._fire.end(at), *self._smoke.end(at), *self._view.end(at), *self._another_scene(at)]
        self._motion.reset()
        for kind, detector in self._detectors.items():
            try:
                detector.reset()
            except Exception:  # what the others have to end must not be lost
                if self._first_failure(kind):
                    logger.exception("detector failed", extra={"camera": self._camera.id, "detector": kind})
        self._moving = False
        self._named_s = -math.inf
        return events

    def _another_scene(self, at: datetime) -> list[Event]:
        """The camera was turned or the lights went: nobody can be followed from the last picture into this one.

        A fire goes on: it burns in the next scene as well, or ends by not being seen.
        """
        if self._tracer is not None:
            self._tracer.cut(at)
        self._objects.reset()
        self._movers.reset()
        ended = self._each_behaviour(lambda behaviour: behaviour.end(at))
        return [*ended, *self._plates.end(at), *self._named.end_all(at), *self._unnamed.end_all(at)]

    def _each_behaviour(self, ask: Callable[[Behaviour], list[Event]]) -> list[Event]:
        events: list[Event] = []
        for kind, behaviour in self._behaviours.items():
            try:
                events += ask(behaviour)
            except Exception:  # one behaviour on one camera must not stop the others
                if self._first_failure(kind):
                    logger.exception("behaviour failed", extra={"camera": self._camera.id, "behaviour": kind})
        return events

    def _look(self, kind: str, detector: Detector, scene: Scene) -> Sequence[Detection] | None:
        try:
            return detector.detect(scene)
        except Exception:  # one detector of one camera must not stop the others
            if self._first_failure(kind):
                logger.exception("detector failed", extra={"camera": self._camera.id, "detector": kind})
            return None

    def _unburnt(self, named: list[Detection]) -> list[Detection]:
        """Without what the network half sees in a fire: flames come and go in the shape of people."""
        fire = self._fire.box
        if fire is None:
            return named
        return [one for one in named if one.score >= _SEEN_IN_FIRE or one.box.shared(fire) < one.box.area / 2]

    def _first_failure(self, kind: str) -> bool:
        """Count a failure; whether `kind` had none before, so that the log tells of it once."""
        self.failures += 1
        first = kind not in self._failed
        self._failed.add(kind)
        return first

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Everything followed that Events have told of, named by the object model or not."""
        return (*self._named.watched, *self._unnamed.watched)

    @property
    def _pending(self) -> bool:
        return any(behaviour.pending for behaviour in self._behaviours.values())

    def _urgent(self) -> bool:
        """Whether an alert may be in the making here; what stands in a zone was told of, and waits for its rule."""
        return self._pending or any(
            one.zone is not None and one.kind in (PERSON, VEHICLE) and not one.stopped for one in self.watched
        )

    def _stands(self, track: Track) -> bool:
        """Whether it stood for seconds, and was there when the object model looked last."""
        return track.seen_s >= self._named_s and self._named.stands(track)

    def _named_boxes(self, at_s: float) -> tuple[Box, ...]:
        return tuple(one.box for one in self._objects.tracks if at_s - one.seen_s < _NAMED_S or self._stands(one))

    def _zone_id(self, box: Box) -> str | None:
        zone = self._zones.at(box)
        return None if zone is None else zone.id


def build_analysis(
    camera: Camera,
    *,
    area: str | None,
    shared: Shared,
    clock: Clock,
    plates: Sequence[HeldPlates] = (),
    dates: Dates | None = None,
) -> Analysis:
    """The Analysis of one camera with the detectors that it asks for.

    A camera with a lane, a guarded zone, a wall or a line gets `movers` besides, so that it is not blind where the
    object model is; and one that looks for anything gets `view`, for what it does not see it cannot find.

    Raises:
        ConfigurationError: An unknown detector, or options that it does not take; all of them.
    """
    plugins = load_plugins("cameras.detectors")
    wanted = [(one.kind, one.options) for one in camera.detectors]
    kinds = {kind for kind, _ in wanted}
    moved_in = camera.lines or any(zone.use in (ZoneUse.LANE, ZoneUse.GUARDED, ZoneUse.WALL) for zone in camera.zones)
    if "movers" not in kinds and moved_in:
        wanted.append(("movers", {}))
    if wanted and "view" not in kinds:
        wanted.append(("view", {}))
    detectors: dict[str, Detector] = {}
    mistakes: list[Mistake] = []
    for number, (kind, options) in enumerate(wanted):
        built = _build_detector(plugins, kind, options, shared=shared, camera=camera)
        if isinstance(built, str):
            mistakes.append(Mistake(None, f"cameras[{camera.id}].detectors[{number}]", in_english(built)))
        else:
            detectors[kind] = built
    if mistakes:
        raise ConfigurationError(tuple(mistakes))
    return Analysis(camera, area=area, detectors=detectors, clock=clock, plates=plates, dates=dates)


def view_of(camera: Camera) -> str:
    """What a camera's view is for, in short: with other zones, lines or streams, or confirmed, it is another view."""
    unseen = {"zones": {"__all__": {"hours", "classes"}}}
    said = camera.model_dump_json(include={"zones", "lines", "ground", "view"}, exclude=unseen) + camera.analysed.url
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _build_detector(
    plugins: Mapping[str, Plugin[Any]], kind: str, options: Mapping[str, Any], *, shared: Shared, camera: Camera
) -> Detector | str:
    """The detector, or what is wrong with it."""
    plugin = plugins.get(kind)
    if plugin is None:
        return f"there is no detector {kind!r}; there are {', '.join(sorted(plugins))}"
    try:
        checked = plugin.options.model_validate(dict(options))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg'].lower()}" for one in error.errors()
        )
        return f"{kind}: {wrong}"
    detector: Detector = plugin.build(checked, shared.for_camera(camera.id, view_of(camera)))
    return detector
