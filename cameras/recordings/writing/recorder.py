"""StreamRecorder: one stream's samples into segments, in its reader's thread.

It decides where segments begin and end, builds their fragments, and hands them to the writer of a disk; it never waits
and never raises. A fragment holds at most 0.8 s, so that a killed process takes less than a second with it. A segment
begins at a key picture and holds no gap: whatever interrupts it ends it, and the next one says why. A new segment looks
for a disk anew, so one that vanished or does not keep up is left at the next key picture, where there is another.
"""

from __future__ import annotations

import enum
import random
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from cameras.errors import DiskProblem
from cameras.recordings.media import (
    VIDEO_TICKS,
    Because,
    Format,
    Sample,
    SegmentHead,
    StreamName,
)
from cameras.recordings.mp4.closing import Closing
from cameras.recordings.mp4.fragments import fragment_bytes, sound_ticks
from cameras.recordings.mp4.header import init_bytes
from cameras.recordings.writing.clock_watch import ClockWatch
from cameras.recordings.writing.disk_writer import GAP_OF, DiskWriter
from cameras.recordings.writing.segment_file import OnSegment, Piece, SegmentFile, Tally
from hub.clock import Clock

FRAGMENT_S = 0.8
"""The longest fragment, unless one picture is shown longer."""
_MOST_FRAGMENT_BYTES = 8 * 2**20
_MOST_SOUNDS = 2000
"""Pieces of sound in one fragment; more come only when video stands still, and are left out."""
_JUMP_TICKS = 10 * VIDEO_TICKS
_TICKS_PER_MS = VIDEO_TICKS // 1000
_USUAL_TICKS = VIDEO_TICKS // 25
_OF_DISKS = frozenset(GAP_OF.values())


class RecordingState(enum.StrEnum):
    """Whether a stream is being recorded."""

    RECORDING = "recording"
    STOPPED = "stopped"
    """It should be, and is not."""
    OFF = "off"
    """It is not to be recorded any more."""


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """How a stream's recording does.

    Attributes:
        state: Whether it is recorded.
        since: Since when that has been so.
        because: Why it is not; None while it is.
        written_bytes: Written so far, in fragments.
        dropped: Fragments that were made and could not be written.
        segments: Segments that were begun.
    """

    state: RecordingState
    since: datetime
    because: Because | None
    written_bytes: int
    dropped: int
    segments: int


class Chooser(Protocol):
    """Knows where new segments go."""

    def choose(self) -> DiskWriter | DiskProblem:
        """The writer of the disk for the next segment, or why there is none."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A segment in the making."""

    file: SegmentFile
    writer: DiskWriter
    begins: tuple[int, int]
    most_ticks: int
    watch: ClockWatch


