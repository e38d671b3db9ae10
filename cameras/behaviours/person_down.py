"""Person down: somebody who stood and now lies, low, flat and still.

Networks rarely name people who lie. The foreground shows them: where somebody stood upright a moment ago there is now a
shape of about a body's length that is wider than high and does not reach to where their chest was, and it stays. So a
fall needs three things: an upright person, this shape within moments beside or below them, and stillness. A person who
is named, lies and stands still is one as well, less surely, when nobody saw them fall. Who sits or bends keeps a
person's height or does not stay; what is put down is shorter than a person; cyclists, animals and vehicles are named;
who leaves by the edge leaves no shape of a body's length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cameras.vision.behaving import Look, Surroundings
from cameras.vision.following.zones import ANIMAL, PERSON, Watched, ZoneMap
from cameras.vision.reporting import REPEAT_S, Reporter
from hub.events import Event, Phase, new_event_id
from hub.geometry import Box
from hub.plugins import Options, Plugin

PERSON_DOWN: Final = "camera.person_down"

_SURE: Final = 0.5
"""How sure the network must have been of the upright person: half-seen shapes in leaves and flames come and go."""
_UPRIGHT: Final = 1.6
"""Height over width, in pixels, of somebody who stands or walks; arms and steps make it no less."""
_FLAT: Final = 1.2
"""Width over height of somebody who lies, seen from any side but along the body."""
_LENGTH: Final = 0.6
"""Of the height of the upright person: a body seen at a slant is shorter, a bag is shorter still."""
_MOST_LENGTH: Final = 1.6
"""A body on the ground nearer to the camera than it stood is longer; more than this is a car or several things."""
_LOW: Final = 0.65
"""Of the height of the upright person: who sits is higher than this."""
_THICK: Final = 0.2
"""Of that height too: a body on the floor is no thinner, a shadow or a head at the picture's edge is."""
_REACH: Final = 0.8
"""Heights from their feet to the middle of where they lie: half a body, and a step."""
_FALL_S: Final = 3.0
"""Between being seen upright and being seen flat: a fall takes about one second, and falling people are not named."""
_AT_ONCE_S: Final = 1.0
"""Where the picture cuts off what is below, only a fall that was seen without a gap counts."""
_SAME_PLACE: Final = 0.4
"""Heights by which the shape's middle may move: who lies moves arms and head, who crawls does more."""
_GONE_S: Final = 3.0
"""So long without the shape: they got up or were carried away; shorter is somebody walking before them."""
_SAME_GREY: Final = 14.0
"""Mean grey levels by which the place of somebody may change whom the background has learned: daylight and noise."""
_STAYS_S: Final = 3.0
"""After so long on the floor it is told once more: who stumbles, kneels down or reaches for something is up by then."""
_OTHER: Final = 0.3
"""Intersection over union from which a named vehicle, bicycle or animal is what lies there."""
_EDGE: Final = 0.01
_FELL: Final = 0.8
_BESIDE: Final = 0.6
_LIES: Final = 0.5
"""How sure: who stood there is not seen any more; somebody still stands beside it; nobody saw them stand."""
_MOST_CANDIDATES: Final = 16
"""At once: more are a flood, and none of them is looked at with care."""


class PersonDownOptions(Options):
    """Settings of the person who lies."""

    lies_s: Annotated[float, Field(ge=1.0, le=60.0)] = 2.0
    """So long after a fall they have to lie."""
    unseen_fall_s: Annotated[float, Field(ge=5.0, le=600.0)] = 10.0
    """So long somebody who was not seen to fall has to lie."""


@dataclass(slots=True)
class _Upright:
    """Somebody as they were last seen upright. Lengths are in picture widths."""

    box: Box
    seen_s: float
    height: float


@dataclass(slots=True)
class _Down:
    """Somebody who may lie."""

    box: Box
    since_s: float
    seen_s: float
    height: float
    fell: bool
    fall_s: float
    vanished: bool
    picture: NDArray[np.uint8] | None = None
    learned: bool = False
    begun: Box = field(init=False)
    subject: str = field(default_factory=lambda: f"down-{new_event_id()[:8]}")
    told_s: float | None = None
    stayed: bool = False

    def __post_init__(self) -> None:
        self.begun = self.box


