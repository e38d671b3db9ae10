"""Analysing: the analysis of one camera at work: its queue, its pipeline, and what became of it.

The reader's thread fills the queue, the worker's analysis thread takes from it. An error of the analysis costs one
picture, never the camera.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from cameras.errors import SourceError
from cameras.streams.packet_queue import PacketQueue, StreamItem
from cameras.vision.pipeline import Analysis, Pipeline
from cameras.vision.stills import Stills
from cameras.vision.triage import Triage
from hub.clock import Clock
from hub.events import Event

logger = logging.getLogger(__name__)

_SLICE_S = 0.1
"""How long one camera may keep the analysis thread before the next one's turn: 0.1 s is what a detector pass takes."""


class Analysing:
    """One analysis at work. `step` and `finish` in the analysis thread, `put` from the reader's.

    Attributes:
        queue: What waits.
        pipeline: What it goes through.
        drains: Whether `finish` looks at what the decoder still holds; not when it may not be looked at any more.
        trouble: Why it is not what the settings ask for, None when it is.
        cpu_s: Processor time that it took.
        failures: Times that it failed on a picture.
    """

    def __init__(
        self,
        camera: str,
        analysis: Analysis,
        *,
        analysis_fps: float,
        sleep_after_s: float | None,
        stills: Stills,
        clock: Clock,
        trouble: str | None,
        tells: Callable[[Event], bool] = lambda _event: True,
    ) -> None:
        """Prepare; the arguments as in RunningCamera and Pipeline."""
        self._camera = camera
        self._clock = clock
        self._failure_told: str | None = None
        triage = None if sleep_after_s is None else Triage(sleep_after_s=sleep_after_s, seed=camera)
        self.queue = PacketQueue()
        self.pipeline = Pipeline(analysis, analysis_fps=analysis_fps, triage=triage, stills=stills, tells=tells)
        self.drains = True
        self.trouble = trouble
        self.cpu_s = 0.0
        self.failures = 0

    def put(self, item: StreamItem) -> None:
        """Take the next item of the stream; at once."""
        self.queue.put(item)

    def step(self) -> list[Event]:
        """Handle what waits in the queue, for a slice of time."""
        events: list[Event] = []
        begun_s = self._clock.monotonic_s()
        cpu_begun_s = time.thread_time()
        while self._clock.monotonic_s() - begun_s < _SLICE_S and (item := self.queue.take()) is not None:
            events += self._guarded(lambda item=item: self.pipeline.take(item))  # type: ignore[misc]
        self.cpu_s += time.thread_time() - cpu_begun_s
        return events

    def finish(self) -> list[Event]:
        """The Events that end what is open."""
        return self._guarded(lambda: self.pipeline.finish(drains=self.drains))

    def figures(self, *, moving_too: bool) -> dict[str, object]:
        """What it did so far, as it stands in CameraStatus.

        Args:
            moving_too: With what would tell when somebody moves.
        """
        counts, audits = self.pipeline.counts, self.pipeline.audits
        known: dict[str, object] = {
            "packets": counts.packets,
            "queued": len(self.queue),
            "dropped": self.queue.dropped,
            "broken": counts.broken,
            "decoded": counts.decoded,
            "analysed": counts.analysed,
            "failures": self.failures,
            "analysis_cpu_s": round(self.cpu_s, 4),
        }
        if moving_too:
            known |= {
                "wakes": counts.wakes,
                "awake": self.pipeline.awake,
                "audits": audits.looked,
                "audits_moved": audits.moved,
                "audits_missed": audits.missed,
            }
        return known

    def _guarded(self, work: Callable[[], list[Event]]) -> list[Event]:
        try:
            return work()
        except SourceError as error:
            self.trouble = error.reason
            logger.error("the stream cannot be decoded", extra={"camera": self._camera, "detail": error.detail})  # noqa: TRY400
        except Exception as error:
            self.failures += 1
            told = repr(error)
            if told != self._failure_told:  # the same failure on the next picture is counted, not printed
                self._failure_told = told
                logger.exception("analysis failed on a picture", extra={"camera": self._camera})
        return []
