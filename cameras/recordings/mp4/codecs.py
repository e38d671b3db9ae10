"""Codecs: from what a stream says of itself to what an MP4 file and a browser want to know.

Collects parameter sets of H.264 and H.265, be they in the session description or among the pictures, and makes the
records of ISO/IEC 14496-15 of them; reads AAC's AudioSpecificConfig (ISO/IEC 14496-3). A stream may hold any bytes: all
that can go wrong is a ValueError.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from cameras.recordings.media import Format, SoundFormat, VideoFormat
from cameras.recordings.mp4.nals import Bits, h264_size, h265_size, split, with_length

_HIGH_RECORD = frozenset({100, 110, 122, 144})
"""Profiles whose record also tells the colours (ISO/IEC 14496-15, 5.3.3.1.2)."""
_MOST_SETS = 16
"""Parameter sets of one kind; a stream that sends more is not recorded rather than growing a file's header."""
_MOST_SET_BYTES = 1 << 14
"""Of one of them; usual ones have some dozens, with tables of their own 2,000."""
_MOST_LAW_HZ = 192_000
_MOST_LAW_CHANNELS = 8
_RATES_HZ = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8)
_LAWS = {"pcm_alaw": "alaw", "pcm_mulaw": "ulaw"}
_ESCAPE = 31
_RATE_FOLLOWS = 15
_ADTS_BYTES = 7
_BROWSER_CODECS = frozenset({"aac"})

_H264_SETS: Mapping[int, int] = {7: 0, 8: 1}
"""NAL types of H.264's parameter sets, in the order of their record."""
_H265_SETS: Mapping[int, int] = {32: 0, 33: 1, 34: 2}


@dataclass(slots=True)
class ParameterSets:
    """The parameter sets of one stream, as they became known. Not for several threads.

    Attributes:
        codec: `h264` or `hevc`.
        length_bytes: Of the lengths before the stream's NAL units; 0 where they stand behind start codes.
    """

    codec: str
    length_bytes: int = 0
    _sets: dict[tuple[int, int], bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, codec: str, extradata: bytes) -> ParameterSets:
        """Begin with what the stream's description held, in either of the two forms; what is damaged is passed over."""
        sets = cls(codec)
        if extradata[:1] == b"\1":
            record = sets._in_record(extradata)
            sets.length_bytes = (extradata[4 if codec == "h264" else 21] & 3) + 1 if record is not None else 4
            nals = record or []
        else:
            nals = [bytes(nal) for nal in split(extradata)]
        for nal in nals:
            if sets.kind(nal[0]) is not None:
                sets.add(nal)
        return sets

    def kind(self, header: int) -> int | None:
        """Which parameter set begins with this byte, as its place in the record; None when it is something else."""
        return _H264_SETS.get(header & 0x1F) if self.codec == "h264" else _H265_SETS.get(header >> 1 & 0x3F)

    def add(self, nal: bytes) -> bool:
        """Take up a parameter set; one with the same number replaces the one before.

        Returns:
            Whether that changed anything.
        """
        kind = self.kind(nal[0])
        if kind is None:
            return False
        try:
            key = (kind, self._number(kind, nal))
        except ValueError:
            return False
        full = len(self._sets) >= _MOST_SETS and key not in self._sets
        if full or len(nal) > _MOST_SET_BYTES or self._sets.get(key) == nal:
            return False
        self._sets[key] = nal
        return True

    def form(self) -> VideoFormat | None:
        """What a file with these says; None while some are missing or they cannot be understood."""
        kinds = [[nal for key, nal in sorted(self._sets.items()) if key[0] == place] for place in range(3)]
        try:
            if self.codec == "h264":
                return _h264_form(kinds[0], kinds[1]) if kinds[0] and kinds[1] else None
            return _h265_form(kinds) if all(kinds) else None
        except ValueError:
            return None

    def _number(self, kind: int, nal: bytes) -> int:
        if self.codec == "h264":
            bits = Bits(nal[1:64])
            if kind == 0:
                bits.take(24)
            return bits.count()
        bits = Bits(nal[2:256])
        if kind == 0:
            return bits.take(4)
        if kind == 1:
            bits.take(4)
            sub_layers = bits.take(3)
            bits.take(1 + 96)
            present = [(bits.take(1), bits.take(1)) for _ in range(sub_layers)]
            bits.take(2 * (8 - sub_layers) if sub_layers else 0)
            for profile, level in present:
                bits.take(88 * profile + 8 * level)
        return bits.count()

    def _in_record(self, record: bytes) -> list[bytes] | None:
        """The units in a configuration record, None when it is torn."""
        nals: list[bytes] = []
        at = 5 if self.codec == "h264" else 22
        try:
            if self.codec == "h264":
                for mask in (0x1F, 0xFF):
                    count, at = record[at] & mask, at + 1
                    at = _read_units(record, at, count, nals)
            else:
                arrays, at = record[at], at + 1
                for _ in range(arrays):
                    (count,) = struct.unpack_from(">H", record, at + 1)
                    at = _read_units(record, at + 3, min(count, _MOST_SETS), nals)
        except (IndexError, struct.error, ValueError):
            return None
        return nals


@dataclass(frozen=True, slots=True)
class SpecificConfig:
    """What AAC's AudioSpecificConfig says.

    Attributes:
        object_type: 2 is the usual AAC-LC.
        rate_hz: Of the core coder: one frame is 1024 of its samples.
        channels: 1 or more.
    """

    object_type: int
    rate_hz: int
    channels: int


