"""Real media for the tests of recordings: encoded on the spot, cut into Samples, written into files, played back."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec.context import Flags

from cameras.recordings.media import VIDEO_TICKS, Because, Format, Sample, SegmentHead, StreamName
from cameras.recordings.mp4.codecs import ParameterSets, sound_form
from cameras.recordings.mp4.fragments import fragment_bytes, init_bytes, sound_ticks
from cameras.recordings.mp4.nals import split, split_by_length
from tests.fakes.clips import yard

BEGAN = datetime(2026, 11, 22, 14, 35, 2, 40_000, tzinfo=UTC)
HEAD = SegmentHead("a-b_c123456789ABCDEFGH", "gate", "gate-1", StreamName.MAIN, BEGAN, Because.STARTED)


@dataclass(frozen=True, slots=True)
class Clip:
    """Encoded media.

    Attributes:
        form: What it is.
        samples: In the order of decoding.
        ends_dts: Where a next video sample would stand.
    """

    form: Format
    samples: tuple[Sample, ...]
    ends_dts: int

    @property
    def video(self) -> list[Sample]:
        return [sample for sample in self.samples if not sample.is_sound]

    @property
    def sound(self) -> list[Sample]:
        return [sample for sample in self.samples if sample.is_sound]


def encoded(
    *,
    codec: str = "libx264",
    seconds: float = 3.0,
    fps: int = 10,
    key_every: int = 10,
    b_frames: int = 0,
    width: int = 320,
    height: int = 180,
    sound: str | None = None,
    rate_hz: int = 8000,
) -> Clip:
    """Media as `Sampler` would give it, without needing it."""
    video = video_packets(
        codec=codec, seconds=seconds, fps=fps, key_every=key_every, b_frames=b_frames, width=width, height=height
    )
    name = "hevc" if codec == "libx265" else "h264"
    extradata, packets = video
    sets = ParameterSets.of(name, extradata)
    for packet in packets[:1]:
        for nal in split(bytes(packet)):
            sets.add(bytes(nal))
    form = sets.form()
    assert form is not None
    ticks = VIDEO_TICKS // fps
    samples = [
        Sample(
            data=b"".join(
                len(nal).to_bytes(4, "big") + nal for nal in split(bytes(packet)) if sets.kind(nal[0]) is None
            ),
            dts=packet.dts * ticks,
            pts=packet.pts * ticks,
            is_key=packet.is_keyframe,
            is_sound=False,
            at=BEGAN + timedelta(seconds=max(0, packet.pts) / fps),
        )
        for packet in packets
    ]
    ends_dts = samples[-1].dts + ticks
    heard = None
    if sound is not None:
        config, pieces = sound_packets(codec=sound, seconds=seconds, rate_hz=rate_hz)
        heard = sound_form(sound, rate_hz, 1, config)
        assert heard is not None
        samples += [
            Sample(bytes(piece), piece.pts, piece.pts, True, True, BEGAN + timedelta(seconds=piece.pts / rate_hz))
            for piece in pieces
            if piece.pts >= 0
        ]
        samples.sort(key=lambda sample: sample.dts / (rate_hz if sample.is_sound else VIDEO_TICKS))
    return Clip(Format(form, heard), tuple(samples), ends_dts)


def video_packets(
    *,
    codec: str = "libx264",
    seconds: float = 3.0,
    fps: int = 10,
    key_every: int = 10,
    b_frames: int = 0,
    width: int = 320,
    height: int = 180,
    announced: bool = False,
) -> tuple[bytes, list[av.Packet[av.VideoStream]]]:
    """Parameter sets and packets in Annex B, as an encoder gives them.

    The parameter sets are announced beside the stream, or come in it, before each key picture.
    """
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, fps), Fraction(fps)
    if announced:
        context.flags |= Flags.global_header
    context.gop_size, context.max_b_frames = key_every, b_frames
    if codec == "libx265":
        options = f"log-level=none:keyint={key_every}:min-keyint={key_every}:scenecut=0:bframes={b_frames}:pools=1"
        context.options = {
            "preset": "ultrafast",
            "x265-params": options + ":open-gop=0:repeat-headers=" + str(int(not announced)),
        }
    else:
        context.options = {"preset": "ultrafast", "sc_threshold": "0"}
    packets = []
    for number in range(round(seconds * fps)):
        frame = av.VideoFrame.from_ndarray(yard(number, width=width, height=height, moving=True), format="bgr24")
        frame.pts, frame.time_base = number, Fraction(1, fps)
        packets += context.encode(frame)
    packets += context.encode(None)
    return bytes(context.extradata or b""), packets


def sound_packets(
    *, codec: str = "aac", seconds: float = 3.0, rate_hz: int = 8000
) -> tuple[bytes, list[av.Packet[av.AudioStream]]]:
    """AudioSpecificConfig (AAC) and packets of a tone."""
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate, context.layout = rate_hz, "mono"
    context.format = "fltp" if codec == "aac" else "s16"
    context.time_base = Fraction(1, rate_hz)
    context.open()
    piece = context.frame_size or rate_hz // 25
    packets = []
    for begins in range(0, round(seconds * rate_hz) - piece + 1, piece):
        wave = 0.3 * np.sin(np.arange(begins, begins + piece) * 440 * 2 * np.pi / rate_hz)[None]
        data = wave.astype(np.float32) if codec == "aac" else (wave * 32_000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(data, format=str(context.format.name), layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, begins, Fraction(1, rate_hz)
        packets += context.encode(frame)
    packets += context.encode(None)
    return bytes(context.extradata or b""), packets


def write_with_sound(path: Path, *, seconds: float = 4.0, fps: int = 10, rate_hz: int = 8000) -> Path:
    """A clip with AAC beside its video."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "tune": "zerolatency"})
        video.width, video.height, video.codec_context.gop_size = 320, 180, fps
        sound = container.add_stream("aac", rate=rate_hz, layout="mono")
        piece = rate_hz // fps
        for number in range(round(seconds * fps)):
            frame = av.VideoFrame.from_ndarray(yard(number, width=320, height=180, moving=True), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(video.encode(frame))
            wave = 9000 * np.sin(np.arange(number * piece, (number + 1) * piece) * 440 * 2 * np.pi / rate_hz)[None]
            heard = av.AudioFrame.from_ndarray(wave.astype(np.int16), format="s16", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = rate_hz, number * piece, Fraction(1, rate_hz)
            container.mux(sound.encode(heard))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    return path


def fragments(clip: Clip, *, sequence: int = 1) -> list[bytes]:
    """The clip cut as a recorder does it: at each key picture and after a second."""
    video = clip.video
    origin = video[0].dts
    begins = (origin, 0 if clip.form.sound is None else sound_ticks(origin, clip.form.sound))
    groups: list[list[Sample]] = []
    begun = origin
    for sample in clip.samples:
        is_new = not sample.is_sound and (sample.is_key or sample.dts - begun >= VIDEO_TICKS)
        if not groups or is_new:
            groups.append([])
            begun = sample.dts
        groups[-1].append(sample)
    ends = [next(sample.dts for sample in group if not sample.is_sound) for group in groups[1:]] + [clip.ends_dts]
    return [
        fragment_bytes(sequence + number, clip.form, group, ends_dts=end, begins=begins)
        for number, (group, end) in enumerate(zip(groups, ends, strict=True))
    ]


def written(path: Path, clip: Clip, *, end: bytes = b"", head: SegmentHead | None = HEAD) -> Path:
    """The clip as a file."""
    path.write_bytes(b"".join((init_bytes(clip.form, head), *fragments(clip), end)))
    return path


def complaints(path: Path) -> str:
    """What ffmpeg says while it plays a file to its end, empty when it is content."""
    if shutil.which("ffmpeg") is None:
        return ""
    command = ["ffmpeg", "-v", "warning", "-xerror", "-i", str(path), "-map", "0", "-fps_mode", "passthrough"]
    command += ["-enc_time_base", "-1", "-f", "null", "-"]
    played = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return played.stderr + (f"ended with {played.returncode}" if played.returncode else "")


def pictures(path: Path) -> list[tuple[float, bytes]]:
    """Every picture of a file, with its time in seconds, in the order of showing."""
    with av.open(str(path)) as container:
        return [(float(frame.time or 0), frame.to_ndarray().tobytes()) for frame in container.decode(video=0)]


def source_pictures(clip: Clip) -> list[bytes]:
    """Every picture of the samples, decoded without a file, in the order of showing."""
    context = av.CodecContext.create(clip.form.video.codec, "r")
    context.extradata = clip.form.video.configuration
    shown = []
    for sample in clip.video:
        packet = av.Packet(sample.data)
        packet.pts, packet.dts, packet.time_base = sample.pts, sample.dts, Fraction(1, VIDEO_TICKS)
        shown += context.decode(packet)
    shown += context.decode(None)
    return [frame.to_ndarray().tobytes() for frame in shown]


def times_s(samples: Sequence[Sample]) -> list[float]:
    """When each is shown, from the first on."""
    return sorted((sample.pts - samples[0].pts) / VIDEO_TICKS for sample in samples)


def units(clip: Clip) -> int:
    """NAL units of all samples, counted by their lengths."""
    return sum(1 for sample in clip.video for _ in split_by_length(sample.data, 4))
