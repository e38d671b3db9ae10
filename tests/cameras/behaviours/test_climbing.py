"""Who climbs is told, and who stands behind the fence, walks along it or works inside is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cameras.detectors.movers import MoverDetector, MoverOptions
from cameras.vision.detection import Detection
from config.community import ZoneUse
from hub.events import Phase
from hub.geometry import Box
from tests.fakes.footage import HEIGHT_PX, WIDTH_PX, Image, ScriptedDetector, Watcher, film, nothing, zone

FENCE = zone(ZoneUse.WALL, ((0.0, 0.35), (1.0, 0.35), (1.0, 0.62), (0.0, 0.62)))
YARD = zone(ZoneUse.GUARDED, ((0.0, 0.62), (1.0, 0.62), (1.0, 1.0), (0.0, 1.0)))
H = 0.3

Foot = Callable[[float], tuple[float, float] | None]
"""Where somebody's feet are by time; None while they are not there."""


def watch(foot: Foot, seconds: float = 14, *, height: Callable[[float], float] = lambda _at_s: H) -> Watcher:
    def name(at_s: float) -> list[Detection]:
        place, high = foot(at_s), height(at_s)
        return [] if place is None else [Detection("person", 0.9, Box(place[0] - 0.04, place[1] - high, 0.08, high))]

    return Watcher(FENCE, YARD, detectors={"objects": ScriptedDetector(name)}).show(film(nothing, seconds))


def climbs(at_s: float) -> tuple[float, float]:
    """Stands behind the wire until 4 s, is on it from 6 s on, jumps down at 9 s."""
    if at_s < 4:
        return (0.5, 0.6)
    if at_s < 9:
        return (0.5, 0.6 - 0.09 * min(2.0, at_s - 4))
    return (0.5, min(0.8, 0.42 + (at_s - 9)))


def test_who_rises_on_a_fence_is_told_and_told_again_when_they_are_over() -> None:
    told = watch(climbs).of("camera.climbing")
    assert [(one.phase, one.fields["over"]) for one in told[:2]] == [(Phase.BEGAN, False), (Phase.GOES_ON, True)]
    assert 5.5 < told[0].at.second + told[0].at.microsecond / 1e6 < 7
    assert 9.3 < told[1].at.second + told[1].at.microsecond / 1e6 < 10.5
    assert told[0].zone == "wall"
    assert told[1].fields["rise_heights"] == pytest.approx(0.6, abs=0.1)
    assert told[1].confidence == 0.8


def test_a_zone_along_the_top_alone_will_do() -> None:
    """Behind the wire feet are below the zone; they come up into it."""
    top = zone(ZoneUse.WALL, ((0.0, 0.3), (1.0, 0.3), (1.0, 0.5), (0.0, 0.5)))

    def name(at_s: float) -> list[Detection]:
        x, y = climbs(at_s)
        return [Detection("person", 0.9, Box(x - 0.04, y - H, 0.08, H))]

    told = Watcher(top, detectors={"objects": ScriptedDetector(name)}).show(film(nothing, 10)).of("camera.climbing")
    assert told[0].phase is Phase.BEGAN
    assert told[0].fields["rise_heights"] >= 0.3  # type: ignore[operator]


def test_the_way_over_is_enough_where_the_rise_was_not_seen() -> None:
    """At night somebody is seen behind the wire, and then inside."""
    told = watch(lambda at_s: (0.5, 0.6) if at_s < 6 else (0.5, min(0.85, 0.6 + 0.3 * (at_s - 6)))).of(
        "camera.climbing"
    )
    assert [(one.phase, one.fields["over"]) for one in told] == [(Phase.BEGAN, True), (Phase.ENDED, True)]


def test_what_moves_unnamed_over_the_fence_is_told() -> None:
    def draw(image: Image, at_s: float) -> None:
        if at_s < 2:
            return
        y = 0.6 if at_s < 6 else min(0.85, 0.6 + 0.4 * (at_s - 6))
        x = 0.5 + (0.01 * at_s if at_s < 6 else 0.06)
        top, left = round((y - H) * HEIGHT_PX), round(x * WIDTH_PX)
        image[top : top + round(H * HEIGHT_PX), left : left + 40] = 20

    detectors = {"movers": MoverDetector(MoverOptions())}
    told = Watcher(FENCE, YARD, detectors=detectors).show(film(draw, 12)).of("camera.climbing")
    assert told[0].fields["over"] is True
    assert told[0].fields["label"] == "mover"


@pytest.mark.parametrize(
    "foot",
    [
        pytest.param(lambda _at_s: (0.5, 0.6), id="stands behind the wire"),
        pytest.param(lambda at_s: (0.1 + 0.05 * at_s, 0.5), id="walks along behind it"),
        pytest.param(lambda at_s: (0.1 + 0.05 * at_s, 0.8), id="walks about inside"),
        pytest.param(lambda at_s: (0.5, 0.7 if at_s < 4 or at_s > 8 else 0.6), id="works inside and comes to the wall"),
        pytest.param(lambda at_s: (0.5, 0.6 if at_s < 6 or at_s > 6.4 else 0.45), id="has one wrong box"),
        pytest.param(lambda at_s: (0.5, 0.6) if at_s < 4 else None, id="goes away"),
    ],
)
def test_nobody_climbs_who(foot: Foot) -> None:
    assert watch(foot).of("camera.climbing") == []


def test_who_walks_away_behind_a_fence_gets_smaller_and_does_not_climb() -> None:
    def far(at_s: float) -> float:
        return min(1.0, max(0.0, (at_s - 4) / 4))

    told = watch(lambda at_s: (0.5, 0.6 - 0.2 * far(at_s)), height=lambda at_s: H * (1 - 0.5 * far(at_s)))
    assert all(not one.fields["over"] for one in told.of("camera.climbing"))
    assert told.of("camera.climbing") == []


def test_without_a_wall_nobody_climbs() -> None:
    def name(at_s: float) -> list[Detection]:
        x, y = climbs(at_s)
        return [Detection("person", 0.9, Box(x - 0.04, y - H, 0.08, H))]

    watcher = Watcher(YARD, detectors={"objects": ScriptedDetector(name)}).show(film(nothing, 12))
    assert watcher.of("camera.climbing") == []
