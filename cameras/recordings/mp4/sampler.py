"""Sampler: from the packets of one stream to Samples, as files, clips and watchers take them.

Works in the reader's thread, for every packet of every stream, so its cost is counted in microseconds; it never waits.
Finds the parameter sets, wherever they come; waits for a key picture to begin with; begins anew, saying why, when the
format changed, packets were lost or the source's time jumped. Whatever the source's times do, `dts` only goes forward.
What cannot be understood is counted and left out, never an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cameras.errors import SourceProblem
from cameras.recordings.media import VIDEO_TICKS, Because, Format, Sample, SampleSink
from cameras.recordings.mp4.codecs import ParameterSets
from cameras.recordings.mp4.nals import split, split_by_length
from cameras.recordings.mp4.sound_track import SoundTrack
from cameras.recordings.mp4.video_times import VideoTimes
from cameras.streams.packets import Packet, SoundPacket, StreamInfo
from hub.clock import Clock

KEPT_CODECS = frozenset({"h264", "hevc"})
"""What is recorded; MJPEG and the like are analysed and shown as stills only."""

_WAIT_FOR_SOUND = VIDEO_TICKS // 2
"""How long the first beginning is held back where sound is announced: cameras send it at once or never."""
_MOST_HELD = 100


class Sampler:
    """Makes the Samples of one stream, over all its sessions. Not for several threads.

    Attributes:
        unusable: Packets that could not be understood and were left out.
    """

    def __init__(self, sinks: Sequence[SampleSink], clock: Clock) -> None:
        """Begin with nothing.

        Args:
            sinks: Take the Samples, in this order; none of them may raise (a Tee sees to that).
            clock: Says when a stream that is opened over an open one ended.
        """
        self._sinks = tuple(sinks)
        self._clock = clock
        self._sets: ParameterSets | None = None
        self._sound = SoundTrack()
        self._times = VideoTimes()
        self._form: Format | None = None
        self._cut: Because | None = Because.STARTED
        self._held: list[Sample] | None = None
        self._held_because = Because.STARTED
        self.unusable = 0

    def opened(self, info: StreamInfo) -> None:
        """The stream begins (again); nothing follows on what was before."""
        self._end(self._clock.now(), Because.OFFLINE)
        self._sets = ParameterSets.of(info.codec, info.extradata) if info.codec in KEPT_CODECS else None
        self._sound.opened(info.sound)
        self._times = VideoTimes(reorders=info.reorders)

    def take(self, packet: Packet | SoundPacket) -> None:
        """The next packet of the stream, in the order in which it came."""
        if self._sets is None:
            return
        if isinstance(packet, SoundPacket):
            self._take_sound(packet)
        else:
            self._take_video(self._sets, packet)

    def broke(self, at: datetime, problem: SourceProblem) -> None:
        """The stream is over, for now; what is wrong with it is told by the camera's health."""
        del problem
        self._end(at, Because.OFFLINE)

    def _take_video(self, sets: ParameterSets, packet: Packet) -> None:
        dts, pts, jumped = self._times.place(packet)
        if jumped:
            self._cut = self._cut or Because.JUMPED
        try:
            data, is_key = self._unwrapped(sets, packet)
        except ValueError:
            self.unusable += 1
            self._end(packet.at, Because.DAMAGED)
            return
        if packet.after_loss and not is_key:
            self._end(packet.at, Because.DAMAGED)
        if not data:
            return  # parameter sets alone
        if is_key:
            self._begin_if_due(sets, packet.at, dts)
        if self._form is not None:
            self._hand_on(Sample(data, dts, pts, is_key, is_sound=False, at=packet.at))

    def _unwrapped(self, sets: ParameterSets, packet: Packet) -> tuple[bytes, bool]:
        """The packet as an MP4 holds it, and whether decoding can begin with it.

        The parameter sets of a key picture go into the file's header and are left out; those before another picture
        stay, for it may need them.
        """
        raw = bytes(packet.data)
        is_key = packet.is_key
        pieces: list[bytes | memoryview] = []
        for nal in split_by_length(raw, sets.length_bytes) if sets.length_bytes else split(raw):
            header = nal[0]
            if sets.kind(header) is not None:
                if sets.add(bytes(nal)):
                    self._cut = self._cut or Because.FORMAT
                if is_key:
                    continue
            pieces.append(len(nal).to_bytes(4, "big"))
            pieces.append(nal)
        return b"".join(pieces), is_key

    def _begin_if_due(self, sets: ParameterSets, at: datetime, dts: int) -> None:
        """At a key picture: begin, or begin anew where there is a reason."""
        self._sound.check(dts)
        cut = self._cut
        if self._form is not None and self._held is None and self._form.sound != self._sound.form:
            cut = cut or Because.FORMAT
        if cut is None:
            return
        video = sets.form()
        if video is None:
            self.unusable += 1
            self._end(at, Because.FORMAT)
            return
        form = Format(video, self._sound.form)
        self._cut = None
        if cut is Because.FORMAT and form == self._form:
            return
        self._release()
        self._form = form
        if self._sound.is_awaited:
            self._held, self._held_because = [], cut
        else:
            for sink in self._sinks:
                sink.begin(form, at, cut)

    def _take_sound(self, packet: SoundPacket) -> None:
        newest = self._times.newest
        if newest is None:
            return
        sample = self._sound.take(packet, shift=self._times.shift, newest=newest)
        if self._held is not None and self._sound.form is not None:
            self._release()
        if sample is not None and self._form is not None and self._form.sound is not None:
            self._hand_on(sample)

    def _hand_on(self, sample: Sample) -> None:
        held = self._held
        if held is None:
            for sink in self._sinks:
                sink.take(sample)
            return
        held.append(sample)
        if len(held) >= _MOST_HELD or sample.dts - held[0].dts >= _WAIT_FOR_SOUND:
            self._sound.give_up()
            self._release()

    def _release(self) -> None:
        """Begin with what was held back, with the sound that has come by now."""
        held, self._held = self._held, None
        if not held or self._form is None:
            return
        self._form = Format(self._form.video, self._sound.form)
        for sink in self._sinks:
            sink.begin(self._form, held[0].at, self._held_because)
        for sample in held:
            for sink in self._sinks:
                sink.take(sample)

    def _end(self, at: datetime, because: Because) -> None:
        """Nothing follows on what was; what comes next says why."""
        self._release()
        if self._form is not None:
            self._form = None
            for sink in self._sinks:
                sink.end(at, because)
            self._cut = because