class StreamRecorder:
    """Records one stream; a SampleSink. `stop` may come from any thread, all else from the reader's."""

    def __init__(
        self,
        *,
        site: str,
        camera: str,
        stream: StreamName,
        disks: Chooser,
        clock: Clock,
        on_segment: OnSegment,
        segment_s: float = 300.0,
        shortest: float = 0.5,
    ) -> None:
        """Prepare.

        Args:
            site: Site id.
            camera: Camera id.
            stream: Which of its streams.
            disks: Where to.
            clock: The worker's.
            on_segment: Hears of each segment when it was opened and when it was closed, in a writer's thread.
            segment_s: How long a segment is, up to the next key picture.
            shortest: Of that, so much at least is the first segment after a break: by chance, so that streams that
                begin together (a start, a switch that comes back) do not all open new files at once ever after.
        """
        self._whose = (site, camera, stream)
        self._disks = disks
        self._clock = clock
        self._on_segment = on_segment
        self._segment_ticks = round(segment_s * VIDEO_TICKS)
        self._shortest = shortest
        self._lock = threading.Lock()
        self._form: Format | None = None
        self._because = Because.STARTED
        self._stretch: _Stretch | None = None
        self._building: list[Sample] = []
        self._building_bytes = 0
        self._newest: Sample | None = None
        self._step_ticks = _USUAL_TICKS
        self._sequence = 0
        self._segments = 0
        self._tally = Tally()
        self._refused = 0
        self._standing: tuple[RecordingState, datetime, Because | None]
        self._standing = (RecordingState.STOPPED, clock.now(), Because.STARTED)

    @property
    def status(self) -> RecordingStatus:
        """How it does."""
        state, since, because = self._standing
        stretch = self._stretch
        failed = None if stretch is None else stretch.file.failed
        if failed is not None:
            state, because = RecordingState.STOPPED, failed
        dropped = self._refused + self._tally.dropped
        return RecordingStatus(state, since, because, self._tally.written_bytes, dropped, self._segments)

    def begin(self, form: Format, at: datetime, because: Because) -> None:
        """What comes now has this format and follows on nothing before it."""
        with self._lock:
            if self._standing[0] is RecordingState.OFF:
                return
            self._finish(because)
            self._form = form
            self._newest = None
            self._step_ticks = _USUAL_TICKS
            self._stop_for(because, at)

    def take(self, sample: Sample) -> None:
        """The next sample, in the order of decoding."""
        with self._lock:
            if self._form is None:
                return
            if sample.is_sound:
                self._take_sound(sample)
            else:
                self._take_video(self._form, sample)

    def end(self, at: datetime, because: Because) -> None:
        """The stream is over, for now."""
        with self._lock:
            if self._standing[0] is RecordingState.OFF:
                return
            self._finish(because)
            self._form = None
            self._stop_for(because, at)

    def stop(self, because: Because = Because.OFF) -> None:
        """It is not to be recorded any more, or not by this one; what comes afterwards is left out."""
        with self._lock:
            self._finish(because)
            self._form = None
            self._standing = (RecordingState.OFF, self._clock.now(), because)

    def _take_sound(self, sample: Sample) -> None:
        if self._building and len(self._building) < _MOST_SOUNDS:
            self._building.append(sample)
            self._building_bytes += len(sample.data)

    def _take_video(self, form: Format, sample: Sample) -> None:
        newest, self._newest = self._newest, sample
        if newest is not None:
            step = sample.dts - newest.dts
            if not 0 < step <= _JUMP_TICKS:
                self._finish(Because.JUMPED)
                self._stop_for(Because.JUMPED, sample.at)
            else:
                self._step_ticks = min(step, VIDEO_TICKS)
        stretch = self._stretch
        if stretch is not None and stretch.file.failed is not None:
            self._abandon(stretch, stretch.file.failed, sample.at)
            stretch = None
        began: datetime | None = sample.at
        if stretch is not None:
            began = self._next_began(stretch, sample)
        if began is None:
            self._building.append(sample)
            self._building_bytes += len(sample.data)
        elif sample.is_key:
            self._open(form, sample, began=_whole_ms(began))

    def _next_began(self, stretch: _Stretch, sample: Sample) -> datetime | None:
        """Hand in the fragment that is done, and end the segment where it ends.

        Returns:
            Where the next segment begins if it begins with this sample, None when the sample belongs to this one.
        """
        stretch.watch.hear(sample, now=self._clock.now(), monotonic_s=self._clock.monotonic_s())
        span = sample.dts - self._building[0].dts
        long = span + self._step_ticks > FRAGMENT_S * VIDEO_TICKS or self._building_bytes >= _MOST_FRAGMENT_BYTES
        if not (sample.is_key or long):
            return None
        if not self._hand_in(stretch, ends_dts=sample.dts):
            self._abandon(stretch, Because.DISK_SLOW, sample.at)
            return sample.at
        because = self._border(stretch, sample) if sample.is_key else None
        if because is None:
            return None
        self._because = because
        self._close(stretch, because)
        # A clock that was set says when the picture came; else the drift does, better than one packet's arrival.
        return sample.at if stretch.watch.stepped else stretch.watch.right_time(sample)

    def _border(self, stretch: _Stretch, sample: Sample) -> Because | None:
        """Why a segment ends before this key picture, if it does."""
        if stretch.watch.is_off:
            return Because.CLOCK
        if sample.dts - stretch.begins[0] >= stretch.most_ticks:
            return Because.ROLLED
        if stretch.writer.trouble is not None and not isinstance(self._disks.choose(), DiskProblem):
            return Because.DISK_SLOW  # what waits there may still be written; another disk takes what comes
        return None

    def _open(self, form: Format, sample: Sample, *, began: datetime) -> None:
        """Begin a segment with a key picture, on whatever disk there is."""
        writer = self._disks.choose()
        if isinstance(writer, DiskProblem):
            self._stop_for(GAP_OF[writer], sample.at)
            return
        site, camera, stream = self._whose
        head = SegmentHead(secrets.token_urlsafe(16), site, camera, stream, began, self._because)
        beginning = init_bytes(form, head)
        file = SegmentFile(head, form, beginning=beginning, on_segment=self._on_segment, tally=self._tally)
        begins = (sample.dts, 0 if form.sound is None else sound_ticks(sample.dts, form.sound))
        watch = ClockWatch(sample, now=self._clock.now(), monotonic_s=self._clock.monotonic_s(), began=began)
        share = 1.0 if self._because is Because.ROLLED else random.uniform(self._shortest, 1.0)  # noqa: S311 - no secret
        self._stretch = _Stretch(file, writer, begins, round(share * self._segment_ticks), watch)
        self._building, self._building_bytes = [sample], len(sample.data)
        self._sequence = 0
        self._segments += 1
        if self._standing[0] is not RecordingState.RECORDING:
            self._standing = (RecordingState.RECORDING, sample.at, None)

    def _hand_in(self, stretch: _Stretch, *, ends_dts: int) -> bool:
        """Hand in what was built, and begin to build anew; whether the writer took it."""
        assert self._form is not None
        samples, self._building, self._building_bytes = self._building, [], 0
        self._sequence += 1
        data = fragment_bytes(self._sequence, self._form, samples, ends_dts=ends_dts, begins=stretch.begins)
        first = samples[0]
        at_ms = _ms(first.pts - stretch.begins[0])
        piece = Piece(
            data,
            at_ms=at_ms,
            duration_ms=_ms(first.pts - stretch.begins[0] + ends_dts - first.dts) - at_ms,
            is_key=first.is_key,
        )
        return stretch.writer.append(stretch.file, piece)

    def _finish(self, because: Because) -> None:
        """Hand in and close what there is: nothing follows on it."""
        stretch = self._stretch
        if stretch is None:
            return
        if self._building and stretch.file.failed is None:
            ends_dts = max(one.dts for one in self._building if not one.is_sound) + self._step_ticks
            if not self._hand_in(stretch, ends_dts=ends_dts):
                self._refused += 1
        self._close(stretch, because)

    def _abandon(self, stretch: _Stretch, because: Because, at: datetime) -> None:
        """The disk would not take what there is."""
        self._refused += 1
        self._close(stretch, because)
        self._stop_for(because, at)

    def _close(self, stretch: _Stretch, because: Because) -> None:
        stretch.writer.close(stretch.file, Closing(stretch.watch.drift_ms, because))
        self._stretch = None
        self._building, self._building_bytes = [], 0

    def _stop_for(self, because: Because, at: datetime) -> None:
        """Nothing is recorded from now on; what will be, later, says why. A disk's trouble outlasts the stream's."""
        if self._because not in _OF_DISKS or because in _OF_DISKS or self._standing[0] is RecordingState.RECORDING:
            self._because = because
        state, since, _ = self._standing
        self._standing = (RecordingState.STOPPED, since if state is RecordingState.STOPPED else at, self._because)


def _ms(ticks: int) -> int:
    return (ticks + _TICKS_PER_MS // 2) // _TICKS_PER_MS


def _whole_ms(at: datetime) -> datetime:
    """A time in whole milliseconds."""
    return at - timedelta(microseconds=at.microsecond % 1000)
