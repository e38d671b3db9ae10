"""Packets: one encoded unit of a stream, with the times that the rest of the hub goes by.

A protocol plugin makes them, in its reader's thread; they are never changed afterwards. `Stamper` gives every Packet a
time on the stream's own axis that never goes back, whatever the source's timestamps do: missing, odd, or starting again
when a file loops. Everything downstream (analysis rate, tracks, recordings) relies on that. Sound comes as
SoundPackets, only from a source made with the option `sound`, for recordings and watchers and never for the analysis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import av

_JUMP_S = 10.0
"""A step of the source's timestamps by more than this is a new start of the source, not a pause."""

_APART_S = 5.0
"""Sound that claims to be further from the video than this has a clock of its own."""

_USUAL_FPS = 25.0
"""Taken for the distance of packets that carry no time while the stream does not say its rate."""


@dataclass(frozen=True, slots=True)
class SoundInfo:
    """What the sound beside a stream's video is, as the source announces it; it may never come.

    Attributes:
        codec: FFmpeg's name of the decoder (`aac`, `pcm_alaw`, `pcm_mulaw`, ...).
        rate_hz: Samples a second; 0 where the source does not say.
        channels: 0 where the source does not say.
        extradata: AAC's AudioSpecificConfig, empty where it comes in the stream.
    """

    codec: str
    rate_hz: int
    channels: int
    extradata: bytes = b""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What is needed to decode or keep a stream.

    Attributes:
        codec: FFmpeg's name of the decoder (`h264`, `hevc`, `mpeg4`).
        width: Pixels; 0 until the first picture when the stream does not say.
        height: Pixels; 0 until the first picture when the stream does not say.
        fps: Frames per second that the stream announces, None when it does not.
        extradata: The codec's parameter sets, empty when they come in the stream.
        codec_tag: Four characters that some containers need to choose a variant of the codec.
        bits_per_sample: As the container says, 0 when it does not.
        reorders: Whether pictures are known to be sent in another order than they are shown (B-frames).
        sound: What sound is announced; None without, and where it was not asked for.
    """

    codec: str
    width: int
    height: int
    fps: float | None
    extradata: bytes = b""
    codec_tag: str = ""
    bits_per_sample: int = 0
    reorders: bool = False
    sound: SoundInfo | None = None


@dataclass(frozen=True, slots=True)
class Packet:
    """One encoded unit of video.

    Attributes:
        number: Counted from 0 since the stream was opened.
        pts_s: Seconds on the stream's own axis, from 0 at its start; None when the packet carries no time of its own
            (the first of an RTSP stream).
        stream_s: The same axis, always there and never far back: what came without a time is put behind the one before.
        at: When it was received (live) or the file's time (files), UTC.
        is_key: Whether decoding can start here.
        size_bytes: Length of the encoded data.
        data: As it came, for the decoder and for recordings.
        dts_s: When it is to be decoded, on the same axis; None where the source does not say.
        jumped: The source's own time did not lead here: it jumped, or began again.
        after_loss: Something before it came damaged and was left out.
    """

    number: int
    pts_s: float | None
    stream_s: float
    at: datetime
    is_key: bool
    size_bytes: int
    data: av.Packet[av.VideoStream]
    dts_s: float | None = None
    jumped: bool = False
    after_loss: bool = False


@dataclass(frozen=True, slots=True)
class SoundPacket:
    """One encoded piece of sound.

    Attributes:
        pts_s: Seconds on the axis of the video; None when the packet carries no time of its own. May go back.
        at: When it was received (live) or the file's time (files), UTC.
        size_bytes: Length of the encoded data.
        data: As it came.
    """

    pts_s: float | None
    at: datetime
    size_bytes: int
    data: av.Packet[av.AudioStream]


class PacketSource(Protocol):
    """One opened stream. All calls come from one thread, `close` too: closing under a running read crashes FFmpeg."""

    def open(self) -> StreamInfo:
        """Connect and find out what the stream holds; bounded in time.

        Raises:
            SourceError: Not possible; says why.
        """

    def packets(self) -> Iterator[Packet | SoundPacket]:
        """The packets in the order of decoding, until the source ends; every wait in it is bounded.

        Sound is among them where the source was made with the option `sound`, and some comes.

        Raises:
            SourceError: The stream broke; says why.
        """

    def close(self) -> None:
        """Give everything back; may be called more than once, and without `open`."""

    @property
    def corrupt(self) -> int:
        """Packets that the container marked as damaged and that were left out."""


class Stamper:
    """Turns the source's timestamps into Packets. One per opened stream; not for several threads."""

    def __init__(self, *, fps: float | None, at: Callable[[float], datetime]) -> None:
        """Number packets from 0.

        Args:
            fps: Rate that the stream announces, for packets without a time.
            at: Gives the time of a packet from its `stream_s`.
        """
        self._step_s = 1.0 / (fps if fps and fps > 0 else _USUAL_FPS)
        self._at = at
        self._number = 0
        self._origin_s: float | None = None
        self._newest_s: float | None = None
        self._last_raw_s: float | None = None
        self._began_again = False
        self._sound_shift_s = 0.0

    def stamp(self, data: av.Packet[av.VideoStream], *, after_loss: bool = False) -> Packet:
        """The Packet of what the demuxer gave.

        Args:
            data: Of the video.
            after_loss: Whether something before it was left out as damaged.
        """
        pts, dts = data.pts, data.dts
        raw = pts if pts is not None else dts
        tick = data.time_base
        return self.stamp_at(
            data,
            raw_s=None if raw is None else raw * tick.numerator / tick.denominator,
            dts_s=None if dts is None else dts * tick.numerator / tick.denominator,
            is_key=data.is_keyframe,
            after_loss=after_loss,
        )

    def stamp_at(
        self,
        data: av.Packet[av.VideoStream],
        *,
        raw_s: float | None,
        dts_s: float | None,
        is_key: bool,
        after_loss: bool = False,
    ) -> Packet:
        """The Packet of data whose times are known in seconds already: fractions cost more than all the rest.

        Args:
            data: Of the video.
            raw_s: When it is shown, on the source's axis; None where it does not say.
            dts_s: When it is decoded, likewise.
            is_key: Whether decoding can begin here.
            after_loss: Whether something before it was left out as damaged.
        """
        stream_s = self._place(raw_s)
        packet = Packet(
            number=self._number,
            pts_s=None if raw_s is None else stream_s,
            stream_s=stream_s,
            at=self._at(stream_s),
            is_key=is_key,
            size_bytes=data.size,
            data=data,
            dts_s=None if dts_s is None else dts_s - (self._origin_s or 0.0),
            jumped=self._began_again,
            after_loss=after_loss,
        )
        self._number += 1
        self._began_again = False
        return packet

    def stamp_sound(self, data: av.Packet[av.AudioStream]) -> SoundPacket | None:
        """The SoundPacket of what the demuxer gave; None while there is no video to go with it."""
        raw = data.pts if data.pts is not None else data.dts
        tick = data.time_base
        return self.stamp_sound_at(data, None if raw is None else raw * tick.numerator / tick.denominator)

    def stamp_sound_at(self, data: av.Packet[av.AudioStream], raw_s: float | None) -> SoundPacket | None:
        """The SoundPacket of data whose time is known in seconds already; None while there is no video."""
        if self._newest_s is None:
            return None
        pts_s = None
        if raw_s is not None and self._origin_s is not None:
            pts_s = raw_s - self._origin_s + self._sound_shift_s
            if abs(pts_s - self._newest_s) > _APART_S:
                self._sound_shift_s += self._newest_s - pts_s
                pts_s = self._newest_s
        return SoundPacket(pts_s=pts_s, at=self._at(self._newest_s), size_bytes=data.size, data=data)

    def _place(self, raw_s: float | None) -> float:
        follows_s = 0.0 if self._newest_s is None else self._newest_s + self._step_s
        is_far = raw_s is not None and self._last_raw_s is not None and abs(raw_s - self._last_raw_s) > _JUMP_S
        if raw_s is None:
            stream_s = follows_s
        elif self._origin_s is None or is_far:
            # The first time, or the source began again: its axis goes on where ours stands.
            self._origin_s = raw_s - follows_s
            self._sound_shift_s = 0.0
            self._began_again = self._began_again or is_far
            stream_s = follows_s
        else:
            stream_s = raw_s - self._origin_s
        if raw_s is not None:
            self._last_raw_s = raw_s
        self._newest_s = stream_s if self._newest_s is None else max(self._newest_s, stream_s)
        return stream_s

    def restart(self) -> None:
        """The source starts again from its beginning (a looped file): go on behind the newest packet."""
        self._origin_s = None
        self._last_raw_s = None
        self._began_again = self._newest_s is not None
