"""Clips: H.264 and H.265 files cut into RTP packets once, so that sending a picture costs a copy and a few numbers.

Payload formats as in RFC 6184 (H.264) and RFC 7798 (H.265): single NAL units and fragments, no aggregation; framed for
RTSP's own TCP connection (RFC 2326, 10.12).
"""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av

RTP_HZ = 90_000
_PAYLOAD_BYTES = 1_400
_PAYLOAD_TYPE = 96
_LEAST_PICTURES = 2
_MARKER = 0x80
_FRAMING = struct.Struct(">cBHBBHII")  # "$", channel, length; then version, marker and type, number, time, source
_NUMBERS = struct.Struct(">HII")
_NUMBERS_AT = 6


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded picture, ready to be sent.

    Attributes:
        body: All its packets one behind the other, framed, with zeros for number, time and source.
        offsets: Where each packet begins in `body`.
        at: When it is shown, ticks of 1/90,000 s from the clip's start.
        due_s: When it is sent, seconds from the clip's start.
    """

    body: bytes
    offsets: tuple[int, ...]
    at: int
    due_s: float

    def stamped(self, number: int, time: int, source: int) -> bytearray:
        """The packets with the numbers that a session gives them: the first one's, the RTP time, who sends."""
        sent = bytearray(self.body)
        for index, offset in enumerate(self.offsets):
            _NUMBERS.pack_into(sent, offset + _NUMBERS_AT, (number + index) & 0xFFFF, time & 0xFFFFFFFF, source)
        return sent


@dataclass(frozen=True, slots=True)
class Clip:
    """A file that is played for ever.

    Attributes:
        sdp: What DESCRIBE answers about it.
        pictures: In the order of sending.
        length: Ticks until it begins anew.
    """

    sdp: str
    pictures: tuple[Picture, ...]
    length: int

    @property
    def length_s(self) -> float:
        """Seconds until it begins anew."""
        return self.length / RTP_HZ


def read_clip(path: Path) -> Clip:
    """Cut the video of a file into packets.

    Raises:
        ValueError: It is neither H.264 nor H.265, or holds no picture.
    """
    with av.open(path) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context.name
        if codec not in {"h264", "hevc"} or stream.codec_context.extradata is None or stream.time_base is None:
            raise ValueError(f"{path}: {codec} cannot be served; H.264 and H.265 can")
        parameters = _parameter_sets(codec, bytes(stream.codec_context.extradata))
        tick = float(stream.time_base)
        packets = [packet for packet in container.demux(stream) if packet.size and packet.dts is not None]
        units = [
            ((parameters if packet.is_keyframe else []) + _length_prefixed(bytes(packet)), packet) for packet in packets
        ]
    if len(units) < _LEAST_PICTURES:
        raise ValueError(f"{path}: there is nothing to play in it")
    first_s = min((packet.dts or 0) * tick for _, packet in units)
    pictures = tuple(
        _picture(codec, nals, at_s=(packet.pts or 0) * tick - first_s, due_s=(packet.dts or 0) * tick - first_s)
        for nals, packet in units
    )
    gap_s = (pictures[-1].due_s - pictures[0].due_s) / (len(pictures) - 1)
    return Clip(_sdp(codec, parameters), pictures, round((pictures[-1].due_s + gap_s) * RTP_HZ))


def _picture(codec: str, nals: list[bytes], *, at_s: float, due_s: float) -> Picture:
    payloads = [payload for nal in nals for payload in _payloads(codec, nal)]
    body, offsets = bytearray(), []
    for payload in payloads:
        offsets.append(len(body))
        marker = _MARKER if payload is payloads[-1] else 0
        body += _FRAMING.pack(b"$", 0, len(payload) + 12, 0x80, marker | _PAYLOAD_TYPE, 0, 0, 0)
        body += payload
    return Picture(bytes(body), tuple(offsets), round(at_s * RTP_HZ), due_s)


def _payloads(codec: str, nal: bytes) -> list[bytes]:
    """One NAL unit as it is, or cut into fragments."""
    if len(nal) <= _PAYLOAD_BYTES:
        return [nal]
    if codec == "h264":
        head, body = bytes([nal[0] & 0xE0 | 28]), nal[1:]
        kind = nal[0] & 0x1F
    else:
        head, body = bytes([nal[0] & 0x81 | 49 << 1, nal[1]]), nal[2:]
        kind = nal[0] >> 1 & 0x3F
    cuts = [*range(0, len(body), _PAYLOAD_BYTES), len(body)]
    flags = [0x80, *([0x00] * (len(cuts) - 3)), 0x40]
    return [
        head + bytes([flag | kind]) + body[begin:end] for flag, (begin, end) in zip(flags, pairwise(cuts), strict=True)
    ]


def _length_prefixed(sample: bytes) -> list[bytes]:
    """The NAL units of a sample of an MP4 file, each behind its length of four bytes."""
    found, at = [], 0
    while at + 4 <= len(sample):
        size = int.from_bytes(sample[at : at + 4])
        found.append(sample[at + 4 : at + 4 + size])
        at += 4 + size
    return [nal for nal in found if nal]


def _parameter_sets(codec: str, record: bytes) -> list[bytes]:
    """SPS and PPS (and VPS) of an `avcC` or `hvcC` record (ISO/IEC 14496-15, 5.3.3 and 8.3.3)."""
    found: list[bytes] = []

    def take(at: int, count: int) -> int:
        for _ in range(count):
            size = int.from_bytes(record[at : at + 2])
            found.append(record[at + 2 : at + 2 + size])
            at += 2 + size
        return at

    if codec == "h264":
        at = take(6, record[5] & 0x1F)
        take(at + 1, record[at])
        return found
    at = 23
    for _ in range(record[22]):
        at = take(at + 3, int.from_bytes(record[at + 1 : at + 3]))
    return found


def _sdp(codec: str, parameters: list[bytes]) -> str:
    packed = [base64.b64encode(each).decode() for each in parameters]
    if codec == "h264":
        name, sets = "H264", f"packetization-mode=1;sprop-parameter-sets={','.join(packed)}"
    else:
        names = {32: "sprop-vps", 33: "sprop-sps", 34: "sprop-pps"}
        kinds = [each[0] >> 1 & 0x3F for each in parameters]
        given = [f"{names[kind]}={text}" for kind, text in zip(kinds, packed, strict=True) if kind in names]
        name, sets = "H265", ";".join(given)
    lines = (
        "v=0",
        "o=- 0 0 IN IP4 127.0.0.1",
        "s=farm",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        f"m=video 0 RTP/AVP {_PAYLOAD_TYPE}",
        f"a=rtpmap:{_PAYLOAD_TYPE} {name}/{RTP_HZ}",
        f"a=fmtp:{_PAYLOAD_TYPE} {sets}",
        "a=control:video",
    )
    return "".join(f"{line}\r\n" for line in lines)
