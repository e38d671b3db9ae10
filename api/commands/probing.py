"""Probing: what a video file of this machine holds, measured over a few seconds (`hub cameras probe`).

Of files alone: what comes over a network is read by the set-up process, which is confined.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from cameras.errors import SourceError, SourceProblem
from cameras.streams.packets import Packet, StreamInfo
from cameras.streams.sources import Sources
from config.community import Stream
from config.load import parse
from hub.clock import Clock


@dataclass(frozen=True, slots=True)
class Probe:
    """What came.

    Attributes:
        url: Where from, without user and password.
        codec: FFmpeg's name.
        width: Pixels.
        height: Pixels.
        announced_fps: What the stream says of itself.
        measured_fps: Packets per second of the stream's own time; None when there were too few.
        kbit_s: Kilobits per second.
        keyframe_s: Seconds between two key frames; None when there were not two.
        packets: How many came.
        first_s: Seconds until the first one.
    """

    url: str
    codec: str
    width: int
    height: int
    announced_fps: float | None
    measured_fps: float | None
    kbit_s: float | None
    keyframe_s: float | None
    packets: int
    first_s: float | None


def probe(url: str, *, seconds: float, clock: Clock) -> Probe:
    """Open a stream and watch it for `seconds`.

    Raises:
        ConfigurationError: It is no address of a stream.
        SourceError: It cannot be opened, or broke.
    """
    stream = parse(Stream, {"url": url}, file=None)
    stopping = threading.Event()
    if stream.file is None:
        raise SourceError(SourceProblem.UNSUPPORTED, "only files are read here")
    source = Sources(clock).make(stream, stopping=stopping)
    begun_s = clock.monotonic_s()
    first_s: float | None = None
    packets: list[Packet] = []
    try:
        info = source.open()
        for packet in source.packets():
            if not isinstance(packet, Packet):
                continue
            now_s = clock.monotonic_s()
            first_s = now_s - begun_s if first_s is None else first_s
            packets.append(packet)
            if now_s - begun_s >= seconds:
                break
    finally:
        stopping.set()
        source.close()
    return _measured(stream.shown_url, info, packets, first_s)


def _measured(url: str, info: StreamInfo, packets: list[Packet], first_s: float | None) -> Probe:
    span_s = packets[-1].stream_s - packets[0].stream_s if len(packets) > 1 else 0.0
    keys = [packet.stream_s for packet in packets if packet.is_key]
    return Probe(
        url=url,
        codec=info.codec,
        width=info.width,
        height=info.height,
        announced_fps=info.fps,
        measured_fps=round((len(packets) - 1) / span_s, 2) if span_s > 0 else None,
        kbit_s=round(sum(packet.size_bytes for packet in packets[:-1]) * 8 / 1000 / span_s, 1) if span_s > 0 else None,
        keyframe_s=round((keys[-1] - keys[0]) / (len(keys) - 1), 2) if len(keys) > 1 else None,
        packets=len(packets),
        first_s=None if first_s is None else round(first_s, 2),
    )
