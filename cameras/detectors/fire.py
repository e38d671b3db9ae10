"""Fire: flames and smoke, by what places do over seconds and by what a small network says of them, both together.

Cells that are hot or hazy make places; each place has witnesses (flicker, colour, staying) and looks of the verifier.
Neither alone makes a fire: what travels, blinks as one or never changes is none whatever the network says, and what
flickers is none unless the network agrees over several looks. What burns the camera out has a witness and a look of
its own, for it shows no flame. A quiet picture costs next to nothing: it gets a glance
twice a second at most, and the network sees none of it. Known flames are left to whoever has the zones. One per camera,
one thread; the network's time is paid from the worker's budget.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cameras.vision.detection import FIRE, SMOKE, Detection, Scene
from cameras.vision.fire.cells import FireCells, Region
from cameras.vision.fire.glare import Glare
from cameras.vision.fire.smoke_witness import Change, SmokeWitness, changes
from cameras.vision.fire.votes import Quorum, Verifier, Votes
from cameras.vision.fire.witnesses import FlameWitness, Flicker, hot_pixels
from cameras.vision.motion import Motion
from cameras.vision.shared import Shared
from hub.geometry import Box
from hub.plugins import Options, Plugin

_LOOK_S: Final = 0.25
"""Between looks at the cells: the fastest flicker that two looks can tell is 2 Hz, most flames have more below."""
_QUIET_S: Final = 0.5
"""The same while nothing moves and nothing hot changes."""
_CALM_S: Final = 5.0
"""Calm for so long is quiet."""
_SLOW_S: Final = 2.0
"""In a quiet picture the cells are looked at so rarely: thin smoke comes without what anyone would call motion."""
_PIXELS: Final = 240 * 135
"""About: of the picture in which flicker is looked for. A tall picture of motion is up to six times as large."""
_CHANGED_PX: Final = 2
_CHANGED: Final = 12
"""Hot pixels of the small picture that came, went or changed by more grey levels; one is noise."""
_GONE_S: Final = 3.0
_SAME: Final = 0.3
"""Share of the smaller of two boxes at which a region is the place that was there before."""
_MOST_PLACES: Final = 8
_MOST_LOOKS: Final = 3
"""Places that are shown to the network at once; the others wait a quarter of a second."""
_AROUND: Final = 1.5
"""A crop is so many times larger than its place: the network was trained on fires with surroundings."""
_CLOSE: Final = 0.125
_LEAST_CLOSE_PX: Final = 40
"""Side of the close crop, of the picture's width: five cells. Smaller there are only the camera's own pixels."""
_LARGE: Final = 0.02
"""Of the picture: the largest place, when it is so large, is shown in the whole picture as well: a glare that burns out
the sensor is told from a flame by its surroundings."""
_DENSEST: Final = 0.35
"""Of the picture's sides: so much of a hazy place around its peak is judged."""
_GRACE_S: Final = 0.01
_SURE: Final = 0.6
_UNSURE: Final = 0.49
"""What is told of a place whose votes stand at least, and of any other at most: Events and rules go by a half."""
_ALONE_S: Final = 1.5
"""Without the network a look counts for so long: what passes by warm and lively is gone before it is believed."""

_FLAMES: Final = (
    Quorum(least=0.65, need=3, of=6, span_s=0.5, support=0.4),
    Quorum(least=0.95, need=3, of=6, span_s=0.7, support=0.15),
)
"""The less the witnesses say, the surer the network has to be."""
_SMOKES: Final = (
    Quorum(least=0.75, need=4, of=6, span_s=2.0, support=0.5),
    Quorum(least=0.9, need=3, of=6, span_s=1.4, support=0.3),
)
"""As of flames: the surer the network, the less the witnesses have to say, and the sooner."""
_GLARES: Final = (Quorum(least=0.65, need=4, of=6, span_s=0.75, support=0.5),)
"""A glare is judged by the whole picture: its surroundings are all that is left to see. One that behaves like a fire
is rare, and a fire so large is in a hurry: it is looked at four times a second whatever the network said last."""
_SMOKE_S: Final = 0.75
"""Between looks while votes for smoke are in the making: it has to last, which a puff of vapour does not."""


