"""Triage against decoding everything: the measurement behind the figures of docs/reference/capacity.md, in short."""

from __future__ import annotations

from pathlib import Path

from benchmarks.triage import Row, measure, verdict
from tests.fakes.clips import write_clip


def test_an_event_after_idle_time_is_found_though_most_was_not_decoded(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", seconds=24, grain=2.0, key_every=20, moves_from_s=18)
    row = measure("a block crosses the yard", clip, ["movers"])
    assert row.events >= 1
    assert row.lost == 0
    assert row.saved > 0.5


def test_a_quiet_stream_is_hardly_decoded(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", seconds=40, grain=2.0, key_every=20)
    row = measure("a yard", clip, ["movers"])
    assert (row.events, row.lost) == (0, 0)
    assert row.saved > 0.8


def test_too_little_saved_or_too_much_lost_is_no_success() -> None:
    quiet = Row("quiet", 60, 0.9, 0, 0, 5, 0, 0)
    assert verdict([quiet, Row("road", 60, 0.5, 100, 1, 5, 2, 0)]) == 0
    assert verdict([quiet, Row("road", 60, 0.5, 100, 2, 5, 2, 0)]) == 1
    assert verdict([Row("quiet", 60, 0.7, 0, 0, 5, 0, 0)]) == 1
