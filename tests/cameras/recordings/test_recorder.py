"""Recorder: segments begin and end where they should, hold every picture between, and say why they begin."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cameras.recordings.media import Because, Sample, Segment, StreamName
from cameras.recordings.mp4.index import read_segment, scan
from cameras.recordings.writing.recorder import RecordingState, StreamRecorder
from tests.fakes.recorders import START, Rig, end_of, later, looped, played
from tests.fakes.recordings import FPS, GOP, footage


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def _pictures(rig: Rig, *segments: Segment) -> int:
    return sum(len(played(rig.file(one))) for one in segments)


def test_every_picture_and_sound_is_in_the_files_and_segments_follow_on_each_other(rig: Rig) -> None:
    form, samples = footage(12, sound="aac")
    rig.begin(form)
    rig.feed([*samples, *later(samples, 12 * 90_000, rate_hz=16_000)])
    rig.stop()
    assert [one.head.because for one in rig.closed] == [Because.STARTED, Because.ROLLED, Because.ROLLED]
    assert [one.duration_ms for one in rig.closed] == [10_000, 10_000, 4_000]
    first, second, third = rig.closed
    assert end_of(first) == second.head.began
    assert end_of(second) == third.head.began
    assert first.head.began == START
    assert first.path == "hall/gate/main/2026-05-04/08/59-30.mp4"
    assert _pictures(rig, *rig.closed) == 24 * FPS
    assert rig.recorder.status.dropped == 0


def test_what_is_told_is_what_a_reader_finds_in_the_file(rig: Rig) -> None:
    form, samples = footage(4, sound="pcm_alaw")
    rig.begin(form)
    rig.feed(samples)
    (opened,) = rig.opened
    assert (opened.is_open, opened.marks, opened.drift_ms) == (True, (), None)
    rig.stop()
    (closed,) = rig.closed
    assert closed == read_segment(rig.settings["data"].path, closed.path, disk="data")
    with rig.file(closed).open("rb") as file:
        assert tuple(scan(file, from_offset=closed.init_bytes)) == closed.marks
    assert {mark.duration_ms for mark in closed.marks} <= {800, 400}
    assert [mark.at_ms for mark in closed.marks if mark.is_key] == [0, 2000]


def test_pictures_that_refer_to_later_ones_are_kept_in_order(tmp_path: Path) -> None:
    """Times of showing differ from those of decoding; the marks go by what is shown."""
    rig = Rig(tmp_path)
    form, samples = footage(4)
    shifted = [replace(one, pts=one.pts + 9_000) for one in samples]
    rig.begin(form)
    rig.feed(shifted)
    rig.stop()
    (closed,) = rig.closed
    assert closed == read_segment(rig.settings["data"].path, closed.path, disk="data")
    assert closed.marks[0].at_ms == 100


def test_a_segment_begins_with_a_key_picture_only(rig: Rig) -> None:
    form, samples = footage(6)
    rig.begin(form)
    rig.feed(samples[3:])
    rig.stop()
    assert rig.closed[0].head.began == START + timedelta(seconds=GOP / FPS)
    assert _pictures(rig, *rig.closed) == 6 * FPS - GOP


@pytest.mark.parametrize("because", [Because.JUMPED, Because.FORMAT, Because.DAMAGED, Because.OFFLINE])
def test_a_break_ends_the_segment_and_the_next_one_says_why(rig: Rig, because: Because) -> None:
    form, samples = footage(4)
    other, others = footage(4, codec="hevc", width=256)
    rig.begin(form)
    rig.feed(samples)
    rig.recorder.end(rig.clock.now(), because)
    assert rig.recorder.status.state is RecordingState.STOPPED
    assert rig.recorder.status.because is because
    rig.clock.advance(7.0)
    rig.recorder.begin(other, rig.clock.now(), because)
    rig.feed(others)
    rig.stop()
    first, second = rig.closed
    assert (second.head.because, second.form) == (because, other)
    assert (second.head.began - end_of(first)).total_seconds() == pytest.approx(7.0)
    assert _pictures(rig, first) == _pictures(rig, second) == 4 * FPS


@pytest.mark.parametrize("ticks", [-90_000, 11 * 90_000, -4 * 90_000])
def test_times_that_jump_within_a_stream_begin_a_segment_at_the_next_key_picture(rig: Rig, ticks: int) -> None:
    form, samples = footage(4)
    rig.begin(form)
    rig.feed(samples)
    rig.feed(later(samples, 4 * 90_000 + ticks)[5:])
    rig.stop()
    first, second = rig.closed
    assert second.head.because is Because.JUMPED
    assert first.duration_ms == 4000
    assert _pictures(rig, first) == 4 * FPS
    assert _pictures(rig, second) == 2 * FPS


def test_a_clock_that_is_set_begins_a_segment_with_the_right_time(rig: Rig) -> None:
    form, samples = footage(4)
    rig.begin(form)
    rig.feed(samples)
    rig.clock.step(-3600.0)
    rig.feed(later(samples, 4 * 90_000))
    rig.stop()
    first, second = rig.closed
    assert second.head.because is Because.CLOCK
    assert abs(first.drift_ms or 0) < 50
    assert second.head.began == START + timedelta(seconds=4.0 - 3600.0)
    assert _pictures(rig, first, second) == 8 * FPS


def test_a_stream_whose_own_clock_runs_wrong_is_set_right_again_and_again(rig: Rig) -> None:
    """Its seconds are 10 % too short: 20 of them take 22, and no segment is off by more than a second and a group."""
    form, samples = footage(20)
    rig.begin(form)
    for sample in samples:
        rig.clock.advance(0.11)
        rig.recorder.take(replace(sample, at=rig.clock.now()))
        rig.write()
    rig.stop()
    assert [one.head.because for one in rig.closed[1:]] == [Because.ROLLED]
    first, second = rig.closed
    assert first.drift_ms == pytest.approx(800, abs=210)
    assert (second.head.began - START).total_seconds() == pytest.approx(11.0, abs=0.4)
    slow = Rig(rig.settings["data"].path / "slow", segment_s=300)
    form, samples = footage(20)
    slow.begin(form)
    for sample in looped(samples, 2, seconds=20):
        slow.clock.advance(0.11)
        slow.recorder.take(replace(sample, at=slow.clock.now()))
        slow.write()
    slow.stop()
    assert {one.head.because for one in slow.closed[1:]} == {Because.CLOCK}
    assert all(abs(one.drift_ms or 0) < 2200 for one in slow.closed)


def test_a_late_packet_is_no_drift(rig: Rig) -> None:
    """The network holds packets back for two seconds and then brings them all: time goes on as the stream says."""
    form, samples = footage(8)
    rig.begin(form)
    rig.feed(samples[:35])
    rig.clock.advance(2.0)
    for sample in samples[35:55]:
        rig.recorder.take(replace(sample, at=rig.clock.now()))
    rig.feed(samples[55:])
    rig.stop()
    (only,) = rig.closed
    assert abs(only.drift_ms or 0) < 60


def test_a_machine_that_is_held_up_cuts_nothing(rig: Rig) -> None:
    """For four seconds everything comes three seconds late, then it is as before."""
    form, samples = footage(12)
    rig.recorder = rig.another("held-up", segment_s=300)
    rig.begin(form)
    for place, sample in enumerate(samples):
        late = timedelta(seconds=3.0 if 30 <= place < 70 else 0.0)
        rig.recorder.take(replace(sample, at=rig.clock.now() + late))
        rig.clock.advance(1 / FPS)
    rig.stop()
    (only,) = rig.closed
    assert only.duration_ms == 12_000
    assert abs(only.drift_ms or 0) < 60


def test_a_kill_takes_less_than_a_second_with_it(rig: Rig) -> None:
    """At any moment what was handed in more than 0.8 s before is in the file."""
    form, samples = footage(6)
    rig.begin(form)
    for place, sample in enumerate(samples):
        rig.feed([sample])
        with_it = rig.recorder._building
        assert sample.dts - with_it[0].dts <= 0.8 * 90_000
        assert place < 10 or rig.opened


def test_streams_that_begin_together_do_not_change_files_together(tmp_path: Path) -> None:
    """The first segment after a break is shorter by chance, the others are as long as they should be."""
    rig = Rig(tmp_path)
    form, samples = footage(2)
    streams = [
        StreamRecorder(
            site="hall",
            camera=f"cam-{number}",
            stream=StreamName.MAIN,
            disks=rig.disks,
            clock=rig.clock,
            on_segment=rig.closed.append,
            segment_s=20.0,
        )
        for number in range(8)
    ]
    for recorder in streams:
        recorder.begin(form, rig.clock.now(), Because.STARTED)
    for sample in looped(samples, 25, seconds=2):
        for recorder in streams:
            recorder.take(replace(sample, at=rig.clock.now()))
        rig.clock.advance(1 / FPS)
        rig.write()
    closed = [one for one in rig.closed if not one.is_open]
    firsts = [one.duration_ms for one in closed if one.head.because is Because.STARTED]
    assert len(set(firsts)) > 1
    assert all(10_000 <= length <= 20_000 for length in firsts)
    assert {one.duration_ms for one in closed if one.head.because is Because.ROLLED} == {20_000}


def test_sound_without_pictures_does_not_pile_up(rig: Rig) -> None:
    form, samples = footage(4, sound="aac")
    rig.begin(form)
    rig.feed(samples)
    piece = next(one for one in reversed(samples) if one.is_sound)
    for number in range(5_000):
        rig.recorder.take(replace(piece, dts=piece.dts + 1024 * number, pts=piece.pts + 1024 * number))
    assert len(rig.recorder._building) <= 2_000
    rig.stop()
    assert _pictures(rig, *rig.closed) == 4 * FPS


def test_what_comes_after_the_stop_is_left_out(rig: Rig) -> None:
    form, samples = footage(4)
    rig.begin(form)
    rig.feed(samples)
    rig.stop()
    rig.begin(form)
    rig.feed(samples)
    rig.recorder.end(rig.clock.now(), Because.OFFLINE)
    assert len(rig.closed) == 1
    assert rig.recorder.status.state is RecordingState.OFF
    assert rig.recorder.status.because is Because.OFF


def test_two_segments_of_one_second_have_two_files(rig: Rig) -> None:
    form, samples = footage(2)
    rig.begin(form)
    for because in (Because.FORMAT, Because.FORMAT, Because.FORMAT):
        for sample in samples[:3]:
            rig.recorder.take(sample)
        rig.recorder.begin(form, rig.clock.now(), because)
    rig.write()
    assert [Path(one.path).name for one in rig.closed] == ["00-00.mp4", "00-00-1.mp4", "00-00-2.mp4"]


def test_nothing_is_written_of_a_stream_without_key_pictures(rig: Rig) -> None:
    form, samples = footage(4)
    rig.begin(form)
    rig.feed([_no_key(one) for one in samples])
    rig.stop()
    assert rig.closed == rig.opened == []
    assert not (rig.settings["data"].path / "hall").exists()


def _no_key(sample: Sample) -> Sample:
    return replace(sample, is_key=False)
