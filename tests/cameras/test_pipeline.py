"""From packets to the analysis: what is decoded, what is looked at, and what is not."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cameras.errors import SourceError, SourceProblem
from cameras.running.task import Tuning
from cameras.vision.offline import Summary, analyse_file
from cameras.vision.pipeline import Pipeline
from cameras.vision.stills import Stills
from hub.clock import SetClock
from hub.events import Event, Phase
from tests.fakes.analysis import FakeAnalysis
from tests.fakes.clips import write_clip

START = datetime(2026, 5, 1, 8, tzinfo=UTC)
ALL_AWAKE = Tuning(sleep_after_s=None, analysis_fps=100)


def analysed(path: Path, tuning: Tuning = ALL_AWAKE, **options: Any) -> tuple[FakeAnalysis, list[Event], Summary]:
    analysis = FakeAnalysis("gate")
    *events, summary = analyse_file(path, analysis, clock=SetClock(START), tuning=tuning, **options)
    assert isinstance(summary, Summary)
    return analysis, [event for event in events if isinstance(event, Event)], summary


def seconds(analysis: FakeAnalysis) -> list[float]:
    return [round(frame.pts_s, 3) for frame in analysis.fed]


def test_every_picture_of_a_file_is_seen_on_the_files_time(tmp_path: Path) -> None:
    analysis, events, summary = analysed(write_clip(tmp_path / "a.mp4", seconds=3, moves_from_s=1))
    assert seconds(analysis) == [number / 10 for number in range(30)]
    assert [frame.at for frame in analysis.fed[:2]] == [START, START + timedelta(seconds=0.1)]
    assert [(event.phase, event.at - START) for event in events] == [
        (Phase.BEGAN, timedelta(seconds=1)),
        (Phase.ENDED, timedelta(seconds=2.9)),
    ]
    assert (summary.packets, summary.decoded, summary.analysed) == (30, 30, 30)
    assert summary.video_s == 3.0
    assert summary.cpu_s > 0


@pytest.mark.parametrize(("fps", "told"), [(1, True), (3.9, True), (4, False), (8, False)])
def test_too_few_pictures_a_second_to_see_a_fire_are_a_trouble_of_the_camera(fps: float, *, told: bool) -> None:
    pipeline = Pipeline(FakeAnalysis("gate"), analysis_fps=fps, triage=None, stills=Stills())
    assert ("analysis_fps" in pipeline.troubles) is told
    assert not told or "4 or more" in pipeline.troubles["analysis_fps"]


def test_pictures_that_arrive_out_of_order_are_all_seen_in_order(tmp_path: Path) -> None:
    """A stream with B-frames: packets come in another order than pictures."""
    path = write_clip(tmp_path / "a.mp4", seconds=3, moves_from_s=0, b_frames=3)
    analysis, _, _ = analysed(path)
    assert seconds(analysis) == [number / 10 for number in range(30)]


@pytest.mark.parametrize(("fps", "wanted", "count"), [(25, 8, 32), (10, 8, 32), (5, 8, 20), (2, 8, 8), (30, 4, 16)])
def test_the_analysis_is_given_so_many_pictures_a_second(tmp_path: Path, fps: int, wanted: int, count: int) -> None:
    """Evenly, whatever the camera's own rate is; a slow camera loses none."""
    path = write_clip(tmp_path / "a.mp4", fps=fps, seconds=4)
    analysis, _, _ = analysed(path, Tuning(analysis_fps=wanted, sleep_after_s=None))
    assert abs(len(analysis.fed) - count) <= 1
    gaps = [later - earlier for earlier, later in itertools.pairwise(seconds(analysis))]
    assert max(gaps) - min(gaps) < 1 / fps + 0.002


def test_wide_pictures_are_scaled_down_for_analysis_but_not_for_stills(tmp_path: Path) -> None:
    stills = Stills()
    path = write_clip(tmp_path / "a.mp4", seconds=0.5, width=1280, height=720, moves_from_s=0)
    analysis, events, _ = analysed(path, stills=stills)
    assert analysis.fed[0].image.shape == (540, 960, 3)
    kept = stills.of_event(events[0].id)
    assert kept is not None
    assert kept.at == events[0].at
    assert b"\xff\xc0\x00\x11\x08\x02\xd0\x05\x00" in kept.jpeg  # the JPEG's own header says 720 x 1280


def test_an_idle_camera_decodes_key_frames_only(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", seconds=12)
    analysis, _, summary = analysed(path, Tuning(sleep_after_s=10))
    assert summary.wakes == 0
    assert summary.decoded == 40 + 8  # nothing has moved yet: four seconds of everything, then one a second
    assert seconds(analysis)[-3:] == [9.0, 10.0, 11.0]


def test_odd_packets_wake_a_camera_and_what_came_before_is_seen_too(tmp_path: Path) -> None:
    """Motion begins at 8.4 s, between two key frames: it is seen from its first picture on, and what led to it too."""
    path = write_clip(tmp_path / "a.mp4", seconds=12, moves_from_s=8.4, grain=0.5)
    analysis, events, summary = analysed(path, Tuning(sleep_after_s=4, analysis_fps=100))
    assert summary.wakes == 1
    assert events[0].phase is Phase.BEGAN
    assert events[0].at == START + timedelta(seconds=8.4)
    assert len(set(seconds(analysis))) == len(seconds(analysis))
    assert {8.1, 8.2, 8.3} <= set(seconds(analysis))


def test_a_key_frame_that_differs_wakes_a_camera(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", seconds=10, moves_from_s=8, key_every=10)
    _, events, summary = analysed(path, Tuning(sleep_after_s=4))
    assert summary.wakes == 1
    assert events[0].at == START + timedelta(seconds=8)


def test_a_camera_with_rare_key_frames_never_sleeps(tmp_path: Path) -> None:
    _, _, summary = analysed(write_clip(tmp_path / "a.mp4", seconds=16, key_every=70), Tuning(sleep_after_s=1))
    assert summary.decoded == 160


def test_a_file_that_is_no_video_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing to see here\n" * 100)
    with pytest.raises(SourceError) as caught:
        analysed(path)
    assert caught.value.reason is SourceProblem.NOT_VIDEO


def test_a_black_start_and_a_damaged_middle_are_no_reason_to_stop(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.ts", seconds=6, moves_from_s=3, grain=3, black_until_s=1)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 5000] = b"\x5a" * 5000
    path.write_bytes(bytes(data))
    analysis, _, _ = analysed(path)
    assert analysis.fed[0].image.max() < 20
    assert seconds(analysis)[-1] > 5.5
