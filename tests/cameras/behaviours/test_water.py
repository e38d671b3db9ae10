"""A child alone at the water is told, and an adult or a child with one is not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cameras.behaviours.water import PLUGIN, Water, WaterOptions
from cameras.vision.behaving import Look, Surroundings
from cameras.vision.following.ground import GroundPlane
from cameras.vision.following.tracking import Track
from cameras.vision.following.zones import PERSON, Watched, ZoneMap
from cameras.vision.motion import Motion
from cameras.vision.reporting import Reporter
from config.community import ZoneUse
from hub.clock import SetClock
from hub.events import Event, Phase
from hub.geometry import Box
from tests.fakes.footage import FPS, START, camera, film, nothing, zone

EDGE = zone(ZoneUse.WATER, ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
REPORTER = Reporter(camera(EDGE), area="east", clock=SetClock(START))


class Heights(GroundPlane):
    """A ground on which the picture is ten metres wide, and heights are those of the boxes."""

    def __init__(self) -> None:
        """It needs no measured places."""

    def metres(self, point: tuple[float, float]) -> tuple[float, float]:
        return (10 * point[0], 10 * point[1])

    def height_m(self, box: Box, aspect: float) -> float:
        return 10 * box.h * aspect


def person(name: str, x: float, height_m: float, *, at_s: float) -> Watched:
    high = height_m / 10 / 0.5625
    track = Track(
        name, "person", 0.9, Box(x, 0.8 - high, 0.05, high), 0.0, Box(x, 0.5, 0.05, 0.3), at_s, 0.0, confirmed=True
    )
    return Watched(track, PERSON, "objects", zone=EDGE if x < 0.5 else None, told_s=at_s)


def watch(*people: tuple[str, float, float], seconds: float = 6, tall_until_s: float = 0.0) -> list[Event]:
    """People by name, place and height in metres; everybody is 1.7 m tall until `tall_until_s`."""
    water = Water(WaterOptions(), Heights(), REPORTER)
    events: list[Event] = []
    for frame in film(nothing, seconds):
        small = frame.image[::2, ::2]
        motion = Motion(small, small[..., 0], None, (), moving=True, cut=False)
        at_s = frame.pts_s
        tall = at_s < tall_until_s
        here: Sequence[Watched] = [person(name, x, 1.7 if tall else m, at_s=at_s) for name, x, m in people]
        events += water.update(Look(frame, motion, tuple(here), []))
    return events + water.end(START)


def test_a_child_alone_at_the_water_is_told_with_its_height() -> None:
    began, ended = watch(("child", 0.2, 1.05))
    assert (began.phase, ended.phase) == (Phase.BEGAN, Phase.ENDED)
    assert began.fields["height_m"] == pytest.approx(1.05, abs=0.02)
    assert began.zone == "water"
    assert "adult_m" not in began.fields
    assert (began.at - START).total_seconds() <= 1.5 + 8 / FPS + 0.3


@pytest.mark.parametrize(
    "people",
    [
        pytest.param([("adult", 0.2, 1.7)], id="an adult"),
        pytest.param([("child", 0.2, 1.05), ("adult", 0.35, 1.7)], id="a child with an adult beside it"),
        pytest.param([("child", 0.7, 1.05)], id="a child away from the water"),
    ],
)
def test_it_is_no_matter_when_there_is(people: list[tuple[str, float, float]]) -> None:
    assert watch(*people) == []


def test_an_adult_far_away_is_told_with_the_distance() -> None:
    began = watch(("child", 0.2, 1.05), ("adult", 0.8, 1.7))[0]
    assert began.fields["adult_m"] == pytest.approx(6.0, abs=0.1)


def test_who_bends_at_the_water_was_tall_before() -> None:
    assert watch(("adult", 0.2, 1.0), seconds=8, tall_until_s=3) == []


def test_a_child_that_stays_is_told_again_and_ends_when_it_is_gone() -> None:
    assert [one.phase for one in watch(("child", 0.2, 1.05), seconds=14)] == [Phase.BEGAN, Phase.GOES_ON, Phase.ENDED]


def test_a_camera_without_measured_ground_does_not_guess() -> None:
    one = camera(EDGE)
    assert PLUGIN.build(WaterOptions(), Surroundings(one, ZoneMap(one.zones), REPORTER, None)) is None
    assert PLUGIN.build(WaterOptions(), Surroundings(one, ZoneMap(one.zones), REPORTER, Heights())) is not None