def aac_config(config: bytes) -> SpecificConfig:
    """Read an AudioSpecificConfig.

    Raises:
        ValueError: It is none, or says nothing usable.
    """
    bits = Bits(config[:64])
    object_type = bits.take(5)
    if object_type == _ESCAPE:
        object_type = 32 + bits.take(6)
    index = bits.take(4)
    rate_hz = bits.take(24) if index == _RATE_FOLLOWS else _at(_RATES_HZ, index)
    channels = _at(_CHANNELS, bits.take(4))
    if not 0 < rate_hz <= _RATES_HZ[0] or not channels:
        raise ValueError("AAC without a rate or channels")
    return SpecificConfig(object_type, rate_hz, channels)


def adts_config(data: bytes) -> bytes | None:
    """The AudioSpecificConfig of a frame that brings its own header (ADTS); None when it brings none."""
    if len(data) < _ADTS_BYTES or data[0] != 0xFF or data[1] & 0xF6 != 0xF0:  # noqa: PLR2004 - the sync word, layer 0
        return None
    object_type, index = (data[2] >> 6) + 1, data[2] >> 2 & 0xF
    channels = (data[2] & 1) << 2 | data[3] >> 6
    return struct.pack(">H", object_type << 11 | index << 7 | channels << 3)


def without_adts(data: bytes) -> bytes:
    """A frame of AAC without the header that it may bring."""
    if adts_config(data) is None:
        return data
    return data[_ADTS_BYTES if data[1] & 1 else _ADTS_BYTES + 2 :]


def sound_form(codec: str, rate_hz: int, channels: int, configuration: bytes) -> SoundFormat | None:
    """What a file with this sound says; None when it is of a kind that is not kept.

    Args:
        codec: FFmpeg's name.
        rate_hz: As the stream says.
        channels: As the stream says.
        configuration: AAC's AudioSpecificConfig.
    """
    if codec in _LAWS:
        usable = 0 < rate_hz <= _MOST_LAW_HZ and 0 < channels <= _MOST_LAW_CHANNELS
        return SoundFormat(codec, rate_hz, channels) if usable else None
    if codec != "aac":
        return None
    try:
        config = aac_config(configuration)
    except ValueError:
        return None
    return SoundFormat("aac", config.rate_hz, config.channels, configuration)


def codec_string(form: Format) -> str:
    """What a browser is asked with whether it can play this (RFC 6381): `avc1.64001f,mp4a.40.2`.

    Browsers play no G.711: give them `header.without_sound(form)` and fragments without it.
    """
    words = [_video_string(form.video)]
    if form.sound is not None:
        words.append(_sound_string(form.sound))
    return ",".join(words)


def plays_in_browsers(sound: SoundFormat) -> bool:
    """Whether browsers play such sound."""
    return sound.codec in _BROWSER_CODECS


def _video_string(video: VideoFormat) -> str:
    record = video.configuration
    if video.codec == "h264":
        return f"avc1.{record[1:4].hex()}"
    space = ("", "A", "B", "C")[record[1] >> 6]
    compatible = int(f"{int.from_bytes(record[2:6], 'big'):032b}"[::-1], 2)
    constraints = "".join(f".{byte:x}" for byte in record[6:12].rstrip(b"\0"))
    tier = "H" if record[1] & 0x20 else "L"
    return f"hvc1.{space}{record[1] & 0x1F}.{compatible:x}.{tier}{record[12]}{constraints}"


def _sound_string(sound: SoundFormat) -> str:
    if sound.codec == "aac":
        return f"mp4a.40.{aac_config(sound.configuration).object_type}"
    return _LAWS[sound.codec]


def _h264_form(sps: list[bytes], pps: list[bytes]) -> VideoFormat:
    size = h264_size(sps[0])
    record = struct.pack(">B3sBB", 1, sps[0][1:4], 0xFF, 0xE0 | len(sps)) + with_length(sps)
    record += struct.pack(">B", len(pps)) + with_length(pps)
    if sps[0][1] in _HIGH_RECORD:
        record += struct.pack(">4B", 0xFC | size.chroma, 0xF8 | size.luma_bits, 0xF8 | size.chroma_bits, 0)
    return VideoFormat("h264", size.width, size.height, record)


def _h265_form(kinds: list[list[bytes]]) -> VideoFormat:
    sps = kinds[1][0]
    size = h265_size(sps)
    # Profile, tier and level stand at the same place of every sequence parameter set, in 12 bytes.
    profile = Bits(sps[2:256])
    profile.take(8)
    record = struct.pack(">B12s", 1, profile.take(96).to_bytes(12, "big"))
    record += struct.pack(
        ">HBBBBH", 0xF000, 0xFC, 0xFC | size.chroma, 0xF8 | size.luma_bits, 0xF8 | size.chroma_bits, 0
    )
    record += struct.pack(">BB", (size.sub_layers + 1) << 3 | size.nested << 2 | 3, len(kinds))
    for kind, nals in zip((32, 33, 34), kinds, strict=True):
        record += struct.pack(">BH", 0x80 | kind, len(nals)) + with_length(nals)
    return VideoFormat("hevc", size.width, size.height, record)


def _read_units(record: bytes, at: int, count: int, nals: list[bytes]) -> int:
    for _ in range(count):
        (size,) = struct.unpack_from(">H", record, at)
        if not size or at + 2 + size > len(record):
            raise ValueError("a configuration record is torn")
        nals.append(record[at + 2 : at + 2 + size])
        at += 2 + size
    return at


def _at(table: tuple[int, ...], index: int) -> int:
    if index >= len(table):
        raise ValueError(f"AAC with an unknown rate or channels ({index})")
    return table[index]
