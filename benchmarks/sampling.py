"""What it costs to make a recording of packets: from a Packet to Samples to the fragment's bytes, without the disk.

    python -m benchmarks.sampling [--repeat 30]

Two streams as cameras send them: a sub stream (640x360, 15 a second, 400 kbit/s) and a main stream (1080p, 25 a second,
some 4 Mbit/s), groups of two seconds, a fragment a second; with and without G.711 beside them. Also how long it takes
to find the fragments of a file of five minutes, open and closed. All in processor time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from cameras.recordings.media import VIDEO_TICKS, Because, Format, Sample
from cameras.recordings.mp4.fragments import closing_bytes, fragment_bytes, init_bytes, sound_ticks
from cameras.recordings.mp4.index import pack, read_segment, scan
from cameras.recordings.mp4.sampler import Sampler
from cameras.streams.packets import Packet, SoundInfo, SoundPacket, Stamper, StreamInfo
from hub.clock import SystemClock
from tests.fakes.clips import yard
from tests.fakes.media import BEGAN, HEAD, sound_packets

CLOCK = SystemClock()
CAMERAS = 159


@dataclass(slots=True)
class Fragmenting:
    """Does what a recorder does, short of writing."""

    form: Format | None = None
    samples: list[Sample] = field(default_factory=list)
    begins: tuple[int, int] | None = None
    made: list[bytes] = field(default_factory=list)

    def begin(self, form: Format, at: datetime, because: Because) -> None:
        """Begin."""
        del at, because
        self.form, self.samples, self.begins = form, [], None

    def take(self, sample: Sample) -> None:
        """Close a fragment at each key picture and each second."""
        is_long = bool(self.samples) and sample.dts - self.samples[0].dts >= VIDEO_TICKS
        if not sample.is_sound and self.samples and (sample.is_key or is_long):
            self._close(sample.dts)
        if self.samples or not sample.is_sound:
            self.samples.append(sample)

    def end(self, at: datetime, because: Because) -> None:
        """Nothing."""

    def _close(self, ends_dts: int) -> None:
        assert self.form is not None
        if self.begins is None:
            dts = self.samples[0].dts
            self.begins = (dts, 0 if self.form.sound is None else sound_ticks(dts, self.form.sound))
        number = len(self.made) + 1
        self.made.append(fragment_bytes(number, self.form, self.samples, ends_dts=ends_dts, begins=self.begins))
        self.samples = []


def stream(
    *, width: int, height: int, fps: int, bit_rate: int, sound: bool, seconds: int = 8
) -> tuple[StreamInfo, list[Packet | SoundPacket]]:
    """Packets of a noisy scene at about this rate."""
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, fps), Fraction(fps)
    context.gop_size, context.max_b_frames, context.bit_rate = 2 * fps, 0, bit_rate
    context.options = {"preset": "ultrafast", "tune": "zerolatency", "sc_threshold": "0"}
    noise = np.random.default_rng(7)
    grains = [noise.normal(0, 6, (height, width, 3)) for _ in range(4)]
    raw: list[av.Packet[av.VideoStream]] = []
    for number in range(seconds * fps):
        image = np.clip(yard(number, width=width, height=height, moving=True) + grains[number % 4], 0, 255)
        frame = av.VideoFrame.from_ndarray(image.astype(np.uint8), format="bgr24")
        frame.pts, frame.time_base = number, Fraction(1, fps)
        raw += context.encode(frame)
    raw += context.encode(None)
    stamper = Stamper(fps=fps, at=lambda stream_s: BEGAN + timedelta(seconds=stream_s))
    pieces = sound_packets(codec="pcm_alaw", seconds=seconds)[1] if sound else []
    found: list[Packet | SoundPacket] = []
    for data in raw:
        found.append(stamper.stamp(data))
        while pieces and _stream_s(pieces[0]) <= _stream_s(data):
            heard = stamper.stamp_sound(pieces.pop(0))
            assert heard is not None
            found.append(heard)
    announced = SoundInfo("pcm_alaw", 8000, 1) if sound else None
    return StreamInfo("h264", width, height, fps, sound=announced), found


def _stream_s(packet: av.Packet[Any]) -> float:
    assert packet.pts is not None
    assert packet.time_base is not None
    return float(packet.pts * packet.time_base)


def measure(name: str, info: StreamInfo, packets: list[Packet | SoundPacket], *, seconds: int, repeat: int) -> bytes:
    """Print what a packet costs; gives a file."""
    best_s = float("inf")
    for _ in range(repeat):
        sink = Fragmenting()
        sampler = Sampler([sink], CLOCK)
        sampler.opened(info)
        begun_s = time.thread_time()
        for packet in packets:
            sampler.take(packet)
        best_s = min(best_s, time.thread_time() - begun_s)
    size = sum(packet.size_bytes for packet in packets)
    share = 100 * CAMERAS * best_s / seconds
    print(
        f"{name}: {8 * size / seconds / 1000:.0f} kbit/s, {len(packets) / seconds:.0f} packets/s:"
        f" {1e6 * best_s / len(packets):.1f} us a packet; {CAMERAS} of them take {share:.1f} % of a core"
    )
    assert sink.form is not None
    return init_bytes(sink.form, HEAD) + b"".join(sink.made)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=30)
    repeat = parser.parse_args().repeat
    seconds = 8
    for sound in (False, True):
        beside = " with G.711" if sound else ""
        info, packets = stream(width=640, height=360, fps=15, bit_rate=400_000, sound=sound, seconds=seconds)
        file = measure(f"sub{beside}", info, packets, seconds=seconds, repeat=repeat)
        info, packets = stream(width=1920, height=1080, fps=25, bit_rate=4_000_000, sound=sound, seconds=seconds)
        measure(f"main{beside}", info, packets, seconds=seconds, repeat=repeat)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.mp4"
        with path.open("wb") as made:
            made.write(file)
            beginning = file.index(b"moof") - 4
            while made.tell() < len(file) * 300 // seconds:
                made.write(file[beginning:])
        begun_s = time.thread_time()
        marks = read_segment(Path(folder), "a.mp4", disk="d").marks
        open_s = time.thread_time() - begun_s
        with path.open("r+b", buffering=0) as opened:
            list(scan(opened))
            opened.seek(0, 2)
            opened.write(closing_bytes(marks, drift_ms=0, because=Because.ROLLED))
        begun_s = time.thread_time()
        read_segment(Path(folder), "a.mp4", disk="d")
        closed_s = time.thread_time() - begun_s
        print(
            f"a file of {path.stat().st_size / 1e6:.1f} MB with {len(marks)} fragments is read in"
            f" {1000 * open_s:.1f} ms while open, {1000 * closed_s:.1f} ms closed;"
            f" its marks take {len(pack(marks))} bytes"
        )


if __name__ == "__main__":
    main()
