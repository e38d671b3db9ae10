"""Task: what a worker is to do with a camera, and what it has for doing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cameras.health import OFFLINE_AFTER_S
from cameras.recordings.media import SampleSink, StreamName
from cameras.running.recording_watch import STOPPED_AFTER_S, Recorder
from cameras.streams.feed import MakeSampler
from cameras.streams.sources import Sources
from cameras.vision.pipeline import Analysis
from config.calendars import Dates
from config.community import Camera, Stream
from config.plates import HeldPlates
from hub.clock import Clock


@dataclass(frozen=True, slots=True)
class Tuning:
    """What the worker decides for all of its cameras.

    Attributes:
        analysis_fps: Pictures a second that are analysed at most.
        sleep_after_s: Seconds without motion after which only key frames are decoded; None never sleeps.
        offline_after_s: Seconds of silence after which a camera is offline.
        hung_after_s: Seconds that an analysis may be busy with one slice of one camera.
        rest_s: How long a camera rests whose analysis hung, the first time.
        not_recorded_after_s: Seconds without anything written after which a stream counts as not recorded.
        live_linger_s: How long a stream is kept open after the last who watched it left.
        segment_s: How long a recorded segment is; None as the settings say.
    """

    analysis_fps: float = 8.0
    sleep_after_s: float | None = 10.0
    offline_after_s: float = OFFLINE_AFTER_S
    hung_after_s: float = 10.0
    rest_s: float = 30.0
    not_recorded_after_s: float = STOPPED_AFTER_S
    live_linger_s: float = 5.0
    segment_s: float | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done with a camera.

    Attributes:
        camera: From the settings.
        area: The Area of its Site.
        record: The streams that are recorded.
        plates: The lists that plates are compared with.
        dates: What the hours of its zones go by; None when they have none.
    """

    camera: Camera
    area: str | None
    record: frozenset[StreamName] = frozenset()
    plates: tuple[HeldPlates, ...] = ()
    dates: Dates | None = None

    @property
    def analysed(self) -> StreamName:
        """Which stream is analysed."""
        return StreamName.MAIN if self.camera.sub is None else StreamName.SUB

    def stream(self, name: StreamName) -> Stream | None:
        """One of its two streams."""
        return self.camera.main if name is StreamName.MAIN else self.camera.sub

    def looks_the_same(self, other: Task) -> bool:
        """Whether the analysis of `other` may stay as it is."""
        shown = {"name": None, "location": None, "heading_deg": None, "view_deg": None}
        away = {**shown, "record": None, "onvif": None, "main": self.camera.main, "sub": self.camera.sub}
        same = self.camera.model_copy(update=away) == other.camera.model_copy(update=away)
        return same and (self.area, self.plates, self.dates) == (other.area, other.plates, other.dates)


@dataclass(frozen=True, slots=True)
class Means:
    """What a worker gives each of its cameras to work with.

    Attributes:
        sources: Makes the sources of streams.
        clock: The worker's.
        wake: Called when there is something to do for `step` at once.
        wake_soon: Called when a packet waits for it, which more will follow.
        tuning: The worker's.
        build: Makes an analysis, and says why it is not what the settings ask for.
        make_sampler: Makes samples of a stream's packets.
        make_recorder: Makes the recorder of a stream.
        cache: What else takes the samples of a stream, whether or not it is recorded.
    """

    sources: Sources
    clock: Clock
    wake: Callable[[], None]
    wake_soon: Callable[[], None]
    tuning: Tuning
    build: Callable[[Task], tuple[Analysis, str | None]]
    make_sampler: MakeSampler
    make_recorder: Callable[[Task, StreamName], Recorder | None] = lambda _task, _stream: None
    cache: Callable[[str, StreamName], SampleSink | None] = lambda _camera, _stream: None
