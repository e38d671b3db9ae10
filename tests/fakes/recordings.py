"""Recordings made for tests: real H.264 (and sound) in real segment files, every picture with its number in it.

The number stands in the picture as twelve bars from left to right, white for 1, the lowest bit first; `NUMBER_JS` and
`number_in` read it, so that a test knows which picture it sees.
"""

from __future__ import annotations

import functools
import io
import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from cameras.recordings.media import (
    VIDEO_TICKS,
    Because,
    Format,
    Mark,
    Sample,
    Segment,
    SegmentHead,
    SoundFormat,
    StreamName,
    VideoFormat,
)
from cameras.recordings.mp4.closing import closing_bytes
from cameras.recordings.mp4.fragments import fragment_bytes, sound_ticks
from cameras.recordings.mp4.header import init_bytes
from cameras.recordings.mp4.index import read_segment

BITS = 12
WIDTH, HEIGHT = 192, 108
FPS = 10
GOP = 20
"""Two seconds, as the cameras of the village send them."""

NUMBER_JS = f"""((video) => {{
  const canvas = document.createElement("canvas");
  canvas.width = {WIDTH}; canvas.height = {HEIGHT};
  const context = canvas.getContext("2d", {{ willReadFrequently: true }});
  context.drawImage(video, 0, 0, {WIDTH}, {HEIGHT});
  let number = 0;
  for (let bit = 0; bit < {BITS}; bit++) {{
    const x = Math.round((bit + 0.5) * {WIDTH} / {BITS});
    if (context.getImageData(x, {HEIGHT // 2}, 1, 1).data[0] > 127) number += 1 << bit;
  }}
  return number;
}})"""
_heads = itertools.count(1)


