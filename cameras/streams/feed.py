"""Feed: one stream of a camera, read once, for everybody who wants it.

What the reader brings goes to the analysis, when this is the stream that is analysed, and as samples through a Tee to
whoever records or watches it. Neither can hold up or break the other: the analysis has a queue that drops, and every
step is guarded here.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from cameras.errors import SourceProblem
from cameras.health import Health
from cameras.recordings.media import Because, SampleSink, StreamName
from cameras.streams.packet_queue import Broke, Opened, StreamItem
from cameras.streams.packets import Packet, SoundPacket, StreamInfo
from cameras.streams.reader import StreamReader
from cameras.streams.sources import Sources
from cameras.streams.tee import Tee
from config.community import Stream
from hub.clock import Clock

logger = logging.getLogger(__name__)


class PacketTaker(Protocol):
    """Makes samples of packets, and hands them to its sinks."""

    def opened(self, info: StreamInfo) -> None:
        """The stream begins (again)."""

    def take(self, packet: Packet | SoundPacket) -> None:
        """The next packet."""

    def broke(self, at: datetime, problem: SourceProblem) -> None:
        """The stream is over, for now."""


MakeSampler = Callable[[Sequence[SampleSink], Clock], PacketTaker]


class Feed:
    """One stream. `start` and `stop` once; the rest from any thread.

    Attributes:
        stream: Where it is read from.
        health: Whether anything comes.
        reader: Its reader; only to be read.
        info: What was opened last, None before.
    """

    def __init__(
        self,
        camera: str,
        stream: Stream,
        *,
        name: StreamName,
        sources: Sources,
        clock: Clock,
        offline_after_s: float,
        make_sampler: MakeSampler,
    ) -> None:
        """Prepare.

        Args:
            camera: Its id, for logs.
            stream: Where to read.
            name: Which of the camera's two.
            sources: Makes the source.
            clock: The worker's.
            offline_after_s: As for Health.
            make_sampler: Makes samples of its packets.
        """
        self.name = name
        self.stream = stream
        self.health = Health(clock, offline_after_s=offline_after_s)
        self.info: StreamInfo | None = None
        self._camera = camera
        self._clock = clock
        self._lock = threading.Lock()
        self._put: Callable[[StreamItem], None] | None = None
        self._open: Opened | None = None
        self._tee = Tee(camera)
        self._sampler = make_sampler((self._tee,), clock)
        self._sampling_failed: str | None = None
        self._is_stopped = False
        self.reader: StreamReader = sources.reader(
            camera if name is StreamName.MAIN else f"{camera}-{name}", stream, put=self._take, health=self.health
        )

    def start(self) -> None:
        """Start reading."""
        self.reader.start()

    def stop(self, *, timeout_s: float, because: Because) -> None:
        """Stop; a source that waits in FFmpeg goes by its own time-out, and nothing of it is heard any more."""
        self._is_stopped = True
        self.analyse(None)
        if not self.reader.stop(timeout_s=timeout_s) and timeout_s > 0:
            logger.info("the stream closes late", extra={"camera": self._camera})
        self._tee.close(self._clock.now(), because)

    def hurry(self, *, wanted: bool) -> None:
        """Somebody watches it, and wants each picture at once; or nobody does any more."""
        self.reader.hurry(wanted=wanted)

    def analyse(self, put: Callable[[StreamItem], None] | None) -> None:
        """Give the packets to `put` from now on, and to nobody else; None to nobody."""
        with self._lock:
            self._put = put
            if put is not None and self._open is not None:
                put(self._open)

    def add(self, sink: SampleSink) -> None:
        """Give the samples to `sink` too."""
        self._tee.add(sink)

    def remove(self, sink: SampleSink, because: Because) -> None:
        """Give `sink` nothing any more."""
        self._tee.remove(sink, self._clock.now(), because)

    def _take(self, item: StreamItem | SoundPacket) -> None:
        """In the reader's thread."""
        if self._is_stopped:
            return
        with self._lock:
            match item:
                case Opened(info):
                    self._open = item
                    self.info = info
                case Broke():
                    self._open = None
            if self._put is not None and not isinstance(item, SoundPacket):
                self._put(item)
        self._sample(item)

    def _sample(self, item: StreamItem | SoundPacket) -> None:
        try:
            match item:
                case Opened(info):
                    self._sampler.opened(info)
                case Broke(at, reason):
                    self._sampler.broke(at, reason)
                case _:
                    self._sampler.take(item)
        except Exception as error:
            # What cannot be recorded can still be analysed; the sampler begins anew when the stream does.
            told = repr(error)
            if told != self._sampling_failed:
                self._sampling_failed = told
                logger.exception("packets are not made into samples", extra={"camera": self._camera})
