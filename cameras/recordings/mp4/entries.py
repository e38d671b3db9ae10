"""Sample entries: how an MP4 file says which codec a track holds, and what its decoder needs (ISO/IEC 14496-12, -15).

H.264 is `avc1`, H.265 `hvc1` (parameter sets stand here and not among the pictures), AAC `mp4a`, and G.711 the `alaw`
and `ulaw` of QuickTime, which FFmpeg and VLC play and browsers do not.
"""

from __future__ import annotations

import struct

from cameras.errors import DamagedFileError
from cameras.recordings.media import SoundFormat, VideoFormat
from cameras.recordings.mp4.boxes import Box, box, child, full_box, values

_VIDEO_ENTRY_BYTES = 78
_SOUND_ENTRY_BYTES = 28
_VIDEO_KINDS = {"h264": (b"avc1", b"avcC"), "hevc": (b"hvc1", b"hvcC")}
_LAW_KINDS = {"pcm_alaw": b"alaw", "pcm_mulaw": b"ulaw"}
_CHANNEL_TAGS = {1: 100 << 16 | 1, 2: 101 << 16 | 2}
"""Apple's tags for mono and stereo: without one FFmpeg warns that it has to guess."""
_MOST_HZ = 192_000

_DESCRIPTOR, _DECODER, _SPECIFIC, _LAYER = 3, 4, 5, 6
"""Tags of the descriptors in `esds` (ISO/IEC 14496-1)."""


def video_entry(video: VideoFormat) -> bytes:
    """The sample entry of a video track."""
    kind, configuration = _VIDEO_KINDS[video.codec]
    return box(
        kind,
        struct.pack(">6xH16xHH", 1, video.width, video.height),
        struct.pack(">IIIH32xHh", 0x480000, 0x480000, 0, 1, 24, -1),  # 72 dpi, one picture a sample, 24 bits deep
        box(configuration, video.configuration),
    )


def sound_entry(sound: SoundFormat) -> bytes:
    """The sample entry of a sound track."""
    head = struct.pack(">6xH8xHHIHH", 1, sound.channels, 16, 0, sound.rate_hz if sound.rate_hz < 1 << 16 else 0, 0)
    if sound.codec != "aac":
        channels = _CHANNEL_TAGS.get(sound.channels)
        known = b"" if channels is None else full_box(b"chan", 0, struct.pack(">III", channels, 0, 0))
        return box(_LAW_KINDS[sound.codec], head, known)
    decoder = struct.pack(">BBBHII", 0x40, 0x15, 0, 0, 0, 0) + _tagged(_SPECIFIC, sound.configuration)
    words = struct.pack(">HB", 0, 0) + _tagged(_DECODER, decoder) + _tagged(_LAYER, b"\2")
    return box(b"mp4a", head, full_box(b"esds", 0, _tagged(_DESCRIPTOR, words)))


def video_of(data: bytes, entry: Box) -> VideoFormat:
    """What the sample entry of a video track says.

    Raises:
        DamagedFileError: It is none that this program writes.
    """
    for codec, (kind, configuration) in _VIDEO_KINDS.items():
        if kind == entry.kind:
            width, height = values(">HH", data, entry.body + 24)
            held = child_behind(data, entry, _VIDEO_ENTRY_BYTES, configuration)
            return VideoFormat(codec, width, height, data[held.body : held.end])
    raise DamagedFileError("it holds video of an unknown kind")


def sound_of(data: bytes, entry: Box, rate_hz: int) -> SoundFormat:
    """What the sample entry of a sound track says.

    Args:
        data: Where the entry lies.
        entry: The entry.
        rate_hz: The track's ticks in a second.

    Raises:
        DamagedFileError: It is none that this program writes.
    """
    (channels,) = values(">H", data, entry.body + 16)
    if not 0 < rate_hz <= _MOST_HZ or not channels:
        raise DamagedFileError("its sound has an impossible rate, or no channel")
    for codec, kind in _LAW_KINDS.items():
        if kind == entry.kind:
            return SoundFormat(codec, rate_hz, channels)
    if entry.kind != b"mp4a":
        raise DamagedFileError("it holds sound of an unknown kind")
    held = child_behind(data, entry, _SOUND_ENTRY_BYTES, b"esds")
    at, end = _tag(data, held.body + 4, held.end, _DESCRIPTOR)
    at, end = _tag(data, at + 3, end, _DECODER)
    at, end = _tag(data, at + 13, end, _SPECIFIC)
    return SoundFormat("aac", rate_hz, channels, data[at:end])


def child_behind(data: bytes, entry: Box, fixed_bytes: int, kind: bytes) -> Box:
    """The first box of `kind` behind the fixed fields of a sample entry.

    Raises:
        DamagedFileError: There is none.
    """
    if entry.body + fixed_bytes > entry.end:
        raise DamagedFileError("a sample entry is too short")
    return child(data, Box(entry.kind, entry.start, entry.body + fixed_bytes, entry.end), kind)


def _tagged(tag: int, body: bytes) -> bytes:
    size = len(body)  # always in four bytes of seven bits, as everybody writes it
    return (
        struct.pack(
            ">B4B", tag, 0x80 | size >> 21 & 0x7F, 0x80 | size >> 14 & 0x7F, 0x80 | size >> 7 & 0x7F, size & 0x7F
        )
        + body
    )


def _tag(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Where the body of the descriptor at `at` begins and ends."""
    (found,) = values(">B", data, at)
    if found != tag:
        raise DamagedFileError("its sound is described in an unknown way")
    size = 0
    for at_byte in range(at + 1, at + 5):
        (byte,) = values(">B", data, at_byte)
        size = size << 7 | byte & 0x7F
        if not byte & 0x80:
            break
    if at_byte + 1 + size > end:
        raise DamagedFileError("a description of sound is longer than its box")
    return at_byte + 1, at_byte + 1 + size
