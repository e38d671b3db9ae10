"""Sinks of one stream, kept from each other; rests that grow; and what a worker tells of segments again."""

from __future__ import annotations

import socket
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cameras.link import Link
from cameras.link_words import SegmentClosed, SegmentOpened, SegmentsKept, SegmentsRemoved
from cameras.recordings.media import (
    Because,
    Format,
    Mark,
    Sample,
    Segment,
    SegmentHead,
    StreamName,
    VideoFormat,
)
from cameras.recordings.mp4.naming import usual_path
from cameras.recordings.mp4.packed import pack
from cameras.running.outbox import Outbox
from cameras.running.recording_watch import RecordingWatch
from cameras.running.rests import Rests
from cameras.streams.tee import Tee
from hub.clock import SetClock

AT = datetime(2026, 5, 1, 8, tzinfo=UTC)
FORM = Format(VideoFormat("h264", 640, 360, b""))


class Notes:
    """A sink that writes down what it was told, and fails when it is told to."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.fails = False

    def begin(self, form: Format, at: datetime, because: Because) -> None:
        del form, at
        self._note(f"begin {because}")

    def take(self, sample: Sample) -> None:
        self._note(f"{'K' if sample.is_key else 'p'}{sample.dts}")

    def end(self, at: datetime, because: Because) -> None:
        del at
        self._note(f"end {because}")

    def _note(self, words: str) -> None:
        if self.fails:
            raise RuntimeError("this sink fails")
        self.told.append(words)


def sample(number: int, *, is_key: bool = False) -> Sample:
    return Sample(b"x", number, number, is_key=is_key, is_sound=False, at=AT)


def test_a_sink_that_fails_costs_the_others_nothing_and_begins_anew_at_a_key_picture() -> None:
    good, bad = Notes(), Notes()
    tee = Tee("gate", (bad, good))
    tee.begin(FORM, AT, Because.STARTED)
    tee.take(sample(0, is_key=True))
    bad.fails = True
    tee.take(sample(1))
    bad.fails = False
    tee.take(sample(2))
    tee.take(sample(3, is_key=True))
    tee.end(AT, Because.OFFLINE)
    assert good.told == ["begin started", "K0", "p1", "p2", "K3", "end offline"]
    assert bad.told == ["begin started", "K0", "begin unknown", "K3", "end offline"]
    assert tee.failures == 1


def test_sinks_come_and_go_while_the_stream_runs() -> None:
    stays, comes = Notes(), Notes()
    tee = Tee("gate", (stays,))
    tee.begin(FORM, AT, Because.STARTED)
    tee.take(sample(0, is_key=True))
    tee.add(comes)
    tee.take(sample(1))
    tee.take(sample(2, is_key=True))
    tee.add(comes)
    tee.take(sample(3, is_key=True))
    tee.remove(comes, AT, Because.OFF)
    tee.take(sample(4))
    tee.close(AT, Because.OFF)
    tee.take(sample(5))
    tee.begin(FORM, AT, Because.STARTED)
    assert comes.told == ["begin started", "K2", "K3", "end off"]
    assert stays.told == ["begin started", "K0", "p1", "K2", "K3", "p4", "end off"]


def test_a_stream_that_breaks_begins_again_for_all() -> None:
    one, two = Notes(), Notes()
    tee = Tee("gate", (one, two))
    tee.begin(FORM, AT, Because.STARTED)
    tee.end(AT, Because.OFFLINE)
    tee.take(sample(0, is_key=True))
    tee.begin(FORM, AT, Because.OFFLINE)
    tee.begin(FORM, AT, Because.FORMAT)
    assert one.told == two.told == ["begin started", "end offline", "begin offline", "begin format"]


def test_rests_grow_and_are_forgotten() -> None:
    clock = SetClock(AT)
    rests = Rests(clock, first_s=30)
    assert (rests.are_on, rests.is_over) == (False, False)
    assert [rests.begin() for _ in range(6)] == [30, 60, 120, 240, 480, 600]
    assert (rests.are_on, rests.is_over, rests.left_s) == (True, False, 600)
    clock.advance(600)
    assert (rests.are_on, rests.is_over, rests.left_s) == (True, True, 0)
    rests.end()
    assert (rests.are_on, rests.is_over) == (False, False)
    clock.advance(3001)
    assert rests.begin() == 30


class Recorder(Notes):
    """Says what was written."""

    because: Because | None = Because.STARTED
    written_bytes = 0
    dropped = 0

    @property
    def status(self) -> Recorder:
        return self

    def stop(self, because: Because = Because.OFF) -> None:
        del because


def test_a_stream_is_off_when_nothing_was_written_for_a_while() -> None:
    clock, recorder = SetClock(AT), Recorder()
    watch = RecordingWatch(StreamName.MAIN, recorder, clock, stopped_after_s=10)
    assert watch.check(None) is None
    recorder.written_bytes = 5
    on = watch.check(None)
    assert on is not None
    assert (on.state, on.since, on.reason) == ("recording", AT, None)
    clock.advance(9)
    recorder.because = Because.DISK_FULL
    assert watch.check(None) is None
    clock.advance(1)
    off = watch.check(None)
    assert off is not None
    assert (off.state, off.since, off.reason) == ("stopped", AT + timedelta(seconds=10), "disk_full")
    assert watch.check(None) is None
    assert watch.status("unreachable").reason == "unreachable"
    recorder.written_bytes = 6
    again = watch.check(None)
    assert again is not None
    assert again.state == "recording"


def segment(segment_id: str, *, is_open: bool) -> Segment:
    head = SegmentHead(segment_id, "yard", "gate", StreamName.MAIN, AT, Because.STARTED)
    return Segment(head, "data", usual_path(head), FORM, 100, 100, (), is_open)


@pytest.mark.timeout(10)
def test_segments_are_told_to_each_new_hub_until_one_keeps_them() -> None:
    outbox = Outbox(max_segments=3)
    for number in range(4):
        outbox.segment(segment(f"s{number}", is_open=True))
    outbox.segment(segment("s1", is_open=False))
    outbox.kept(SegmentsKept(("s1", "s2"), ()))
    assert outbox.lost_segments == 1
    outbox.start()
    for _ in range(2):
        ours, theirs = socket.socketpair()
        outbox.attach(link := Link(ours))
        hub = Link(theirs)
        assert hub.receive() == SegmentClosed(segment("s1", is_open=False))
        assert hub.receive() == SegmentOpened(segment("s3", is_open=True))
        outbox.detach(link)
        link.close()
        hub.close()
    outbox.kept(SegmentsKept(("s3",), ("s1",)))
    ours, theirs = socket.socketpair()
    outbox.attach(link := Link(ours))
    outbox.segment(segment("s3", is_open=False))
    hub = Link(theirs)
    assert hub.receive() == SegmentClosed(segment("s3", is_open=False))
    outbox.stop()
    link.close()
    hub.close()


def _closed(number: int, marks: int = 300) -> Segment:
    of = tuple(Mark(at * 1000, 1000, 100 + at * 250_000 + at * at % 9973, 250_000, is_key=True) for at in range(marks))
    return replace(segment(f"s{number}", is_open=False), marks=of)


def _gone(hour: int) -> tuple[str, ...]:
    return tuple(f"yard/gate/main/2026-05-01/0{hour}/00-{second}.mp4" for second in ("00", "30"))


def test_news_of_segments_that_nobody_takes_stays_small() -> None:
    outbox = Outbox()
    tracemalloc.start()
    try:
        for number in range(200):
            outbox.segment(_closed(number))
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used / 200 < 6_000, "bytes of a segment of five minutes"
    assert outbox.lost_segments == 0


@pytest.mark.timeout(10)
def test_the_oldest_news_goes_when_their_marks_take_too_much_and_the_rest_is_told_whole() -> None:
    outbox = Outbox(max_marks_bytes=3 * len(pack(_closed(0).marks)), max_removed=3)
    for number in range(5):
        outbox.segment(_closed(number))
    outbox.segment(replace(_closed(4), drift_ms=7))
    for number in range(4):
        outbox.removed("data", _gone(number))
    assert outbox.lost_segments == 2
    ours, theirs = socket.socketpair()
    outbox.attach(link := Link(ours))
    outbox.start()
    hub = Link(theirs)
    told = [hub.receive() for _ in range(4)]
    assert told == [
        SegmentClosed(_closed(2)),
        SegmentClosed(_closed(3)),
        SegmentClosed(replace(_closed(4), drift_ms=7)),
        SegmentsRemoved("data", _gone(3)),
    ]
    outbox.stop()
    link.close()
    hub.close()
