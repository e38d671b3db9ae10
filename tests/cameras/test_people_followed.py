"""People who are hard to follow: who stand unnamed, who are seen in two windows, who leave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from cameras.detectors.objects import ObjectDetector, ObjectOptions
from cameras.vision.budget import InferenceBudget
from cameras.vision.detection import Detection, Scene
from cameras.vision.following.holding import HELD_SCORE, held
from cameras.vision.following.tracking import Track
from cameras.vision.motion import Blob, Motion
from cameras.vision.objects.model import Named
from cameras.vision.shared import Shared
from hub.clock import SetClock
from hub.events import Phase
from hub.geometry import Box
from tests.fakes.footage import START, Image, ScriptedDetector, Watcher, film, nothing

PERSON = Box(0.4, 0.3, 0.1, 0.4)


def _track(box: Box, *, confirmed: bool = True) -> Track:
    return Track("t1", "person", 0.9, box, 0.0, box, 1.0, 0.0, confirmed=confirmed)


def _blob(box: Box) -> Blob:
    return Blob(box, box.area * 0.7, 0.0)


def test_who_stands_unnamed_is_where_the_foreground_is() -> None:
    (found,) = held([_track(PERSON)], [_blob(Box(0.41, 0.3, 0.1, 0.42))], [])
    assert (found.label, found.score) == ("person", HELD_SCORE)
    assert found.box.centre == pytest.approx((0.46, 0.51))
    assert (found.box.w, found.box.h) == (PERSON.w, PERSON.h)


@pytest.mark.parametrize(
    ("track", "blobs", "named"),
    [
        (_track(PERSON), [], []),
        (_track(PERSON), [_blob(Box(0.2, 0.3, 0.6, 0.4))], []),  # several people in one piece
        (_track(PERSON), [_blob(PERSON)], [Detection("person", 0.6, Box(0.42, 0.3, 0.1, 0.4))]),
        (_track(PERSON, confirmed=False), [_blob(PERSON)], []),
    ],
)
def test_nobody_is_held_without_a_shape_of_their_own_or_beside_their_name(
    track: Track, blobs: list[Blob], named: list[Detection]
) -> None:
    assert held([track], blobs, named) == []


def test_a_person_who_is_not_named_for_twenty_seconds_stays_one_person() -> None:
    """The picture shows somebody from the 3rd to the 30th second; the model names them for 2 s at each end."""

    def stand(image: Image, at_s: float) -> None:
        if 3 <= at_s < 30:
            image[81:189, 192:240] = 30

    def name(at_s: float) -> Sequence[Detection]:
        return [Detection("person", 0.9, PERSON)] if 3 <= at_s < 5 or 27 <= at_s < 30 else []

    watcher = Watcher(detectors={"objects": ScriptedDetector(name)}).show(film(stand, 36))
    (began,) = watcher.of("camera.person", Phase.BEGAN)
    (ended,) = watcher.of("camera.person", Phase.ENDED)
    assert ended.subject == began.subject
    assert (ended.at - START).total_seconds() == pytest.approx(30, abs=0.3)
    assert ended.fields["dwell_s"] == pytest.approx(27, abs=0.3)


def test_who_left_is_gone_since_last_seen_and_not_since_given_up() -> None:
    def name(at_s: float) -> Sequence[Detection]:
        return [Detection("person", 0.9, PERSON)] if at_s < 5 else []

    watcher = Watcher(detectors={"objects": ScriptedDetector(name)}).show(film(nothing, 10))
    (ended,) = watcher.of("camera.person", Phase.ENDED)
    assert (ended.at - START).total_seconds() == pytest.approx(4.9, abs=0.1)
    assert (ended.arrived - ended.at).total_seconds() > 1.5


class _Model:
    """Answers each window in turn."""

    def __init__(self, *answers: list[Named]) -> None:
        self._answers = answers

    def look(self, pictures: Sequence[NDArray[np.uint8]], *, least: float) -> list[list[Named]]:
        return [[one for one in answer if one.score >= least] for answer in self._answers[: len(pictures)]]


class _Objects:
    trouble: str | None = None

    def __init__(self, model: _Model) -> None:
        self.model = model


def _seen(*answers: list[Named]) -> list[Box]:
    """What a detector tells whose model answers so, in the whole picture and in the square in the middle of it."""
    image = np.zeros((360, 640, 3), np.uint8)
    small = np.zeros((90, 160, 3), np.uint8)
    motion = Motion(small, small[..., 0], None, (), moving=True, cut=False)
    frame = next(iter(film(nothing, 1)))
    scene = Scene(type(frame)(image, frame.at, 0.0, is_key=True, number=0), motion, SetClock(START), (PERSON,))
    shared = Shared(_Objects(_Model(*answers)), InferenceBudget(1.0), "gate")  # type: ignore[arg-type]
    found = ObjectDetector(ObjectOptions(), shared).detect(scene)
    assert found is not None
    return [one.box for one in found]


def test_one_person_drawn_differently_in_two_windows_is_one() -> None:
    """The square shows the same person half a width beside where the whole picture has it."""
    whole = [Named("person", 0.9, Box(0.45, 0.3, 0.06, 0.4))]
    crop = [Named("person", 0.8, Box(0.578, 0.22, 0.15, 0.6))]
    (box,) = _seen(whole, crop)
    assert box.x == pytest.approx(0.45)


def test_two_people_beside_each_other_are_two_in_one_window() -> None:
    """Their boxes overlap by 40 %, as one half hides the other."""
    both = [Named("person", 0.9, Box(0.45, 0.3, 0.07, 0.4)), Named("person", 0.8, Box(0.48, 0.3, 0.07, 0.4))]
    assert len(_seen(both, [])) == 2
