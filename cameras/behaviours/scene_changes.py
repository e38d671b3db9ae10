"""Scene changes: a large part of the still scene became another within two seconds, with commotion, and stays so.

A load that falls, a wall or a scaffold that comes down: nobody has named what fell, and afterwards the place looks
different. Asked for are a scene that stood still before and stands still after, commotion between, and more edges than
there were: what is broken has many. Light that changes moves nothing and makes no edges; people and vehicles that came
or went are named, and in zones `ignore` and `private` nothing is looked at. What made it is for whoever looks: the
Event carries no confidence, and no rule that comes along alerts to it. One per camera, one thread; keeps small pictures
of the last five seconds.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.vision.behaving import Look, Surroundings
from cameras.vision.reporting import Reporter
from hub.events import Event, Phase
from hub.geometry import Box
from hub.plugins import Options, Plugin

SCENE_CHANGED: Final = "camera.scene_changed"

_STEP_S: Final = 0.25
_KEPT_S: Final = 5.0
_BEFORE_S: Final = 3.5
_AFTER_S: Final = 1.0
"""Pictures older than the first show the scene before, younger than the second the scene after."""
_STILL: Final = 14
"""Grey levels between the pictures of one of the two spans: more is no still scene."""
_CHANGED: Final = 20
"""Grey levels from the one to the other: noise and slow light are less."""
_LEAST: Final = 0.02
_MOST: Final = 0.3
"""Shares of the picture: less is something small that was put down, more is the light or the camera."""
_COMMOTION: Final = 0.04
"""Share of the picture that changed between two looks in the seconds between: dust and pieces fly."""
_EDGES: Final = 1.5
"""Times by which the edges became stronger where it changed."""
_QUIET_S: Final = 10.0


class SceneChangeOptions(Options):
    """There is nothing to set."""


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    at_s: float
    luminance: NDArray[np.uint8]
    named: tuple[Box, ...]


class SceneChanges:
    """Watches the still scene of one camera."""

    pending: bool = False

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._kept: deque[_Kept] = deque(maxlen=32)
        self._told_s = -math.inf

    def update(self, look: Look) -> list[Event]:
        """Take the next moment."""
        if look.motion.cut:
            self._kept.clear()
        if self._kept and look.at_s - self._kept[-1].at_s < _STEP_S:
            return []
        named = tuple(one.box for one in look.named or ()) + tuple(one.track.box for one in look.watched)
        self._kept.append(_Kept(look.at_s, look.motion.luminance, named))
        while look.at_s - self._kept[0].at_s > _KEPT_S:
            self._kept.popleft()
        if look.at_s - self._told_s < _QUIET_S:
            return []
        return self._compare(look)

    def end(self, at: datetime) -> list[Event]:
        """Forget the scene."""
        del at
        self._kept.clear()
        return []

    def _compare(self, look: Look) -> list[Event]:
        ages = [(look.at_s - one.at_s, one.luminance) for one in self._kept]
        before = [picture for age_s, picture in ages if age_s >= _BEFORE_S]
        between = [picture for age_s, picture in ages if _AFTER_S < age_s < _BEFORE_S]
        after = [picture for age_s, picture in ages if age_s <= _AFTER_S]
        if min(len(before), len(between), len(after)) < 3:  # noqa: PLR2004 -- two pictures stand still by chance
            return []
        watched = look.motion.watched if look.motion.watched is not None else np.True_
        differ = [(cv2.absdiff(one, other) > _CHANGED) & watched for one, other in pairwise(between)]
        commotion = max(float(np.mean(one)) for one in differ)
        if commotion < _COMMOTION:
            return []
        was, still_before = _scene(before)
        now, still_after = _scene(after)
        gain = float(np.median((now + 1.0) / (was + 1.0)))
        changed = still_before & still_after & watched & (np.abs(now - was * gain) > _CHANGED)
        self._leave_out_named(changed)
        share = float(changed.mean())
        if not _LEAST <= share <= _MOST:
            return []
        edges = float(_edges(now)[changed].mean()) / max(float(_edges(was)[changed].mean()) * gain, 1e-6)
        if edges < _EDGES:
            return []
        self._told_s = look.at_s
        fields = {"changed_share": round(share, 3), "commotion_share": round(commotion, 3), "edges": round(edges, 2)}
        return [
            self._reporter.event(
                SCENE_CHANGED,
                Phase.MOMENT,
                at=look.at,
                driver="motion",
                subject="scene",
                box=_box(changed),
                fields=fields,
            )
        ]

    def _leave_out_named(self, changed: NDArray[np.bool_]) -> None:
        height, width = changed.shape
        for one in self._kept:
            for box in one.named:
                left, top = max(int(box.x * width), 0), max(int(box.y * height), 0)
                changed[top : int((box.y + box.h) * height) + 1, left : int((box.x + box.w) * width) + 1] = False


def _scene(pictures: list[NDArray[np.uint8]]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """What the pictures show, and where it stands still in all of them."""
    stack = np.stack(pictures)
    still = stack.max(axis=0).astype(np.int16) - stack.min(axis=0) < _STILL
    return np.median(stack, axis=0).astype(np.float32), still


def _edges(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.magnitude(cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1)))


def _box(changed: NDArray[np.bool_]) -> Box:
    """Around nine tenths of what changed, so that a far speck does not count."""
    height, width = changed.shape
    rows, columns = np.nonzero(changed)
    left, right = np.percentile(columns, (5, 95)) / width
    top, bottom = np.percentile(rows, (5, 95)) / height
    return Box(float(left), float(top), float(right - left), float(bottom - top))


def _build(_options: SceneChangeOptions, surroundings: Surroundings) -> SceneChanges:
    return SceneChanges(surroundings.reporter)


PLUGIN = Plugin(
    kind="scene_changes",
    options=SceneChangeOptions,
    build=_build,
    summary="A large part of the still scene changes at once and stays so: a load fell, something came down.",
)
