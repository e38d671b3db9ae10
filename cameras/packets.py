"""Packets: one encoded unit of a stream, with the times that the rest of the hub goes by.

A protocol plugin makes them, in its reader's thread; they are never changed afterwards. `Stamper` gives every Packet a
time on the stream's own axis that never goes back, whatever the source's timestamps do: missing, odd, or starting again
when a file loops. Everything downstream (analysis rate, tracks, recordings) relies on that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import av

_JUMP_S = 10.0
"""A step of the source's timestamps by more than this is a new start of the source, not a pause."""

_USUAL_FPS = 25.0
"""Taken for the distance of packets that carry no time while the stream does not say its rate."""


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
    """

    codec: str
    width: int
    height: int
    fps: float | None
    extradata: bytes = b""
    codec_tag: str = ""
    bits_per_sample: int = 0


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
    """

    number: int
    pts_s: float | None
    stream_s: float
    at: datetime
    is_key: bool
    size_bytes: int
    data: av.Packet[av.VideoStream]


class PacketSource(Protocol):
    """One opened stream. All calls come from one thread, `close` too: closing under a running read crashes FFmpeg."""

    def open(self) -> StreamInfo:
        """Connect and find out what the stream holds; bounded in time.

        Raises:
            SourceError: Not possible; says why.
        """

    def packets(self) -> Iterator[Packet]:
        """The packets in the order of decoding, until the source ends; every wait in it is bounded.

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

    def stamp(self, data: av.Packet[av.VideoStream]) -> Packet:
        """The Packet of what the demuxer gave."""
        raw = data.pts if data.pts is not None else data.dts
        raw_s = None if raw is None else float(raw * data.time_base)
        stream_s = self._place(raw_s)
        packet = Packet(
            number=self._number,
            pts_s=None if raw_s is None else stream_s,
            stream_s=stream_s,
            at=self._at(stream_s),
            is_key=data.is_keyframe,
            size_bytes=data.size,
            data=data,
        )
        self._number += 1
        return packet

    def _place(self, raw_s: float | None) -> float:
        follows_s = 0.0 if self._newest_s is None else self._newest_s + self._step_s
        if raw_s is None:
            stream_s = follows_s
        elif self._origin_s is None or (self._last_raw_s is not None and abs(raw_s - self._last_raw_s) > _JUMP_S):
            # The first time, or the source began again: its axis goes on where ours stands.
            self._origin_s = raw_s - follows_s
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
