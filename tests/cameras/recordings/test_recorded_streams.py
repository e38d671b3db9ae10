"""What streams do, from real packets through sampler, recorder and writer to files that ffprobe plays."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import pytest

from cameras.errors import SourceProblem
from cameras.recordings.media import Because, Segment
from cameras.recordings.mp4.index import read_segment, scan
from cameras.recordings.mp4.sampler import Sampler
from cameras.streams.packets import Packet, SoundInfo, SoundPacket, Stamper, StreamInfo
from tests.fakes.media import sound_packets, video_packets
from tests.fakes.recorders import START, Rig, end_of, played

FPS = 10
Raw = Any  # av.Packet, which is generic only for those who check types
EXTRADATA, PACKETS = video_packets(seconds=3.0, fps=FPS, key_every=10)


class Stream:
    """A camera's stream into a rig: packets come at their own pace, ten a second, whatever their times say."""

    def __init__(self, rig: Rig, *, fps: float = FPS) -> None:
        self.rig = rig
        self.fps = fps
        self.sampler = Sampler([rig.recorder], rig.clock)
        self.stamper = self._stamper()

    def open(self, info: StreamInfo) -> None:
        self.stamper = self._stamper()
        self.sampler.opened(info)

    def send(self, packets: Sequence[Raw], *, by: int | None = 0, lost: int | None = None) -> None:
        """Send copies; `by` moves their times, None leaves them without, `lost` is the place of one that gets lost."""
        for place, raw in enumerate(packets):
            if place != lost:
                after_loss = lost is not None and place == lost + 1
                packet = self.stamper.stamp(_copy(raw, by), after_loss=after_loss)
                self.sampler.take(packet)
            self.rig.clock.advance(1 / self.fps)
            self.rig.write()

    def close(self) -> list[Segment]:
        """Break off; all segments, held to what their files say."""
        self.sampler.broke(self.rig.clock.now(), SourceProblem.ENDED)
        self.rig.stop()
        folder = self.rig.settings["data"].path
        for segment in self.rig.closed:
            assert read_segment(folder, segment.path, disk="data") == segment
            with (folder / segment.path).open("rb") as file:
                assert tuple(scan(file, from_offset=segment.init_bytes)) == segment.marks
        return self.rig.closed

    def _stamper(self) -> Stamper:
        return Stamper(fps=self.fps, at=lambda _: self.rig.clock.now())


def _copy(raw: Raw, by: int | None) -> Raw:
    same: Raw = av.Packet(bytes(raw))
    same.time_base, same.is_keyframe = raw.time_base, raw.is_keyframe
    if by is not None:
        assert raw.pts is not None
        assert raw.dts is not None
        same.pts, same.dts = raw.pts + by, raw.dts + by
    return same


def _info(codec: str = "h264", extradata: bytes = EXTRADATA, sound: SoundInfo | None = None) -> StreamInfo:
    return StreamInfo(codec, 0, 0, FPS, extradata, sound=sound)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path, segment_s=300)


@pytest.fixture
def stream(rig: Rig) -> Stream:
    made = Stream(rig)
    made.open(_info())
    return made


def _why(segments: Sequence[Segment]) -> list[Because]:
    return [one.head.because for one in segments]


def _pictures(rig: Rig, segments: Sequence[Segment]) -> list[int]:
    return [len(played(rig.file(one))) for one in segments]


def _missing_s(segments: Sequence[Segment]) -> list[float]:
    return [
        round((after.head.began - end_of(before)).total_seconds(), 3) for before, after in itertools.pairwise(segments)
    ]


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_either_codec_is_recorded_whole_in_segments_that_follow_on_each_other(tmp_path: Path, codec: str) -> None:
    rig = Rig(tmp_path, segment_s=2.0)
    stream = Stream(rig)
    extradata, packets = video_packets(codec=codec, seconds=3.0, fps=FPS, key_every=10)
    stream.open(_info("hevc" if codec == "libx265" else "h264", extradata))
    stream.send(packets)
    stream.send(packets, by=30)
    segments = stream.close()
    assert _why(segments) == [Because.STARTED, Because.ROLLED, Because.ROLLED]
    assert _missing_s(segments) == [0, 0]
    assert _pictures(rig, segments) == [20, 20, 20]
    assert segments[0].form.video.codec == ("hevc" if codec == "libx265" else "h264")


def test_times_that_tremble_cut_nothing(rig: Rig, stream: Stream) -> None:
    """Some stand still, some go back by one; as cheap cameras send them."""
    for place, raw in enumerate(PACKETS):
        stream.send([raw], by=-1 if place % 5 == 4 else 0)
    segments = stream.close()
    assert _why(segments) == [Because.STARTED]
    assert _pictures(rig, segments) == [30]


def test_pictures_without_any_times_are_recorded(rig: Rig, stream: Stream) -> None:
    stream.send(PACKETS, by=None)
    segments = stream.close()
    assert _why(segments) == [Because.STARTED]
    assert _pictures(rig, segments) == [30]


@pytest.mark.parametrize("by", [36_000, -36_000, 1_000_000_000])
def test_times_that_jump_begin_a_segment_and_cost_no_picture(rig: Rig, stream: Stream, by: int) -> None:
    stream.send(PACKETS)
    stream.send(PACKETS, by=by)
    segments = stream.close()
    assert _why(segments) == [Because.STARTED, Because.JUMPED]
    assert _pictures(rig, segments) == [30, 30]
    assert _missing_s(segments) == [pytest.approx(0, abs=0.11)]