def number_in(image: Any) -> int:
    """The number in a decoded picture, whatever its size; (height, width, 3) uint8."""
    height, width = image.shape[:2]
    bars = [image[height // 2, round((bit + 0.5) * width / BITS), 0] > 127 for bit in range(BITS)]
    return sum(int(bar) << bit for bit, bar in enumerate(bars))


@functools.lru_cache(maxsize=8)
def footage(
    seconds: int, *, first: int = 0, sound: str | None = None, codec: str = "h264", width: int = WIDTH
) -> tuple[Format, tuple[Sample, ...]]:
    """Encoded pictures `first`, `first + 1`, ... and a tone, as a camera's reader would give them on.

    Args:
        seconds: How long.
        first: Number of the first picture.
        sound: `aac`, `pcm_alaw`, or None.
        codec: `h264` or `hevc`.
        width: Of the pictures, pixels.
    """
    file = io.BytesIO()
    with av.open(file, "w", format="mp4" if sound != "pcm_alaw" else "mov") as output:
        name = {"h264": "libx264", "hevc": "libx265"}[codec]
        video = output.add_stream(name, rate=FPS)
        video.width, video.height, video.pix_fmt = width, HEIGHT, "yuv420p"
        video.codec_context.gop_size = GOP
        video.codec_context.max_b_frames = 0
        quiet = {"x265-params": "log-level=none:scenecut=0"} if codec == "hevc" else {"sc_threshold": "0"}
        video.options = {"preset": "ultrafast", **quiet}
        track = None if sound is None else _sound_track(output, sound)
        for number in range(first, first + FPS * seconds):
            frame = av.VideoFrame.from_ndarray(_picture(number, width), format="rgb24")
            frame.pts, frame.time_base = number - first, Fraction(1, FPS)
            output.mux(video.encode(frame))
        output.mux(video.encode())
        if track is not None:
            _add_tone(output, track, seconds)
    file.seek(0)
    return _samples(file)


def samples_in(path: Path) -> tuple[Format, tuple[Sample, ...]]:
    """What a clip's file holds, as `footage` gives it."""
    return _samples(io.BytesIO(path.read_bytes()))


def _picture(number: int, width: int) -> Any:
    image = np.zeros((HEIGHT, width, 3), np.uint8)
    for bit in range(BITS):
        if number >> bit & 1:
            image[:, bit * width // BITS : (bit + 1) * width // BITS] = 255
    return image


def _sound_track(output: Any, codec: str) -> Any:
    track = output.add_stream(codec, rate=8000 if codec == "pcm_alaw" else 16000)
    track.layout = "mono"
    track.format = "s16" if codec == "pcm_alaw" else "fltp"
    return track


def _add_tone(output: Any, track: Any, seconds: int) -> None:
    rate_hz = track.rate
    step = track.codec_context.frame_size or 160
    wave = np.sin(np.arange(rate_hz * seconds) * 440 * 2 * np.pi / rate_hz)
    for place in range(0, rate_hz * seconds, step):
        piece = wave[None, place : place + step]
        data = (piece * 12000).astype(np.int16) if track.format.name == "s16" else piece.astype(np.float32)
        frame = av.AudioFrame.from_ndarray(data, format=track.format.name, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, place, Fraction(1, rate_hz)
        output.mux(track.encode(frame))
    output.mux(track.encode())


def _samples(file: io.BytesIO) -> tuple[Format, tuple[Sample, ...]]:
    with av.open(file) as source:
        picture = source.streams.video[0]
        form = VideoFormat(
            picture.codec_context.name, picture.width, picture.height, bytes(picture.codec_context.extradata or b"")
        )
        heard = source.streams.audio[0] if source.streams.audio else None
        sound = None
        if heard is not None:
            extra = bytes(heard.codec_context.extradata or b"")
            sound = SoundFormat(heard.codec_context.name, heard.rate, 1, extra)
        began = datetime.fromisoformat("2026-01-01T00:00:00Z")
        found = []
        for packet in source.demux():
            if packet.size == 0 or packet.dts < 0:  # an encoder's run-up is no sound
                continue
            ticks = VIDEO_TICKS if packet.stream.type == "video" else packet.stream.rate
            scale = packet.time_base * ticks
            is_sound = packet.stream.type == "audio"
            dts, pts = round(packet.dts * scale), round(packet.pts * scale)
            at = began + timedelta(seconds=float(packet.dts * packet.time_base))
            found.append(Sample(bytes(packet), dts, pts, packet.is_keyframe, is_sound, at))
        found.sort(key=lambda sample: (sample.at, sample.is_sound))
        return Format(form, sound), tuple(found)


def write_segment(
    folder: Path,
    began: datetime,
    form: Format,
    samples: Sequence[Sample],
    *,
    camera: str = "cam-1",
    site: str = "crossing",
    stream: StreamName = StreamName.MAIN,
    because: Because = Because.ROLLED,
    closed: bool = True,
    torn_bytes: int = 0,
) -> Segment:
    """Write a segment as a worker does and read it as the catalogue does.

    Args:
        folder: Of the disk.
        began: When its first picture was taken.
        form: What it holds.
        samples: Its pictures and sound, beginning with a key picture.
        camera: Camera id.
        site: Site id.
        stream: Which stream.
        because: Why it begins.
        closed: Whether it was closed.
        torn_bytes: How much of a further fragment stands behind the last whole one.
    """
    head = SegmentHead(f"{next(_heads):022d}", site, camera, stream, began, because)
    data = init_bytes(form, head)
    start = next(sample for sample in samples if not sample.is_sound).dts
    begins = (start, 0 if form.sound is None else sound_ticks(start, form.sound))
    marks, fragments = [], list(_fragments(samples))
    for number, (piece, ends_dts) in enumerate(fragments):
        video = [sample for sample in piece if not sample.is_sound]
        made = fragment_bytes(number + 1, form, piece, ends_dts=ends_dts, begins=begins)
        at_ms = (video[0].pts - start) // 90
        marks.append(Mark(at_ms, (ends_dts - start) // 90 - at_ms, len(data), len(made), video[0].is_key))
        data += made
    if torn_bytes:
        data += data[marks[0].offset : marks[0].offset + torn_bytes]
    if closed:
        data += closing_bytes(marks, drift_ms=0, because=because)
    path = f"{site}/{camera}/{stream}/{began:%Y-%m-%d/%H/%M-%S}.mp4"
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return read_segment(folder, path, disk="data")


def _fragments(samples: Sequence[Sample]) -> list[tuple[list[Sample], int]]:
    """A fragment for each second and each key picture, with where it ends."""
    found: list[list[Sample]] = []
    for sample in samples:
        begins = not sample.is_sound and (not found or sample.is_key or sample.dts - _first(found[-1]) >= VIDEO_TICKS)
        if begins:
            found.append([])
        if found:
            found[-1].append(sample)
    ends = [_first(piece) for piece in found[1:]]
    ends.append([each for each in found[-1] if not each.is_sound][-1].dts + VIDEO_TICKS // FPS)
    return list(zip(found, ends, strict=True))


def _first(piece: Sequence[Sample]) -> int:
    return next(sample.dts for sample in piece if not sample.is_sound)
