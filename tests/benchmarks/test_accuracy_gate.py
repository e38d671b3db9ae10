"""What breaks a gate: a limit that does not hold, and one that could not be measured."""

from __future__ import annotations

from pathlib import Path

from benchmarks.accuracy.gate import Limit, Limits, broken
from benchmarks.accuracy.judging import Told
from benchmarks.accuracy.labels import Clip, Span
from benchmarks.accuracy.running import Result

FLAME = "fire.camera_flame"


def result(*told_s: float, fault: str = "", video_s: float = 60.0, **spans: tuple[float, float]) -> Result:
    clip = Clip("a.mp4", Path("a.mp4"), {label: (Span(*each),) for label, each in spans.items()})
    return Result(clip, video_s, 1.0, 10, 10, (), tuple(Told(FLAME, at_s) for at_s in told_s), fault)


def fire(*results: Result, **limits: float) -> list[str]:
    return broken(results, Limits(subjects={"fire": Limit.model_validate(limits)}))


def test_a_limit_that_holds_breaks_nothing_and_one_that_does_not_is_named() -> None:
    assert fire(result(12.0, fire=(10, 40)), found=1.0, median_s=3, worst_s=3, in_time=1.0) == []
    assert fire(result(15.0, fire=(10, 40)), worst_s=3) == ["fire: worst 5.0 s, at most 3 s may be"]
    assert fire(result(5.0), false=0) == ["fire: 1 false, at most 0 may be: a.mp4@5.0"]


def test_where_nothing_is_labelled_nothing_was_found_in_time() -> None:
    for limit in ("found", "in_time", "median_s", "worst_s"):
        assert fire(result(), **{limit: 1}) == ["fire: nothing is labelled that could be found"]
    assert fire(result(), false=0) == []
    assert broken([result()], Limits(subjects={"fire": Limit(found=1)}), whole=False) == []


def test_the_worst_delay_of_nothing_is_no_short_one() -> None:
    assert fire(result(fire=(10, 40)), worst_s=3) == ["fire: worst: nothing was found, at most 3 s may be"]


def test_a_rate_over_no_time_is_no_low_one() -> None:
    assert fire(result(fire=(0, 60)), false_per_hour=1) == ["fire: nan false per hour, at most 1 may be"]


def test_a_clip_that_could_not_be_seen_breaks_the_gate() -> None:
    seen = result(12.0, fire=(10, 40))
    assert fire(seen, result(fault="the file is damaged"), found=1.0) == [
        "a.mp4 could not be seen: the file is damaged"
    ]
    assert broken([], Limits()) == ["no clip was looked at"]