class PersonDown:
    """The people who lie in one camera's view."""

    def __init__(self, options: PersonDownOptions, zones: ZoneMap, reporter: Reporter) -> None:
        """Begin with nobody."""
        self._options = options
        self._zones = zones
        self._reporter = reporter
        self._upright: dict[str, _Upright] = {}
        self._down: list[_Down] = []
        self._aspect = 1.0

    @property
    def pending(self) -> bool:
        """Whether somebody may just have fallen."""
        return any(one.told_s is None for one in self._down)

    def update(self, look: Look) -> list[Event]:
        """Take the next moment."""
        self._aspect = look.aspect
        people = [one for one in look.watched if one.kind == PERSON]
        self._remember(people, look)
        shapes = [blob.box for blob in look.motion.blobs if not self._named_otherwise(blob.box, look)]
        flat = [box for box in shapes if _flatness(box, look.aspect) >= _FLAT]
        for box in flat:
            self._fallen(box, look)
        for one in people:
            self._lying(one, look)
        return self._judge(flat, people, look)

    def end(self, at: datetime) -> list[Event]:
        """Another scene: nobody is known to lie in it."""
        events = [self._tell(one, Phase.ENDED, one.seen_s, at) for one in self._down if one.told_s is not None]
        self._upright.clear()
        self._down.clear()
        return events

    def _remember(self, people: list[Watched], look: Look) -> None:
        for one in people:
            box = one.track.box
            whole = box.y + box.h < 1 - _EDGE  # who is cut off below is taller than what is seen of them
            seen = one.track.seen_s == look.at_s and one.track.score >= _SURE
            if seen and whole and _flatness(box, look.aspect) <= 1 / _UPRIGHT:
                self._upright[one.track.id] = _Upright(box, look.at_s, box.h * look.aspect)
        self._upright = {name: one for name, one in self._upright.items() if 0 <= look.at_s - one.seen_s <= _FALL_S}

    def _named_otherwise(self, box: Box, look: Look) -> bool:
        return any(
            one.kind != PERSON
            and one.driver == "objects"
            and one.track.box.overlap(box) >= _OTHER
            and not self._taken_for_an_animal(one, box, look)
            for one in look.watched
        )

    def _taken_for_an_animal(self, one: Watched, box: Box, look: Look) -> bool:
        """Whether it appeared when somebody fell here: networks call who lies a dog or a cat."""
        if one.kind != ANIMAL:
            return False
        since_s = min((each.since_s for each in self._down if _beside(each, box, look.aspect)), default=look.at_s)
        return one.track.begun_s >= since_s - _FALL_S

    def _fallen(self, box: Box, look: Look) -> None:
        """Begin with a flat shape beside where somebody was upright a moment ago."""
        if len(self._down) >= _MOST_CANDIDATES or any(_beside(one, box, look.aspect) for one in self._down):
            return
        for one in sorted(self._upright.values(), key=lambda each: each.seen_s):  # who is not seen any more first
            if not _body(box, one.height, look.aspect) or _apart(one.box, box, look.aspect) > _REACH * one.height:
                continue
            chest = one.box.y + one.box.h / 2
            if box.y < chest and box.y + box.h < one.box.y + one.box.h:
                continue  # a shape at the height of their chest: what they carry, or somebody behind them
            fall_s = look.at_s - one.seen_s
            if box.y + box.h >= 1 - _EDGE and not 0 < fall_s <= _AT_ONCE_S:
                continue  # cut off below it is as low as the picture makes it: somebody else who stands nearer
            self._down.append(
                _Down(box, look.at_s, look.at_s, one.height, fell=True, fall_s=fall_s, vanished=fall_s > 0)
            )  # fmt: skip
            return

    def _lying(self, one: Watched, look: Look) -> None:
        """Begin with a named person who is flat."""
        box = one.track.box
        inside = box.x > _EDGE and box.x + box.w < 1 - _EDGE and box.y + box.h < 1 - _EDGE
        if one.track.seen_s != look.at_s or not inside or not _body(box, box.w, look.aspect):
            return
        if len(self._down) < _MOST_CANDIDATES and not any(_beside(other, box, look.aspect) for other in self._down):
            self._down.append(_Down(box, look.at_s, look.at_s, box.w, fell=False, fall_s=0.0, vanished=False))

    def _judge(self, flat: list[Box], people: list[Watched], look: Look) -> list[Event]:
        lying = [one.track.box for one in people if one.track.seen_s == look.at_s]
        shapes = [*flat, *(box for box in lying if _flatness(box, look.aspect) >= _FLAT)]
        events = []
        for one in list(self._down):
            same = [box for box in shapes if _beside(one, box, look.aspect) and _body(box, one.height, look.aspect)]
            if same and not one.learned:
                one.box = min(same, key=lambda box: _apart(one.begun, box, look.aspect))
                one.seen_s = look.at_s
                one.picture = _cut(look, one.box)
            elif one.told_s is not None and self._still_there(one, look):
                one.seen_s, one.learned = look.at_s, True  # from now on, foreground there is somebody else
            if not 0 <= look.at_s - one.seen_s <= _GONE_S:
                self._down.remove(one)
                if one.told_s is not None:
                    events.append(self._tell(one, Phase.ENDED, look.at_s, look.at))
            elif one.seen_s == look.at_s:
                events += self._told(one, look)
        return events

    def _still_there(self, one: _Down, look: Look) -> bool:
        """Whether who lies has only become part of the background: their place looks as it did."""
        now = _cut(look, one.box)
        if (
            one.picture is None
            or now.shape != one.picture.shape
            or float(cv2.absdiff(now, one.picture).mean()) > _SAME_GREY
        ):
            return False
        one.picture = now  # daylight goes on
        return True

    def _told(self, one: _Down, look: Look) -> list[Event]:
        needed_s = self._options.lies_s if one.fell else self._options.unseen_fall_s
        if one.told_s is None:
            due = look.at_s - one.since_s >= needed_s
            one.stayed = look.at_s - one.since_s >= _STAYS_S
            return [self._tell(one, Phase.BEGAN, look.at_s, look.at)] if due else []
        stays = not one.stayed and look.at_s - one.since_s >= _STAYS_S
        one.stayed |= stays
        again = stays or look.at_s - one.told_s >= REPEAT_S
        return [self._tell(one, Phase.GOES_ON, look.at_s, look.at)] if again else []

    def _tell(self, one: _Down, phase: Phase, at_s: float, at: datetime) -> Event:
        one.told_s = at_s
        zone = self._zones.at(one.box)
        return self._reporter.event(
            PERSON_DOWN,
            phase,
            at=at,
            driver="person_down",
            subject=one.subject,
            confidence=_FELL if one.fell and one.vanished else _BESIDE if one.fell else _LIES,
            box=one.box,
            zone=None if zone is None else zone.id,
            fields={
                "fell": one.fell,
                "fall_s": round(one.fall_s, 1),
                "lies_s": round(one.seen_s - one.since_s, 1),
                "length_heights": round(one.box.w / one.height, 2),
                "low_heights": round(one.box.h * self._aspect / one.height, 2),
            },
        )


