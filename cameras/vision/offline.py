"""Offline: a video file through the same pipeline as live video, on the file's own time, as fast as it goes.

For `hub analyse` and for measuring accuracy. Nothing is dropped; triage may sleep as it would live, so that what it
misses shows. Runs in the caller's thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cameras.running.task import Tuning
from cameras.streams.packet_queue import Opened
from cameras.streams.packets import Packet
from cameras.streams.sources import Sources
from cameras.vision.pipeline import Analysis, Pipeline
from cameras.vision.stills import Stills
from cameras.vision.triage import Triage
from config.community import Stream
from hub.clock import SetClock
from hub.events import Event


@dataclass(frozen=True, slots=True)
class Summary:
    """What a whole file took.

    Attributes:
        video_s: Length of the video, as far as it could be read.
        packets: Packets in it.
        decoded: Pictures decoded.
        analysed: Pictures analysed.
        corrupt: Damaged packets and places that were passed over, packets that could not be decoded among them.
        wakes: Times that triage woke the camera.
        cpu_s: Processor time of the calling thread, without what the caller did with the Events.
        ended_at: The file's time at its end, UTC.
    """

    video_s: float
    packets: int
    decoded: int
    analysed: int
    corrupt: int
    wakes: int
    cpu_s: float
    ended_at: datetime


def analyse_file(
    path: Path, analysis: Analysis, *, clock: SetClock, tuning: Tuning | None = None, stills: Stills | None = None
) -> Iterator[Event | Summary]:
    """The Events of a file as they are found, then one Summary.

    Args:
        path: Anything that FFmpeg reads as video.
        analysis: A camera's, built with the same `clock`.
        clock: Stands at the time of the file's beginning, and is moved on with the video.
        tuning: As of a worker; None takes the defaults.
        stills: Keeps the pictures of the Events; None keeps them nowhere.

    Raises:
        SourceError: The file is not there or is no video, or reading it failed midway; Events before that were given.
    """
    tuning = tuning or Tuning()
    begun_at = clock.now()
    triage = None if tuning.sleep_after_s is None else Triage(sleep_after_s=tuning.sleep_after_s)
    pipeline = Pipeline(analysis, analysis_fps=tuning.analysis_fps, triage=triage, stills=stills or Stills())
    source = Sources(clock).make(
        Stream(url=path.absolute().as_uri()),
        stopping=threading.Event(),
        options={"loop": False, "realtime": False, "start": begun_at},
    )
    cpu_s = 0.0
    last_s = 0.0
    try:
        cpu_begun_s = time.thread_time()
        pipeline.take(Opened(source.open()))
        for packet in source.packets():
            if not isinstance(packet, Packet):
                continue
            clock.set(packet.at)
            last_s = max(last_s, packet.stream_s)
            events = pipeline.take(packet)
            if events:
                cpu_s += time.thread_time() - cpu_begun_s
                yield from events
                cpu_begun_s = time.thread_time()
        events = pipeline.finish()
        cpu_s += time.thread_time() - cpu_begun_s
        yield from events
    finally:
        source.close()
    counts = pipeline.counts
    step_s = last_s / (counts.packets - 1) if counts.packets > 1 else 0.0
    yield Summary(
        video_s=round(last_s + step_s, 3),
        packets=counts.packets,
        decoded=counts.decoded,
        analysed=counts.analysed,
        corrupt=source.corrupt + counts.broken,
        wakes=counts.wakes,
        cpu_s=round(cpu_s, 4),
        ended_at=clock.now(),
    )
