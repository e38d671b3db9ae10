"""Media: the words that a stream's bytes travel in from its reader to files, clips and live watchers.

Nothing here knows PyAV: the hub cuts clips and makes play-lists with the same words. Video counts time in ticks of
1/90,000 s, sound in ticks of its own sample rate; both begin at 0 where the stream was opened.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

VIDEO_TICKS = 90_000
"""Ticks in a second of video: RTP's own clock, in which 25, 30 and 29.97 frames a second are whole numbers."""


class StreamName(enum.StrEnum):
    """Which of a camera's two streams."""

    MAIN = "main"
    SUB = "sub"


class Because(enum.StrEnum):
    """Why a segment begins, or why there is nothing before it."""

    ROLLED = "rolled"
    """The one before was long enough; nothing is missing between them."""
    STARTED = "started"
    """The worker or the camera's task in it began."""
    OFFLINE = "offline"
    """The camera sent nothing, or could not be reached."""
    CLOCK = "clock"
    """The hub's clock was set, or stream and clock had drifted too far apart."""
    JUMPED = "jumped"
    """The stream's own timestamps jumped."""
    FORMAT = "format"
    """Codec, picture size or sound changed."""
    DAMAGED = "damaged"
    """Packets were lost, so that nothing could be decoded until here."""
    DISK_FULL = "disk_full"
    """There was no room."""
    DISK_GONE = "disk_gone"
    """The disk could not be written."""
    DISK_SLOW = "disk_slow"
    """The disk did not keep up, and what waited for it was dropped."""
    OFF = "off"
    """It was not to be recorded."""
    KILLED = "killed"
    """The worker died; said by who repairs, never by a worker."""
    DELETED = "deleted"
    """Somebody deleted what was there; said by the catalogue, never by a worker."""
    EXPIRED = "expired"
    """It was older than it is to be kept, or there was no room for it; said by the catalogue, never by a worker."""
    UNKNOWN = "unknown"
    """Nobody knows; said by who repairs."""


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """What a video track holds.

    Attributes:
        codec: `h264` or `hevc`.
        width: Pixels.
        height: Pixels.
        configuration: The AVCDecoderConfigurationRecord or HEVCDecoderConfigurationRecord (ISO/IEC 14496-15).
    """

    codec: str
    width: int
    height: int
    configuration: bytes


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """What a sound track holds.

    Attributes:
        codec: `aac`, `pcm_alaw` or `pcm_mulaw`.
        rate_hz: Samples per second, the track's ticks.
        channels: 1 or more.
        configuration: AAC's AudioSpecificConfig, empty for the others.
    """

    codec: str
    rate_hz: int
    channels: int
    configuration: bytes = b""


@dataclass(frozen=True, slots=True)
class Format:
    """What one segment holds from its first byte to its last; another format begins another segment."""

    video: VideoFormat
    sound: SoundFormat | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture or one piece of sound as an MP4 holds it.

    Attributes:
        data: Video: NAL units, each behind its length in four bytes. Sound: one frame.
        dts: Ticks; never goes back within a Format.
        pts: Ticks; may differ from `dts` where pictures are not sent in the order they are shown.
        is_key: Video that can be decoded without what came before. Always True of sound.
        is_sound: Of the sound track.
        at: When it was received, UTC.
    """

    data: bytes
    dts: int
    pts: int
    is_key: bool
    is_sound: bool
    at: datetime


class SampleSink(Protocol):
    """Takes the samples of one stream, in the reader's thread: must return at once, whatever happens behind it."""

    def begin(self, form: Format, at: datetime, because: Because) -> None:
        """What comes now has this format and follows on nothing before it; times begin anew wherever they stand."""

    def take(self, sample: Sample) -> None:
        """The next sample, in the order of decoding."""

    def end(self, at: datetime, because: Because) -> None:
        """The stream is over, for now; `because` is why what follows will not follow on."""


@dataclass(frozen=True, slots=True)
class SegmentHead:
    """Who a segment is; written into the file, so that the catalogue can be made anew from files alone.

    Attributes:
        id: Random, 22 characters of A-Z a-z 0-9 - _; never used twice.
        site: Site id.
        camera: Camera id.
        stream: Which of the two.
        began: The hub's clock at its first packet, UTC, in whole milliseconds.
        because: Why it begins.
    """

    id: str
    site: str
    camera: str
    stream: StreamName
    began: datetime
    because: Because


@dataclass(frozen=True, slots=True)
class Mark:
    """One fragment of a segment.

    Attributes:
        at_ms: Where its first picture is shown, from the beginning of the segment.
        duration_ms: How long its pictures are shown.
        offset: First byte of it in the file.
        size_bytes: Length, `moof` and `mdat` together.
        is_key: Whether it begins with a key picture, so that playing can begin here.
    """

    at_ms: int
    duration_ms: int
    offset: int
    size_bytes: int
    is_key: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """A recorded run of whole fragments, as it stands in a file and in the catalogue.

    Attributes:
        head: Who it is.
        disk: Id of the disk.
        path: From the disk's folder, `<site>/<camera>/<stream>/2026-11-22/14/35-02.mp4`.
        form: What it holds.
        init_bytes: Length of what stands before the first fragment, needed to play any of them.
        size_bytes: Of the file.
        marks: Its fragments, in order; of an open segment those that were known when it was read.
        is_open: Whether a worker still writes it.
        drift_ms: How much longer it took by the hub's clock than by the stream's own; None while open.
    """

    head: SegmentHead
    disk: str
    path: str
    form: Format
    init_bytes: int
    size_bytes: int
    marks: tuple[Mark, ...]
    is_open: bool
    drift_ms: int | None = None

    @property
    def duration_ms(self) -> int:
        """From its beginning to the end of its last fragment."""
        return self.marks[-1].at_ms + self.marks[-1].duration_ms if self.marks else 0