class FireOptions(Options):
    """Settings of the fire detector."""

    smoke: bool = True
    """Whether smoke is looked for; off where steam or dust are at home."""
    least: Annotated[float, Field(ge=0.0, le=1.0)] = 0.25
    """Candidates surer than this are reported; what becomes an alert is for the rules."""


@dataclass(slots=True, eq=False)
class _Place:
    """A place that is being watched."""

    key: str
    label: str
    region: Region
    witness: FlameWitness | SmokeWitness | Glare
    votes: Votes
    seen_s: float
    alone: float = 0.0

    def detection(self, *, verified: bool) -> Detection:
        """What is to be said of it; not `verified` by anyone, the witnesses say it alone."""
        box, numbers = self.region.core, self.witness.numbers
        if not verified:
            return Detection(self.label, round(self.alone, 3), box, dict(numbers), self.key)
        score = max(_SURE, self.votes.score) if self.votes.standing else _UNSURE * self.votes.progress
        return Detection(self.label, round(score, 3), box, {**self.votes.told(), **numbers}, self.key)


class FireDetector:
    """Watches one camera for fire and smoke."""

    def __init__(self, options: FireOptions, shared: Shared) -> None:
        self._options = options
        self._shared = shared
        self._cells = FireCells()
        self._glare = Glare()
        self._changes: list[Change] | None = None
        self._flicker: Flicker | None = None
        self._places: list[_Place] = []
        self._made = 0
        self._looked_s = -math.inf
        self._lively_s = -math.inf
        self._glance: tuple[NDArray[np.bool_], NDArray[np.uint8]] | None = None

    @property
    def trouble(self) -> str | None:
        """Why it sees less than it could; None while it works."""
        return self._shared.fire.trouble

    def reset(self) -> None:
        """Forget the past."""
        self._cells.reset()
        self._glare = Glare()
        self._flicker = None
        self._glance = None
        self._places.clear()
        self._looked_s = self._lively_s = -math.inf

    def detect(self, scene: Scene) -> list[Detection] | None:
        """What burns or smokes, and what might; the surest first."""
        at_s, motion = scene.frame.pts_s, scene.motion
        if at_s < self._looked_s:
            self.reset()  # the stream's time jumped back
        if self._asleep(scene):
            self._flicker = None
            return []
        motion = _smaller(motion)
        if self._flicker is None or self._flicker.shape != motion.luminance.shape:
            self._flicker = Flicker(motion.luminance, at_s)
        self._flicker.add(motion.small, motion.luminance, at_s, motion.watched)
        if at_s - self._looked_s >= _LOOK_S - _GRACE_S:
            self._looked_s = at_s
            regions = self._cells.look(scene.frame.image, at_s, motion.watched)
            self._follow(FIRE, regions.hot, at_s)
            self._follow_glare(motion, at_s)
            if self._options.smoke:
                self._follow(SMOKE, regions.hazy, at_s)
            self._places = [place for place in self._places if at_s - place.seen_s < _GONE_S]
            now = [place for place in self._places if place.seen_s == at_s]
            self._changes = None
            for place in now:
                self._witness(place, motion.small, at_s)
            self._verify([place for place in now if place.votes.due_s <= at_s + _GRACE_S], scene)
            if self._places:
                self._lively_s = at_s
        verified = self._shared.fire.verifier is not None
        found = [place.detection(verified=verified) for place in self._places]
        found = [one for one in found if one.score >= self._options.least]
        return sorted(found, key=lambda one: -one.score)

    def _asleep(self, scene: Scene) -> bool:
        """Whether nothing is worth more than a glance; takes the glance when it is due."""
        at_s = scene.frame.pts_s
        if scene.motion.moving:
            self._lively_s = at_s
        if at_s - self._lively_s < _CALM_S:
            return False
        if at_s - self._looked_s < _QUIET_S:
            return True
        if self._hot_changed(scene.motion):
            self._lively_s = at_s
            return False
        if at_s - self._looked_s >= _SLOW_S:
            self._looked_s = at_s
            regions = self._cells.look(scene.frame.image, at_s, scene.motion.watched)
            if regions.hazy or regions.hot:
                self._lively_s = at_s
        return True

    def _hot_changed(self, motion: Motion) -> bool:
        """Whether something hot came, went or changed since the last glance."""
        hot, light = hot_pixels(motion.small), motion.luminance
        before, self._glance = self._glance, (hot, light)
        if before is None or before[0].shape != hot.shape:
            return False
        changed = (hot | before[0]) & (cv2.absdiff(light, before[1]) > _CHANGED)
        return bool(np.count_nonzero(changed) >= _CHANGED_PX)

    def _follow(self, label: str, regions: tuple[Region, ...], at_s: float) -> None:
        """Let every place take the largest region that is on it, and make places of the others."""
        for region in regions:
            mine = [
                place
                for place in self._places
                if place.label == label
                and not isinstance(place.witness, Glare)
                and _shared(place.region.box, region.box) > _SAME
            ]
            free = next((place for place in mine if place.seen_s < at_s), None)
            if free is not None:
                free.region, free.seen_s = region, at_s
            elif not mine and len(self._places) < _MOST_PLACES:
                self._made += 1
                key = f"{label}{self._made}"
                if label == FIRE:
                    witness: FlameWitness | SmokeWitness = FlameWitness(at_s)
                    votes = Votes(_FLAMES, at_s, urgent_s=_LOOK_S)
                else:
                    witness, votes = SmokeWitness(at_s), Votes(_SMOKES, at_s, urgent_s=_SMOKE_S)
                self._places.append(_Place(key, label, region, witness, votes, at_s))

    def _follow_glare(self, motion: Motion, at_s: float) -> None:
        """Make a place of a glare that behaves like a fire."""
        self._glare.look(motion.luminance, motion.watched, at_s)
        box = self._glare.box
        if box is None or self._glare.support() < _GLARES[0].support:
            return
        region = Region(box, box, box.centre, 0)
        place = next((one for one in self._places if isinstance(one.witness, Glare)), None)
        if place is None:
            self._made += 1
            votes = Votes(_GLARES, at_s, urgent_s=_LOOK_S, always_urgent=True)
            self._places.append(_Place(f"{FIRE}{self._made}", FIRE, region, self._glare, votes, at_s))
        else:
            place.region, place.seen_s = region, at_s

    def _verify(self, due: list[_Place], scene: Scene) -> None:
        """Show the network the places that are due, those with votes in the making first."""
        verifier = self._shared.fire.verifier
        if verifier is None or not due:
            return
        due.sort(key=lambda place: (not place.votes.promising, place.votes.due_s))
        urgent = due[0].votes.promising
        camera, now_s, at_s = self._shared.camera, scene.clock.monotonic_s(), scene.frame.pts_s
        if not self._shared.budget.grant(camera, now_s, urgent=urgent, purpose="fire"):
            return
        due = due[:_MOST_LOOKS]
        largest = [max(each, key=lambda place: place.region.cells, default=None) for each in self._by_label(at_s)]
        image = scene.frame.image
        crops = [
            [image] if isinstance(place.witness, Glare) else _crops(image, place.region, whole=place in largest)
            for place in due
        ]
        self._look(verifier, due, crops, at_s)
        self._shared.budget.spend(scene.clock.monotonic_s() - now_s)

    def _witness(self, place: _Place, small: NDArray[np.uint8], at_s: float) -> None:
        """Let the place's witness look."""
        assert self._flicker is not None
        if isinstance(place.witness, SmokeWitness):
            if place.votes.due_s <= at_s + _GRACE_S:
                if self._changes is None:
                    self._changes = changes(self._cells.recent)
                place.witness.look(self._changes, _densest(place.region), place.region.cells, at_s)
            return
        if isinstance(place.witness, Glare):
            return
        place.witness.look(self._flicker, small, place.region.box, at_s)
        place.alone += (1 - math.exp(-_LOOK_S / _ALONE_S)) * (place.witness.testimony() - place.alone)

    def _by_label(self, at_s: float) -> list[list[_Place]]:
        """The places that are seen now, of each label."""
        now = [place for place in self._places if place.seen_s == at_s]
        return [[place for place in now if place.label == label] for label in (FIRE, SMOKE)]

    def _look(self, verifier: Verifier, due: list[_Place], crops: list[list[NDArray[np.uint8]]], at_s: float) -> None:
        answers = iter(verifier.look([crop for each in crops for crop in each]))
        for place, each in zip(due, crops, strict=True):
            scores = [next(answers)[0 if place.label == FIRE else 1] for _ in each]
            place.votes.add(max(scores), place.witness.support(), at_s)


