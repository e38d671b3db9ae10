"""Claims about the inference budget: the share holds, alerts go first, nobody starves."""

from __future__ import annotations

from collections import Counter
from statistics import median

from cameras.vision.budget import InferenceBudget


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
        for purpose in ("", "fire"):
            if budget.grant("a", tick / 8, urgent=False, purpose=purpose):
                budget.spend(0.05)
                looks[purpose] += 1
    assert min(looks.values()) > 0.4 * sum(looks.values())


def test_a_camera_that_left_is_forgotten_with_all_its_purposes() -> None:
    budget = InferenceBudget(0.2)
    for purpose in ("", "fire"):
        budget.grant("a", 0.0, urgent=True, purpose=purpose)
    budget.forget("a")
    budget.spend(0.6)
    assert budget.grant("b", 0.5, urgent=False)