def _cut(look: Look, box: Box) -> NDArray[np.uint8]:
    """Their place in the small picture, grey."""
    height, width = look.motion.luminance.shape
    top, left = int(box.y * height), int(box.x * width)
    return look.motion.luminance[
        top : top + max(1, int(box.h * height)), left : left + max(1, int(box.w * width))
    ].copy()


def _flatness(box: Box, aspect: float) -> float:
    """Width over height, in pixels."""
    return box.w / max(box.h * aspect, 1e-9)


def _body(box: Box, height: float, aspect: float) -> bool:
    """Whether a shape is as long and as low as a lying body of this height (in picture widths)."""
    return _LENGTH * height <= box.w <= _MOST_LENGTH * height and _THICK * height <= box.h * aspect <= _LOW * height


def _apart(one: Box, other: Box, aspect: float) -> float:
    """Between the feet of one and the middle of the other, in picture widths."""
    (x, y), (other_x, other_y) = one.foot, other.centre
    return math.hypot(x - other_x, (y - other_y) * aspect)


def _beside(one: _Down, box: Box, aspect: float) -> bool:
    (x, y), (other_x, other_y) = one.begun.centre, box.centre
    return math.hypot(x - other_x, (y - other_y) * aspect) <= _SAME_PLACE * one.height


def _build(options: PersonDownOptions, surroundings: Surroundings) -> PersonDown:
    return PersonDown(options, surroundings.zones, surroundings.reporter)


PLUGIN = Plugin(
    kind="person_down",
    options=PersonDownOptions,
    build=_build,
    summary="Somebody who stood and now lies, flat, low and still.",
)