def test_the_loop_point_of_a_file_costs_no_picture(rig: Rig, stream: Stream) -> None:
    for _ in range(3):
        stream.send(PACKETS)
        stream.stamper.restart()
    segments = stream.close()
    assert sum(_pictures(rig, segments)) == 90
    assert set(_why(segments[1:])) <= {Because.JUMPED}
    assert _missing_s(segments) == [pytest.approx(0, abs=0.11)] * (len(segments) - 1)


def test_another_picture_size_in_the_midst_begins_a_segment(rig: Rig, stream: Stream) -> None:
    """The parameter sets come with the key picture, and nobody announces them."""
    _, larger = video_packets(seconds=2.0, fps=FPS, key_every=10, width=640, height=360)
    stream.send(PACKETS)
    stream.send(larger, by=30)
    segments = stream.close()
    assert _why(segments) == [Because.STARTED, Because.FORMAT]
    assert [(one.form.video.width, one.form.video.height) for one in segments] == [(320, 180), (640, 360)]
    assert _pictures(rig, segments) == [30, 20]
    assert {frame["height"] for frame in played(rig.file(segments[1]))} == {360}
    assert _missing_s(segments) == [pytest.approx(0, abs=0.11)]


def test_another_codec_after_a_break_begins_a_segment(rig: Rig, stream: Stream) -> None:
    extradata, packets = video_packets(codec="libx265", seconds=2.0, fps=FPS, key_every=10)
    stream.send(PACKETS)
    stream.sampler.broke(rig.clock.now(), SourceProblem.BROKE)
    rig.clock.advance(4.0)
    stream.open(_info("hevc", extradata))
    stream.send(packets)
    segments = stream.close()
    assert _why(segments) == [Because.STARTED, Because.OFFLINE]
    assert [one.form.video.codec for one in segments] == ["h264", "hevc"]
    assert _pictures(rig, segments) == [30, 20]
    assert _missing_s(segments) == [4.0]


def test_lost_packets_cost_up_to_the_next_key_picture_and_the_gap_is_told(rig: Rig, stream: Stream) -> None:
    stream.send(PACKETS, lost=13)
    segments = stream.close()
    assert _why(segments) == [Because.STARTED, Because.DAMAGED]
    assert _pictures(rig, segments) == [13, 10]
    assert _missing_s(segments) == [pytest.approx(0.7, abs=0.01)]


def test_a_stream_that_comes_back_is_recorded_from_its_first_key_picture(rig: Rig, stream: Stream) -> None:
    stream.send(PACKETS)
    stream.sampler.broke(rig.clock.now(), SourceProblem.TIMED_OUT)
    rig.clock.advance(60.0)
    stream.open(_info())
    stream.send(PACKETS[4:])
    segments = stream.close()
    assert _why(segments) == [Because.STARTED, Because.OFFLINE]
    assert _pictures(rig, segments) == [30, 20]
    assert _missing_s(segments) == [pytest.approx(60.6, abs=0.01)]


def _with_sound(stream: Stream, sound: str, *, seconds: float = 3.0, silent_from_s: float = 99.0) -> None:
    config, pieces = sound_packets(codec=sound, seconds=seconds)
    stream.open(_info(sound=SoundInfo(sound, 8000, 1, config)))
    due: list[tuple[float, Packet | SoundPacket]] = []
    for raw in PACKETS:
        assert raw.pts is not None
        due.append((raw.pts / FPS, stream.stamper.stamp(_copy(raw, 0))))
    for piece in pieces:
        assert piece.pts is not None
        if 0 <= piece.pts / 8000 < silent_from_s:
            packet = stream.stamper.stamp_sound(piece)
            assert packet is not None
            due.append((piece.pts / 8000 + 0.001, packet))
    for at_s, packet in sorted(due, key=lambda one: one[0]):
        stream.rig.clock.advance(max(0.0, at_s - stream.rig.clock.monotonic_s()))
        stream.sampler.take(packet)
        stream.rig.write()


@pytest.mark.parametrize(("sound", "silent_from_s"), [("aac", 99.0), ("pcm_alaw", 99.0), ("pcm_mulaw", 1.2)])
def test_sound_is_kept_beside_the_pictures(rig: Rig, sound: str, silent_from_s: float) -> None:
    """Of the third it stops in the midst, which is no reason to lose a picture."""
    stream = Stream(rig)
    _with_sound(stream, sound, silent_from_s=silent_from_s)
    segments = stream.close()
    assert sum(_pictures(rig, segments)) == 30
    heard = 0.0
    for one in segments:
        with av.open(str(rig.file(one))) as file:
            assert file.streams.audio[0].codec_context.name == sound
            heard += sum(frame.samples for frame in file.decode(audio=0)) / 8000
    assert heard == pytest.approx(min(3.0, silent_from_s), abs=0.3)


def test_sound_that_is_announced_and_never_comes_costs_no_picture(rig: Rig) -> None:
    stream = Stream(rig)
    stream.open(_info(sound=SoundInfo("aac", 8000, 1, b"")))
    stream.send(PACKETS)
    segments = stream.close()
    assert sum(_pictures(rig, segments)) == 30
    assert {one.form.sound for one in segments} == {None}
    assert segments[0].head.began - START < timedelta(seconds=0.6)
