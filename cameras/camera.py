"""A running camera: its reader, its queue, its pipeline and its health, and what is told of them.

The reader's thread fills the queue, the worker's analysis thread calls `step` and `finish`, the worker's main thread
`check` and `status`, the link's thread asks for stills. An error of the analysis costs one picture, never the camera:
the stream stays open and counted.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cameras.errors import SourceError
from cameras.health import OFFLINE_AFTER_S, CameraState, Health, Standing
from cameras.link import CameraStatus
from cameras.packet_queue import PacketQueue, StreamItem
from cameras.pipeline import Analysis, Pipeline
from cameras.reader import Reader
from cameras.sources import Sources
from cameras.stills import Stills
from cameras.triage import Triage
from config.community import Camera
from hub.clock import Clock
from hub.events import Event, FieldValue, new_event_id

logger = logging.getLogger(__name__)

_SLICE_S = 0.1
"""How long one camera may keep the analysis thread before the next one's turn: 0.1 s is what a detector pass takes."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What the worker decides for all of its cameras.

    Attributes:
        analysis_fps: Pictures a second that are analysed at most.
        sleep_after_s: Seconds without motion after which only key frames are decoded; None never sleeps.
        offline_after_s: Seconds of silence after which a camera is offline.
    """

    analysis_fps: float = 8.0
    sleep_after_s: float | None = 10.0
    offline_after_s: float = OFFLINE_AFTER_S


@dataclass(slots=True)
class _Tally:
    cpu_s: float = 0.0
    failures: int = 0
    failure_told: str | None = None
    queue: PacketQueue = field(default_factory=PacketQueue)


class RunningCamera:
    """One camera at work. `start` once, then `stop` and `finish` once."""

    def __init__(
        self,
        camera: Camera,
        analysis: Analysis,
        *,
        area: str | None,
        sources: Sources,
        clock: Clock,
        wake: Callable[[], None],
        tuning: Tuning,
        trouble: str | None = None,
    ) -> None:
        """Prepare.

        Args:
            camera: From the settings.
            analysis: What looks at its pictures.
            area: The Area of its Site.
            sources: Makes the source.
            clock: The worker's.
            wake: Called when there is something to do for `step`.
            tuning: The worker's.
            trouble: Why its analysis is not what the settings ask for, None when it is.
        """
        self.id = camera.id
        self._camera = camera
        self._area = area
        self._clock = clock
        self._wake = wake
        self._trouble = trouble
        self._tally = _Tally()
        self._health = Health(clock, offline_after_s=tuning.offline_after_s)
        triage = None if tuning.sleep_after_s is None else Triage(sleep_after_s=tuning.sleep_after_s)
        self._pipeline = Pipeline(analysis, analysis_fps=tuning.analysis_fps, triage=triage, stills=Stills())
        self._reader = Reader(
            camera.id,
            lambda stopping: sources.make(camera.analysed, stopping=stopping),
            put=self._put,
            health=self._health,
            clock=clock,
        )

    @property
    def stills(self) -> Stills:
        """Its stills."""
        return self._pipeline.stills

    @property
    def pending(self) -> bool:
        """Whether `step` has something to do."""
        return len(self._tally.queue) > 0

    def start(self) -> None:
        """Start reading."""
        self._reader.start()

    def stop(self, *, timeout_s: float = 0.3) -> None:
        """Stop reading; a source that waits in FFmpeg goes by its own time-out, and nothing of it is heard any more."""
        if not self._reader.stop(timeout_s=timeout_s) and timeout_s > 0:
            logger.info("the stream closes late", extra={"camera": self.id})

    def step(self) -> list[Event]:
        """Handle what waits in the queue, for a slice of time."""
        events: list[Event] = []
        begun_s = self._clock.monotonic_s()
        cpu_begun_s = time.thread_time()
        while self._clock.monotonic_s() - begun_s < _SLICE_S and (item := self._tally.queue.take()) is not None:
            events += self._guarded(lambda item=item: self._pipeline.take(item))  # type: ignore[misc]
        self._tally.cpu_s += time.thread_time() - cpu_begun_s
        return events

    def finish(self) -> list[Event]:
        """The Events that end what is open; after `stop`."""
        return self._guarded(self._pipeline.finish)

    def check(self) -> list[Event]:
        """The health Event, when there is something new."""
        change = self._health.check()
        return [] if change is None else [self._health_event(change)]

    def status(self) -> CameraStatus:
        """How it does."""
        standing, info, counts, tally = self._health.standing, self._pipeline.info, self._pipeline.counts, self._tally
        return CameraStatus(
            camera=self.id,
            state=standing.state,
            since=standing.since,
            reason=standing.reason or self._trouble,
            troubles=self._pipeline.troubles,
            codec=None if info is None else info.codec,
            width=0 if info is None else info.width,
            height=0 if info is None else info.height,
            fps=None if info is None else info.fps,
            sessions=self._reader.sessions,
            packets=counts.packets,
            queued=len(tally.queue),
            dropped=tally.queue.dropped,
            corrupt=self._reader.corrupt,
            broken=counts.broken,
            decoded=counts.decoded,
            analysed=counts.analysed,
            failures=tally.failures,
            wakes=counts.wakes,
            awake=self._pipeline.awake,
            cpu_s=round(tally.cpu_s + self._reader.cpu_s, 4),
        )

    def _put(self, item: StreamItem) -> None:
        self._tally.queue.put(item)
        self._wake()

    def _guarded(self, work: Callable[[], list[Event]]) -> list[Event]:
        try:
            return work()
        except SourceError as error:
            self._trouble = error.reason
            logger.error("the stream cannot be decoded", extra={"camera": self.id, "detail": error.detail})  # noqa: TRY400
        except Exception as error:
            self._tally.failures += 1
            told = repr(error)
            if told != self._tally.failure_told:  # the same failure on the next picture is counted, not printed
                self._tally.failure_told = told
                logger.exception("analysis failed on a picture", extra={"camera": self.id})
        return []

    def _health_event(self, standing: Standing) -> Event:
        fields: dict[str, FieldValue] = {"state": "online" if standing.state is CameraState.LIVE else "offline"}
        if standing.reason is not None:
            fields["reason"] = standing.reason.value
        return Event(
            id=new_event_id(),
            kind="camera.health",
            at=standing.since,
            arrived=self._clock.now(),
            source=self.id,
            driver="worker",
            site=self._camera.site,
            area=self._area,
            camera=self.id,
            fields=fields,
        )