def _crops(image: NDArray[np.uint8], region: Region, *, whole: bool) -> list[NDArray[np.uint8]]:
    """The place with its surroundings, the hottest part of it close up, and if it is large the whole picture."""
    height, width = image.shape[:2]
    box = region.box
    x, y = box.centre
    side = max(box.w * width, box.h * height) * _AROUND
    close = max(_LEAST_CLOSE_PX, _CLOSE * width)
    crops = [_square(image, (x, y), side), _square(image, region.peak, close)]
    if whole and box.area > _LARGE:
        crops.append(image)
    return crops


def _smaller(motion: Motion) -> Motion:
    """With pictures of about `_PIXELS`, by a whole factor."""
    height, width = motion.luminance.shape
    factor = round(math.sqrt(height * width / _PIXELS))
    if factor <= 1:
        return motion
    size = (width // factor, height // factor)
    small = np.asarray(cv2.resize(motion.small, size, interpolation=cv2.INTER_AREA), np.uint8)
    luminance = np.asarray(cv2.resize(motion.luminance, size, interpolation=cv2.INTER_AREA), np.uint8)
    watched = motion.watched
    if watched is not None:
        watched = cv2.resize(watched.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(bool)
    return replace(motion, small=small, luminance=luminance, watched=watched)


def _densest(region: Region) -> Box:
    """The part of a place around its peak: a large one has people and cars in it as well."""
    x, y = region.peak
    wide, high = min(region.box.w, _DENSEST), min(region.box.h, _DENSEST)
    left = min(max(x - wide / 2, region.box.x), region.box.x + region.box.w - wide)
    top = min(max(y - high / 2, region.box.y), region.box.y + region.box.h - high)
    return Box(left, top, wide, high)


def _square(image: NDArray[np.uint8], middle: tuple[float, float], side: float) -> NDArray[np.uint8]:
    """The square around `middle`, moved and if need be cut so that it lies inside the picture."""
    height, width = image.shape[:2]
    whole = round(max(side, 16.0))
    wide, high = min(whole, width), min(whole, height)
    left = round(min(max(middle[0] * width - wide / 2, 0.0), width - wide))
    top = round(min(max(middle[1] * height - high / 2, 0.0), height - high))
    return image[top : top + high, left : left + wide]


def _shared(one: Box, other: Box) -> float:
    """Share of the smaller box that lies in the other."""
    across = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    down = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    if across <= 0 or down <= 0:
        return 0.0
    return across * down / max(min(one.area, other.area), 1e-9)


def _build(options: FireOptions, shared: Shared) -> FireDetector:
    return FireDetector(options, shared)


PLUGIN = Plugin(
    kind="fire",
    options=FireOptions,
    build=_build,
    summary="Flames and smoke by flicker, colour, staying in place and a network's looks that agree over seconds.",
)
