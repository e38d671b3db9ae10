"""Decoding: from Packets to Frames, one decoder per stream, single-threaded.

A worker runs many cameras on one core, so FFmpeg's own threads would only cost memory: each decoder has one. Pictures
are converted to BGR only when somebody looks at them. Used from the worker's analysis thread alone; a packet that
cannot be decoded is counted and passed over, never an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import av
import cv2
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from cameras.errors import SourceError, SourceProblem
from cameras.streams.limits import MOST_SIDE_PX
from cameras.streams.packets import Packet, StreamInfo
from cameras.vision.private import Places, hide, veil
from hub.geometry import Box

ANALYSIS_WIDTH_PX = 960
"""Wider pictures are scaled down for analysis: no detector here looks at more (they see crops of 160 to 512 px)."""

_JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture, as the analysis sees it.

    Attributes:
        image: (height, width, 3) uint8, BGR; at most ANALYSIS_WIDTH_PX wide.
        at: When it was received (live) or the file's time, UTC.
        pts_s: Seconds on the stream's own axis; differences between frames are true to the scene.
        is_key: Whether it is the first of a group of pictures.
        number: Of its packet, counted from 0 since the stream was opened; not the order of the pictures where the
            stream has such that refer to later ones (B-frames).
        raw: As the decoder gave it, with all of its pixels; None when the image has them all.
    """

    image: NDArray[np.uint8]
    at: datetime
    pts_s: float
    is_key: bool
    number: int
    raw: av.VideoFrame | None = None

    def full(self) -> NDArray[np.uint8]:
        """(height, width, 3) uint8, BGR, with all of its pixels: 4 ms for 1,920 x 1,080, so only for who needs them."""
        return self.image if self.raw is None else np.ascontiguousarray(self.raw.to_ndarray(format="bgr24"))

    @property
    def full_width_px(self) -> int:
        """How wide `full` is."""
        return int(self.image.shape[1]) if self.raw is None else self.raw.width


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One decoded picture that nobody has converted yet.

    Attributes:
        at: When it was received (live) or the file's time, UTC.
        stream_s: Seconds on the stream's own axis.
        is_key: Whether it is the first of a group of pictures.
        number: Of its packet.
        raw: As the decoder gave it.
        reformatter: The decoder's own, which prepares itself once and not for each picture; for its thread alone.
    """

    at: datetime
    stream_s: float
    is_key: bool
    number: int
    raw: av.VideoFrame
    reformatter: VideoReformatter = field(default_factory=VideoReformatter)

    def frame(self, max_width_px: int = ANALYSIS_WIDTH_PX) -> Frame:
        """Converted for analysis."""
        raw = self.raw if self.raw.width > max_width_px else None
        image = self._bgr(max_width_px, self.reformatter)
        return Frame(image, self.at, self.stream_s, self.is_key, self.number, raw)

    def jpeg(self, max_width_px: int = 1920, private: Places = (), around: Box | None = None) -> bytes:
        """As a still, with private places filled; sharp only `around` something, if that is given."""
        image = self._bgr(max_width_px, VideoReformatter())  # asked for from any thread
        if around is not None:
            veil(image, around)
        hide(image, private)
        done, data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY))
        if not done:
            raise RuntimeError(f"no JPEG of a {self.raw.width}x{self.raw.height} picture")
        return data.tobytes()

    def _bgr(self, max_width_px: int, reformatter: VideoReformatter) -> NDArray[np.uint8]:
        width, height = self.raw.width, self.raw.height
        if width > max_width_px:
            width, height = max_width_px, max(1, round(height * max_width_px / width))
        made = reformatter.reformat(self.raw, width, height, "bgr24", interpolation="AREA")
        return np.ascontiguousarray(made.to_ndarray())


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What travels through the decoder beside a packet."""

    at: datetime
    stream_s: float
    is_key: bool
    number: int


class Decoder:
    """Decodes one stream.

    A packet that cannot be decoded is counted; `take_broken` gives the count.
    """

    def __init__(self, info: StreamInfo) -> None:
        """Make the decoder that `info` asks for.

        Raises:
            SourceError: There is no decoder for this codec.
        """
        try:
            context = av.CodecContext.create(info.codec, "r")
        except (FFmpegError, ValueError) as error:
            raise SourceError(SourceProblem.UNSUPPORTED, f"no decoder for {info.codec}") from error
        if not isinstance(context, av.VideoCodecContext):
            raise SourceError(SourceProblem.NOT_VIDEO, f"{info.codec} is not video")
        if info.extradata:
            context.extradata = info.extradata
        if info.width and info.height:
            context.width, context.height = info.width, info.height
        if info.codec_tag:
            context.codec_tag = info.codec_tag
        context.bits_per_coded_sample = info.bits_per_sample
        context.thread_count = 1
        context.copy_opaque = True
        context.options = {"max_pixels": str(MOST_SIDE_PX * MOST_SIDE_PX)}  # a picture may grow within a stream
        self._context = context
        self._reformatter = VideoReformatter()
        self._broken = 0

    def decode(self, packet: Packet) -> list[Picture]:
        """The pictures that this packet completes: often one, none while the decoder sorts them, sometimes several."""
        packet.data.opaque = _Stamp(packet.at, packet.stream_s, packet.is_key, packet.number)
        return self._pictures(lambda: self._context.decode(packet.data))

    def drain(self) -> list[Picture]:
        """The pictures that the decoder still holds; the next packet has to be a key frame."""
        pictures = self._pictures(lambda: self._context.decode(None))
        self.restart()
        return pictures

    def restart(self) -> None:
        """Forget what was decoded; the next packet has to be a key frame."""
        if self._context.is_open:
            self._context.flush_buffers()

    def take_broken(self) -> int:
        """Packets that could not be decoded since the last call."""
        broken, self._broken = self._broken, 0
        return broken

    def _pictures(self, decode: Callable[[], list[av.VideoFrame]]) -> list[Picture]:
        try:
            frames = decode()
        except FFmpegError:
            self._broken += 1
            return []
        return [
            Picture(stamp.at, stamp.stream_s, stamp.is_key, stamp.number, frame, self._reformatter)
            for frame in frames
            if isinstance(stamp := frame.opaque, _Stamp)
        ]
