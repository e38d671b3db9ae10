"""Who runs is told, and a crowd that flees; walkers, cyclists, races and tracks that jump are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from cameras.vision.detection import Detection
from hub.events import Phase
from hub.geometry import Box
from tests.fakes.footage import HEIGHT_PX, WIDTH_PX, ScriptedDetector, Watcher, film, nothing

H = 0.2
HEIGHT_W = H * HEIGHT_PX / WIDTH_PX
"""A person's height in picture widths."""
Spots = Callable[[float], Sequence[tuple[float, float]]]


def watch(spots: Spots, seconds: float, *, label: str = "person", wheels: bool = False) -> Watcher:
    def name(at_s: float) -> list[Detection]:
        found = [Detection(label, 0.9, Box(x - 0.02, y - H, 0.04, H)) for x, y in spots(at_s) if 0 < x < 1]
        if wheels:
            found += [Detection("bicycle", 0.8, Box(x - 0.04, y - 0.1, 0.08, 0.1)) for x, y in spots(at_s) if 0 < x < 1]
        return found

    return Watcher(detectors={"objects": ScriptedDetector(name)}).show(film(nothing, seconds))


def going(
    heights_s: float, *, y: float = 0.6, from_x: float = 0.1, from_s: float = 0.0
) -> Callable[[float], tuple[float, float]]:
    return lambda at_s: (from_x + heights_s * HEIGHT_W * max(0.0, at_s - from_s), y)


def test_who_runs_is_told_with_the_speed_in_heights_until_they_are_gone() -> None:
    told = watch(lambda at_s: [going(2.5)(at_s)], 6).of("camera.running")
    assert told[0].phase is Phase.BEGAN
    assert told[0].fields["speed_heights_s"] == pytest.approx(2.5, rel=0.2)


@pytest.mark.parametrize("heights_s", [0.0, 0.8, 1.3])
def test_who_stands_or_walks_fast_does_not_run(heights_s: float) -> None:
    assert watch(lambda at_s: [going(heights_s)(at_s)], 8).of("camera.running") == []


def test_who_cycles_does_not_run() -> None:
    assert watch(lambda at_s: [going(3.0)(at_s)], 5, wheels=True).of("camera.running") == []


def test_a_track_that_jumps_once_does_not_run() -> None:
    assert watch(lambda at_s: [(0.3 if at_s < 4 else 0.33, 0.6)], 8).of("camera.running") == []


def test_where_everybody_runs_running_is_usual() -> None:
    """Runner after runner: the first ones are told, those after the twentieth are not."""

    def spots(at_s: float) -> list[tuple[float, float]]:
        return [going(2.4, from_x=0.05)(at_s % 4)] if at_s % 8 < 4 else []

    told = watch(spots, 8 * 26).of("camera.running", Phase.BEGAN)
    assert told
    assert all((one.at - told[0].at).total_seconds() < 8 * 22 for one in told)


def crowd(speed: Callable[[int], float], *, from_s: float) -> Spots:
    ways = [going(speed(n), y=0.25 + 0.12 * n, from_x=0.1, from_s=from_s) for n in range(6)]
    return lambda at_s: [way(at_s) for way in ways]


def test_a_crowd_that_runs_all_at_once_is_a_flight() -> None:
    told = watch(crowd(lambda _n: 2.5, from_s=4), 8).of("camera.panic")
    assert told[0].phase is Phase.BEGAN
    assert told[0].fields["running"] >= 5  # type: ignore[operator]
    assert 4.5 < told[0].at.second + told[0].at.microsecond / 1e6 < 6.5


def test_two_who_run_through_a_crowd_are_no_flight() -> None:
    assert watch(crowd(lambda n: 2.5 if n < 2 else 0.5, from_s=4), 8).of("camera.panic") == []


def test_who_walk_away_together_are_no_flight() -> None:
    assert watch(crowd(lambda _n: 0.9, from_s=4), 10).of("camera.panic") == []
