"""Claims about the inference budget: the share holds, alerts go first, nobody starves."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from statistics import median

import pytest

from cameras.vision.budget import InferenceBudget, Leftover
from hub.clock import SetClock


def run(cameras: int, *, urgent: frozenset[int] = frozenset(), share: float = 0.5, seconds: int = 60) -> Counter[int]:
    """Every camera asks eight times a second; a look takes 50 ms."""
    budget, looks = InferenceBudget(share), Counter[int]()
    for tick in range(seconds * 8):
        for camera in range(cameras):
            if budget.grant(str(camera), tick / 8, urgent=camera in urgent):
                budget.spend(0.05)
                looks[camera] += 1
    return looks


def test_one_camera_is_never_refused_while_there_is_time() -> None:
    assert run(1)[0] == 60 * 8


def test_the_share_of_a_core_holds() -> None:
    assert sum(run(40).values()) * 0.05 <= 0.5 * 60 + 1.0


def test_a_camera_that_may_hold_an_alert_looks_most() -> None:
    looks = run(20, urgent=frozenset({19}))
    assert looks[19] > 3 * median(looks[camera] for camera in range(19))


def test_nobody_starves() -> None:
    looks = run(20, urgent=frozenset({0, 1}))
    assert min(looks[camera] for camera in range(20)) >= 3


def test_time_that_goes_back_gives_nothing_away() -> None:
    budget = InferenceBudget(0.5)
    assert budget.grant("a", 100.0, urgent=False)
    budget.spend(5.0)
    assert not budget.grant("b", 50.0, urgent=True)


def test_two_purposes_of_one_camera_have_turns_of_their_own() -> None:
    budget, looks = InferenceBudget(0.2), Counter[str]()
    for tick in range(60 * 8):
        for purpose in ("", "plates"):
            if budget.grant("a", tick / 8, urgent=False, purpose=purpose):
                budget.spend(0.05)
                looks[purpose] += 1
    assert min(looks.values()) > 0.4 * sum(looks.values())


def test_a_camera_that_left_is_forgotten_with_all_its_purposes() -> None:
    """Another worker had it meanwhile: back here its first look is due at once, not when its turn would have been."""

    def looks_again(*, left: bool) -> list[bool]:
        budget = InferenceBudget(0.2)
        for camera in ("a", *map(str, range(40))):
            for purpose in ("", "fire"):
                budget.grant(camera, 0.0, urgent=False, purpose=purpose)
                budget.spend(0.005)
        if left:
            budget.forget("a")
        return [budget.grant("a", 0.1, urgent=False, purpose=purpose) for purpose in ("", "fire")]

    assert looks_again(left=False) == [False, False]
    assert looks_again(left=True) == [True, True]


OBJECTS_S, FIRE_S, PICTURE_S = 0.03, 0.014, 0.125
"""A look at 640x360, one at a place that may burn (two crops), and the time between two pictures of a camera."""


@cache
def loaded(
    *, making: int, first: int, cameras: int = 80, seconds: int = 60, share: float = 0.6
) -> dict[tuple[str, int], list[float]]:
    """When each camera of a worker looks; all are urgent, and the thread has no time but what looks leave it.

    Args:
        making: Cameras with votes for a fire in the making, that ask every quarter of a second.
        first: Cameras with a place to be looked at for the first time, that ask at every second picture for ever.
        cameras: All.
        seconds: So long.
        share: Of a core, for inference.
    """
    clock, budget = SetClock(datetime(2026, 1, 1, tzinfo=UTC)), InferenceBudget(share)
    begun_s = clock.monotonic_s()
    looks: dict[tuple[str, int], list[float]] = defaultdict(list)

    def ask(camera: int, purpose: str, cost_s: float, *, urgent: bool) -> None:
        now_s = clock.monotonic_s()
        if budget.grant(str(camera), now_s, urgent=urgent, purpose=purpose):
            clock.advance(cost_s)
            budget.spend(cost_s)
            looks[purpose, camera].append(now_s - begun_s)

    for picture in range(round(seconds / PICTURE_S)):
        clock.advance(max(0.0, begun_s + picture * PICTURE_S - clock.monotonic_s()))
        for camera in range(cameras):
            ask(camera, "", OBJECTS_S, urgent=True)
            if picture % 2 == 0 and camera >= cameras - making - first:
                ask(camera, "fire", FIRE_S, urgent=camera >= cameras - making)
    return looks


def longest(looks: list[float], seconds: int = 60) -> float:
    """Seconds without a look at the most, from the beginning to the end."""
    return max(late - early for early, late in pairwise([0.0, *looks, float(seconds)]))


@pytest.mark.parametrize(("making", "first"), [(1, 0), (1, 79), (2, 20), (2, 78)])
def test_a_fire_in_the_making_is_looked_at_twice_a_second_among_eighty_busy_cameras(making: int, first: int) -> None:
    """All cameras begin at once, which takes a moment."""
    looks = loaded(making=making, first=first)
    for camera in range(80 - making, 80):
        at_s = [one for one in looks["fire", camera] if one > 3]
        assert len(at_s) >= 2 * 57
        assert max(late - early for early, late in pairwise(at_s)) <= 1.5


@pytest.mark.parametrize(("making", "first"), [(0, 0), (1, 79), (4, 76), (80, 0)])
def test_everybody_has_his_looks_within_the_stated_bound(making: int, first: int) -> None:
    looks = loaded(making=making, first=first)
    assert max(longest(looks["", camera]) for camera in range(80)) <= 1.5 * 80 * OBJECTS_S / (0.6 * 2 / 3)
    if making == 80:  # a fire everywhere
        assert max(longest(looks["fire", camera]) for camera in range(80)) <= 1.5 * 80 * FIRE_S / (0.6 / 3)


def test_a_first_look_waits_its_turn_behind_fires_in_the_making_and_comes() -> None:
    looks = loaded(making=4, first=40)
    assert max(longest(looks["fire", camera]) for camera in range(36, 76)) <= 20


def test_what_fires_do_not_use_the_others_have_and_the_other_way_round() -> None:
    alone = loaded(making=0, first=0)
    assert sum(map(len, alone.values())) * OBJECTS_S >= 0.95 * 0.6 * 60
    budget, spent_s = InferenceBudget(0.3), 0.0
    for tick in range(60 * 16):
        for camera in range(8):
            if budget.grant(str(camera), tick / 16, urgent=True, purpose="fire"):
                budget.spend(FIRE_S)
                spent_s += FIRE_S
    assert 0.9 * 0.3 * 60 <= spent_s <= 0.3 * 60 + 1


def test_the_share_holds_with_fires_everywhere() -> None:
    looks = loaded(making=40, first=40)
    spent_s = sum(len(at_s) * (FIRE_S if purpose else OBJECTS_S) for (purpose, _), at_s in looks.items())
    assert spent_s <= 0.6 * 60 + 1.0


@pytest.mark.parametrize(("other", "expected"), [(0.0, 0.4), (0.3, 0.2), (0.9, 0.1)])
def test_inference_has_what_the_rest_of_a_worker_leaves(other: float, expected: float) -> None:
    """Of half a core that the worker may take in all; a tenth at least, and never more than its own share."""
    taken_s = 0.0
    budget, spent_s = InferenceBudget(0.4, Leftover(0.5, lambda: taken_s)), 0.0
    for tick in range(120 * 8):
        taken_s += other / 8
        for camera in range(20):
            if budget.grant(str(camera), tick / 8, urgent=False):
                budget.spend(0.05)
                taken_s += 0.05
                spent_s += 0.05
    assert spent_s / 120 == pytest.approx(expected, abs=0.03)
