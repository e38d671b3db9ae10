"""Pipeline: what happens to one camera's packets, live and in `hub analyse` alike: triage, decoding, analysis, stills.

No thread and no clock of its own: it goes by the times of the packets, and one caller feeds it in order. While the
camera is awake every packet is decoded (later ones need the earlier) but only so many pictures a second are converted
and analysed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from cameras.streams.packet_queue import Broke, Opened, StreamItem
from cameras.streams.packets import Packet, StreamInfo
from cameras.vision.decoding import Decoder, Frame, Picture
from cameras.vision.stills import Stills
from cameras.vision.triage import Audits, Triage, Verdict
from config.machine import too_seldom
from hub.events import Event


class Analysis(Protocol):
    """What the pipeline needs of the analysis of one camera."""

    @property
    def moving(self) -> bool:
        """Whether something moved in the frame that was fed last."""

    @property
    def troubles(self) -> Mapping[str, str]:
        """What does not work and why, in words for an operator, by kind of detector."""

    def feed(self, frame: Frame) -> list[Event]:
        """Look at the next frame; the Events that it makes."""

    def reset(self, at: datetime) -> list[Event]:
        """The stream broke: the Events that end every open state."""


@runtime_checkable
class Turnable(Protocol):
    """An analysis that minds when its camera is turned."""

    def turned(self, until: datetime) -> None:
        """Somebody turns it on purpose, until then at least; from any thread."""


@runtime_checkable
class Traceable(Protocol):
    """An analysis that keeps where what it follows was."""

    def take_trace(self) -> list[bytes]:
        """What is ready of it, packed, each once; from any thread."""


@dataclass(slots=True)
class Counts:
    """What a pipeline did since its start.

    Attributes:
        packets: Packets taken.
        decoded: Pictures decoded.
        analysed: Pictures given to the analysis.
        broken: Packets that could not be decoded.
        wakes: Times that triage woke the camera.
    """

    packets: int = 0
    decoded: int = 0
    analysed: int = 0
    broken: int = 0
    wakes: int = 0


class Pipeline:
    """The pipeline of one camera.

    Attributes:
        counts: What it did.
        info: The stream as it was opened last.
        stills: The camera's stills.
    """

    def __init__(
        self,
        analysis: Analysis,
        *,
        analysis_fps: float,
        triage: Triage | None,
        stills: Stills,
        tells: Callable[[Event], bool] = lambda _event: True,
    ) -> None:
        """Prepare for a stream.

        Args:
            analysis: What looks at the pictures.
            analysis_fps: Pictures a second that it is given at most.
            triage: Decides what is decoded; None decodes everything.
            stills: Where pictures of events go.
            tells: Whether an Event may be told; any other is forgotten here, with its picture.
        """
        self._tells = tells
        self._analysis = analysis
        self._triage = triage
        self._pace = _Pace(analysis_fps)
        self._too_seldom = too_seldom(analysis_fps)
        self._decoder: Decoder | None = None
        self._primed = False
        self._seen_alone = -1
        self._last_at: datetime | None = None
        self.stills = stills
        self.counts = Counts()
        self.info: StreamInfo | None = None

    @property
    def awake(self) -> bool:
        """Whether everything is decoded."""
        return self._triage is None or self._triage.awake

    @property
    def audits(self) -> Audits:
        """What sleeping missed, as far as it was looked at."""
        return Audits() if self._triage is None else self._triage.audits

    @property
    def troubles(self) -> Mapping[str, str]:
        """What of the analysis does not work."""
        if self._too_seldom is None:
            return self._analysis.troubles
        return {**self._analysis.troubles, "analysis_fps": self._too_seldom}

    def turned(self, until: datetime) -> None:
        """Somebody turns the camera on purpose, until then at least; from any thread."""
        if isinstance(self._analysis, Turnable):
            self._analysis.turned(until)

    def take_trace(self) -> list[bytes]:
        """What the analysis followed of late; from any thread."""
        return self._analysis.take_trace() if isinstance(self._analysis, Traceable) else []

    def take(self, item: StreamItem) -> list[Event]:
        """Handle the next item of the stream.

        Returns:
            The Events that it led to.

        Raises:
            SourceError: There is no decoder for the stream that was opened.
        """
        match item:
            case Opened(info):
                self._decoder = None  # a codec without decoder must not leave the old one behind
                self._decoder = Decoder(info)
                self.info = info
                self._begin()
                return []
            case Broke(at):
                events = self._drain() + self._told(self._analysis.reset(at))
                self._begin()
                return events
            case Packet():
                self._last_at = item.at
                return self._packet(item)

    def finish(self, *, drains: bool = True) -> list[Event]:
        """The stream is over for good: what the decoder holds, if it is to be looked at, and every open state ends."""
        events = self._drain() if drains else []
        return events + (self._told(self._analysis.reset(self._last_at)) if self._last_at is not None else [])

    def _told(self, events: list[Event]) -> list[Event]:
        return [event for event in events if self._tells(event)]

    def _begin(self) -> None:
        self._primed = False
        self._seen_alone = -1
        self._pace.restart()
        if self._triage is not None:
            self._triage.restart()

    def _packet(self, packet: Packet) -> list[Event]:
        self.counts.packets += 1
        if self._decoder is None or not (self._primed or packet.is_key):
            return []  # joined in the middle of a group: there is nothing to decode it from
        self._primed = True
        match Verdict.DECODE if self._triage is None else self._triage.judge(packet):
            case Verdict.DECODE:
                return self._decode([packet])
            case Verdict.HOLD:
                return []
            case Verdict.WAKE:
                return self._wake()
            case Verdict.AUDIT:
                return self._drain() + self._decode([packet])
            case Verdict.KEY_ONLY:
                events = self._drain()
                # The last pictures of the group before may have woken the camera, which then has this one as well.
                return events if self.awake else events + self._decode([packet], alone=True)

    def _wake(self) -> list[Event]:
        assert self._triage is not None
        assert self._decoder is not None
        self.counts.wakes += 1
        self._decoder.restart()
        return self._decode(self._triage.release())

    def _decode(self, packets: list[Packet], *, alone: bool = False) -> list[Event]:
        assert self._decoder is not None
        events: list[Event] = []
        for packet in packets:
            pictures = self._decoder.decode(packet)
            if alone:  # a decoder that sorts pictures would keep this one until later ones come
                pictures += self._decoder.drain()
            events += self._look(pictures)
        return events

    def _drain(self) -> list[Event]:
        return [] if self._decoder is None or not self._primed else self._look(self._decoder.drain())

    def _look(self, pictures: list[Picture]) -> list[Event]:
        assert self._decoder is not None
        self.counts.decoded += len(pictures)
        self.counts.broken += self._decoder.take_broken()
        events: list[Event] = []
        woken = False
        for picture in pictures:
            if picture.number == self._seen_alone:
                continue  # the key frame that was looked at before the camera woke
            if not self.awake:
                self._seen_alone = picture.number
            self.stills.show(picture)
            if not self._pace.due(picture.stream_s):
                continue
            self.counts.analysed += 1
            found = self._told(self._analysis.feed(picture.frame()))
            self.stills.keep_for(found)
            events += found
            if self._triage is not None:
                woken |= self._triage.saw(picture.stream_s, moving=self._analysis.moving)
        return events + self._wake() if woken else events


class _Pace:
    """Lets so many pictures a second through, evenly, by the stream's own time."""

    def __init__(self, fps: float) -> None:
        self._step_s = 1.0 / fps
        self._due_s: float | None = None

    def due(self, stream_s: float) -> bool:
        """Whether the picture at `stream_s` is to be looked at."""
        if self._due_s is None or not self._due_s - 2 * self._step_s <= stream_s < self._due_s + self._step_s:
            self._due_s = stream_s + self._step_s  # the first, or after a gap: count anew from here
            return True
        # A millisecond of grace: time stamps are rounded.
        if stream_s + 0.001 < self._due_s:
            return False
        self._due_s += self._step_s
        return True

    def restart(self) -> None:
        """The stream begins again."""
        self._due_s = None
