"""From real packets to samples and to files that play, whatever the stream does."""

from __future__ import annotations

import io
import itertools
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameras.errors import SourceProblem
from cameras.recordings.media import VIDEO_TICKS, Because, Format, Sample
from cameras.recordings.mp4.codecs import codec_string
from cameras.recordings.mp4.fragments import init_bytes, is_whole, read_head
from cameras.recordings.mp4.sampler import Sampler
from cameras.streams.packets import Packet, SoundInfo, SoundPacket, Stamper, StreamInfo
from cameras.streams.sources import Sources
from config.community import Stream
from hub.clock import SetClock, SystemClock
from tests.fakes.clips import write_clip
from tests.fakes.media import (
    BEGAN,
    HEAD,
    Clip,
    complaints,
    fragments,
    pictures,
    sound_packets,
    source_pictures,
    video_packets,
    written,
)

FPS = 10
Raw: TypeAlias = "av.Packet[Any]"


class Takes:
    """Keeps what it is told, in stretches that follow on each other."""

    def __init__(self) -> None:
        self.stretches: list[tuple[Because, Format, list[Sample]]] = []
        self.ended: list[Because] = []
        self._open = False

    def begin(self, form: Format, at: datetime, because: Because) -> None:
        assert at.tzinfo is not None
        self.stretches.append((because, form, []))
        self._open = True

    def take(self, sample: Sample) -> None:
        assert self._open
        self.stretches[-1][2].append(sample)

    def end(self, at: datetime, because: Because) -> None:
        assert self._open
        assert at.tzinfo is not None
        self._open = False
        self.ended.append(because)

    @property
    def reasons(self) -> list[Because]:
        return [because for because, _, _ in self.stretches]

    def clip(self, number: int = 0) -> Clip:
        _, form, samples = self.stretches[number]
        newest = max(sample.dts for sample in samples if not sample.is_sound)
        return Clip(form, tuple(samples), newest + VIDEO_TICKS // FPS)


def copied(packet: Raw, *, by: int = 0, timed: bool = True) -> Raw:
    """The same packet once more, so that a test does not change another's."""
    same: Raw = av.Packet(bytes(packet))
    if packet.time_base is not None:
        same.time_base = packet.time_base
    same.is_keyframe = packet.is_keyframe
    if timed:
        same.pts = None if packet.pts is None else packet.pts + by
        same.dts = None if packet.dts is None else packet.dts + by
    return same


def stamper() -> Stamper:
    return Stamper(fps=FPS, at=lambda stream_s: BEGAN + timedelta(seconds=stream_s))


def info_of(codec: str = "h264", extradata: bytes = b"", sound: SoundInfo | None = None) -> StreamInfo:
    return StreamInfo(codec, 0, 0, FPS, extradata, sound=sound)


def sampled(
    packets: Iterable[Raw | SoundPacket], info: StreamInfo, *, stamping: Stamper | None = None, lost: int | None = None
) -> tuple[Takes, Sampler]:
    """What a sampler makes of packets; `lost` is the place of one that says that something before it was left out."""
    takes = Takes()
    sampler = Sampler([takes], SetClock(BEGAN))
    stamping = stamping or stamper()
    sampler.opened(info)
    for place, raw in enumerate(packets):
        packet = raw if isinstance(raw, SoundPacket) else stamping.stamp(copied(raw), after_loss=place == lost)
        sampler.take(packet)
    sampler.broke(BEGAN, SourceProblem.ENDED)
    return takes, sampler


def plays(clip: Clip, path: Path) -> list[float]:
    """Hold a stretch to what a file of it shows; gives the times of its pictures in seconds."""
    assert complaints(written(path, clip)) == ""
    shown = pictures(path)
    assert [picture for _, picture in shown] == source_pictures(clip)
    dts = [sample.dts for sample in clip.video]
    assert all(later > earlier for earlier, later in itertools.pairwise(dts))
    assert all(sample.pts >= sample.dts for sample in clip.video)
    return [at_s - shown[0][0] for at_s, _ in shown]


def every(step_s: float, count: int) -> Any:
    return pytest.approx([number * step_s for number in range(count)], abs=0.001)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("announced", [True, False])
def test_a_stream_becomes_a_file(codec: str, b_frames: int, announced: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """With its parameter sets announced, or among the pictures alone."""
    extradata, packets = video_packets(codec=codec, b_frames=b_frames, announced=announced)
    assert bool(extradata) is announced
    takes, _ = sampled(packets, info_of("hevc" if codec == "libx265" else "h264", extradata))
    assert takes.reasons == [Because.STARTED]
    assert takes.ended == [Because.OFFLINE]
    assert plays(takes.clip(), tmp_path / "a.mp4") == every(0.1, 30)
    assert (takes.clip().form.video.width, takes.clip().form.video.height) == (320, 180)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_files_of_either_form_are_taken_over(name: str, tmp_path: Path) -> None:
    """NAL units behind lengths (MP4, MKV) and behind start codes (TS) come out alike."""
    path = write_clip(tmp_path / name, seconds=2, moves_from_s=0, b_frames=1)
    takes, sampler = Takes(), None
    source = Sources(SystemClock()).make(
        Stream(url=path.as_uri()), stopping=threading.Event(), options={"loop": False, "realtime": False}
    )
    sampler = Sampler([takes], SystemClock())
    sampler.opened(source.open())
    for packet in source.packets():
        sampler.take(packet)
    source.close()
    assert sampler.unusable == 0
    assert plays(takes.clip(), tmp_path / "out.mp4") == every(0.1, 20)


def test_it_begins_with_a_key_picture() -> None:
    _, packets = video_packets()
    takes, _ = sampled(packets[3:], info_of(extradata=video_packets()[0]))
    assert takes.clip().video[0].is_key
    assert len(takes.clip().video) == 20


def test_another_picture_size_is_another_format(tmp_path: Path) -> None:
    extradata, small = video_packets(seconds=2)
    _, large = video_packets(seconds=2, width=640, height=360)
    moved = [copied(packet, by=20) for packet in large]
    takes, _ = sampled([*small, *moved], info_of(extradata=extradata))
    assert takes.reasons == [Because.STARTED, Because.FORMAT]
    assert plays(takes.clip(0), tmp_path / "a.mp4") == every(0.1, 20)
    assert plays(takes.clip(1), tmp_path / "b.mp4") == every(0.1, 20)
    assert takes.clip(1).form.video.width == 640


def test_the_same_parameter_sets_again_are_no_change() -> None:
    """Cameras send them before each key picture."""
    _, packets = video_packets(seconds=4)
    takes, _ = sampled(packets, info_of())
    assert takes.reasons == [Because.STARTED]


def test_another_codec_after_a_break() -> None:
    takes = Takes()
    sampler = Sampler([takes], SetClock(BEGAN))
    for name, codec in (("h264", "libx264"), ("hevc", "libx265")):
        extradata, packets = video_packets(codec=codec, seconds=1)
        stamping = stamper()
        sampler.opened(info_of(name, extradata))
        for packet in packets:
            sampler.take(stamping.stamp(copied(packet)))
        sampler.broke(BEGAN, SourceProblem.TIMED_OUT)
    assert takes.reasons == [Because.STARTED, Because.OFFLINE]
    assert [form.video.codec for _, form, _ in takes.stretches] == ["h264", "hevc"]


def test_what_cannot_be_recorded_is_left_alone() -> None:
    _, packets = video_packets(seconds=1)
    takes, _ = sampled(packets, info_of("mjpeg"))
    assert takes.stretches == []


def test_after_a_loss_it_waits_for_a_key_picture(tmp_path: Path) -> None:
    extradata, packets = video_packets()
    takes, _ = sampled(packets[:13] + packets[14:], info_of(extradata=extradata), lost=13)
    assert takes.reasons == [Because.STARTED, Because.DAMAGED]
    assert takes.ended == [Because.DAMAGED, Because.OFFLINE]
    assert plays(takes.clip(0), tmp_path / "a.mp4") == every(0.1, 13)
    assert plays(takes.clip(1), tmp_path / "b.mp4") == every(0.1, 10)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_loss_that_nobody_notices_is_a_picture_shown_longer(codec: str, tmp_path: Path) -> None:
    """What came is kept, though decoders will have to guess until the next key picture."""
    extradata, packets = video_packets(codec=codec)
    takes, _ = sampled(packets[:13] + packets[14:], info_of("hevc" if codec == "libx265" else "h264", extradata))
    assert takes.reasons == [Because.STARTED]
    shown = pictures(written(tmp_path / "a.mp4", takes.clip()))
    assert shown[-1][0] == pytest.approx(2.9, abs=0.001)
    assert len(shown) >= 20


def test_a_loss_right_before_a_key_picture_costs_nothing_more() -> None:
    extradata, packets = video_packets()
    takes, _ = sampled(packets[:9] + packets[10:], info_of(extradata=extradata), lost=9)
    assert takes.reasons == [Because.STARTED]


def test_garbage_is_counted_and_left_out() -> None:
    extradata, packets = video_packets(seconds=2)
    torn = bytes(packets[5])
    garbage = av.Packet(torn[: len(torn) // 2])
    garbage.pts, garbage.dts, garbage.time_base = 5, 5, Fraction(1, FPS)
    path_of_lengths = b"\1" + bytes(40)
    takes, sampler = sampled([*packets[:5], garbage, *packets[6:]], info_of(extradata=path_of_lengths))
    assert takes.stretches == []
    assert sampler.unusable > 0
    takes, _ = sampled([av.Packet(b"\0\0\1" * 50), *packets], info_of(extradata=extradata))
    assert takes.reasons == [Because.STARTED]


ANNOUNCED = {
    name: video_packets(codec=codec, seconds=2, announced=True)
    for name, codec in (("h264", "libx264"), ("hevc", "libx265"))
}
IN_STREAM = {
    name: video_packets(codec=codec, seconds=2)[1] for name, codec in (("h264", "libx264"), ("hevc", "libx265"))
}


@settings(max_examples=120, deadline=None)
@given(
    codec=st.sampled_from(["h264", "hevc"]),
    changes=st.lists(
        st.tuples(st.integers(0, 19), st.integers(0, 120), st.binary(max_size=6)), min_size=1, max_size=12
    ),
    extradata=st.none() | st.binary(max_size=60) | st.binary(max_size=60).map(lambda data: b"\1" + data),
)
def test_any_bytes_in_any_packet_break_nothing(
    codec: str, changes: list[tuple[int, int, bytes]], extradata: bytes | None
) -> None:
    """Whatever a camera sends, what is made of it can be written and read again."""
    raw = [bytearray(bytes(packet)) for packet in IN_STREAM[codec]]
    for place, at, data in changes:
        raw[place][at : at + len(data)] = data
    packets = []
    for place, (data, original) in enumerate(zip(raw, IN_STREAM[codec], strict=True)):
        packet: Raw = av.Packet(bytes(data))
        packet.pts, packet.dts, packet.time_base = place, place, Fraction(1, FPS)
        packet.is_keyframe = original.is_keyframe
        packets.append(packet)
    takes, _ = sampled(packets, info_of(codec, ANNOUNCED[codec][0] if extradata is None else extradata))
    for number in range(len(takes.stretches)):
        clip = takes.clip(number)
        data = init_bytes(clip.form, HEAD)
        assert read_head(io.BytesIO(data)) == (HEAD, clip.form, len(data))
        assert codec_string(clip.form)
        assert all(is_whole(piece) for piece in fragments(clip))


def test_a_jump_of_the_sources_time_begins_anew_and_loses_nothing(tmp_path: Path) -> None:
    """At the next key picture; until then the pictures follow on each other at the usual distance."""
    extradata, packets = video_packets()
    later = [copied(packet, by=36_000) for packet in packets[15:]]
    takes, _ = sampled([*packets[:15], *later], info_of(extradata=extradata))
    assert takes.reasons == [Because.STARTED, Because.JUMPED]
    assert plays(takes.clip(0), tmp_path / "a.mp4") == every(0.1, 20)
    assert plays(takes.clip(1), tmp_path / "b.mp4") == every(0.1, 10)


@pytest.mark.parametrize("back", [3, 36_000])
def test_time_that_is_set_back_begins_anew_and_loses_nothing(back: int, tmp_path: Path) -> None:
    extradata, packets = video_packets()
    again = [copied(packet, by=-back) for packet in packets[15:]]
    takes, _ = sampled([*packets[:15], *again], info_of(extradata=extradata))
    assert takes.reasons == [Because.STARTED, Because.JUMPED]
    assert plays(takes.clip(0), tmp_path / "a.mp4") == every(0.1, 20)
    assert plays(takes.clip(1), tmp_path / "b.mp4") == every(0.1, 10)


def test_times_that_tremble_and_stand_still_go_forward(tmp_path: Path) -> None:
    extradata, packets = video_packets()
    odd = [copied(packet, by=(0, 0, -1)[place % 3]) for place, packet in enumerate(packets)]
    takes, _ = sampled(odd, info_of(extradata=extradata))
    assert takes.reasons == [Because.STARTED]
    times_s = plays(takes.clip(), tmp_path / "a.mp4")
    assert times_s[-1] == pytest.approx(2.8, abs=0.11)


def test_pictures_without_a_time_are_put_behind_each_other(tmp_path: Path) -> None:
    extradata, packets = video_packets()
    takes, _ = sampled([copied(packet, timed=False) for packet in packets], info_of(extradata=extradata))
    assert plays(takes.clip(), tmp_path / "a.mp4") == every(0.1, 30)


@pytest.mark.parametrize("known", [True, False])
def test_reordered_pictures_without_times_of_decoding(known: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """As RTSP brings B-frames; where nobody announces them, only the first ones are shown late."""
    extradata, packets = video_packets(b_frames=2, seconds=4)
    for packet in packets:
        packet.dts = None
    takes, _ = sampled(packets, replace(info_of(extradata=extradata), reorders=known))
    assert takes.reasons == [Because.STARTED]
    clip = takes.clip()
    shown = pictures(written(tmp_path / "a.mp4", clip))
    assert [picture for _, picture in shown] == source_pictures(clip)
    learnt = 0 if known else 10
    assert [at_s - shown[0][0] for at_s, _ in shown[learnt:]] == pytest.approx(
        [number / 10 for number in range(learnt, 40)], abs=0.001
    )
    if known:
        assert complaints(tmp_path / "a.mp4") == ""


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_looped_file_begins_anew_at_its_loop(b_frames: int, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", seconds=1.5, moves_from_s=0, b_frames=b_frames)
    source = Sources(SystemClock()).make(
        Stream(url=path.as_uri()), stopping=threading.Event(), options={"realtime": False}
    )
    takes = Takes()
    sampler = Sampler([takes], SystemClock())
    sampler.opened(source.open())
    for packet in itertools.islice(source.packets(), 40):
        sampler.take(packet)
    source.close()
    assert takes.reasons == [Because.STARTED, Because.JUMPED, Because.JUMPED]
    for number in range(2):
        assert plays(takes.clip(number), tmp_path / "out.mp4") == every(0.1, 15)
    assert len(takes.clip(2).video) == 10
    assert takes.clip(1).video[0].pts - takes.clip(0).video[0].pts == round(1.5 * VIDEO_TICKS)


class TestSound:
    """Video with sound beside it, pieces of 128 ms (AAC) or 40 ms (G.711) at 8 kHz."""

    def mixed(
        self, codec: str, *, seconds: float = 3.0, timed: bool = True, sound_from_s: float = 0.0, until_s: float = 99.0
    ) -> tuple[StreamInfo, list[Packet | SoundPacket], int]:
        """In the order of arrival: the stream, and how many pieces of sound there are."""
        extradata, video = video_packets(seconds=seconds)
        config, sound = sound_packets(codec=codec, seconds=seconds)
        announced = SoundInfo(codec, 8000, 1, config)
        stamping = stamper()
        found: list[Packet | SoundPacket] = []
        pieces = [piece for piece in sound if sound_from_s * 8000 <= piece.pts < until_s * 8000]
        count = len(pieces)
        for packet in video:
            found.append(stamping.stamp(copied(packet)))
            while pieces and pieces[0].pts / 8000 < (packet.pts + 1) / FPS:
                piece = stamping.stamp_sound(copied(pieces.pop(0), timed=timed))
                assert piece is not None
                found.append(piece)
        return info_of(extradata=extradata, sound=announced), found, count

    def takes(self, info: StreamInfo, packets: Iterable[Packet | SoundPacket]) -> Takes:
        takes = Takes()
        sampler = Sampler([takes], SetClock(BEGAN))
        sampler.opened(info)
        for packet in packets:
            sampler.take(packet)
        sampler.broke(BEGAN, SourceProblem.ENDED)
        return takes

    @pytest.mark.parametrize("codec", ["aac", "pcm_alaw", "pcm_mulaw"])
    @pytest.mark.parametrize("timed", [True, False])
    def test_it_is_kept_in_step(self, codec: str, timed: bool, tmp_path: Path) -> None:  # noqa: FBT001
        """From the first picture on, with times of its own or without."""
        info, packets, count = self.mixed(codec, timed=timed)
        takes = self.takes(info, packets)
        assert takes.reasons == [Because.STARTED]
        clip = takes.clip()
        assert clip.form.sound is not None
        assert len(clip.sound) == count
        first = clip.sound[0].dts
        step = clip.sound[1].dts - first
        assert [sample.dts for sample in clip.sound] == [first + number * step for number in range(count)]
        assert abs(first) <= step
        assert plays(clip, tmp_path / "a.mp4") == every(0.1, 30)

    def test_announced_and_never_sent(self, tmp_path: Path) -> None:
        """Video is kept from its first picture on, without a track of sound that would stop players."""
        info, packets, _ = self.mixed("aac", sound_from_s=99)
        takes = self.takes(info, packets)
        assert takes.reasons == [Because.STARTED]
        assert takes.clip().form.sound is None
        assert plays(takes.clip(), tmp_path / "a.mp4") == every(0.1, 30)

    def test_late(self, tmp_path: Path) -> None:
        """It joins at the next key picture, as another format."""
        info, packets, _ = self.mixed("pcm_alaw", sound_from_s=1.5)
        takes = self.takes(info, packets)
        assert takes.reasons == [Because.STARTED, Because.FORMAT]
        assert [form.sound is not None for _, form, _ in takes.stretches] == [False, True]
        assert plays(takes.clip(0), tmp_path / "a.mp4") == every(0.1, 20)
        assert plays(takes.clip(1), tmp_path / "b.mp4") == every(0.1, 10)

    def test_gone(self) -> None:
        info, packets, _ = self.mixed("pcm_alaw", seconds=9, until_s=1.0)
        takes = self.takes(info, packets)
        assert takes.reasons == [Because.STARTED, Because.FORMAT]
        assert [form.sound is not None for _, form, _ in takes.stretches] == [True, False]

    def test_of_a_kind_that_is_not_kept(self) -> None:
        info, packets, _ = self.mixed("aac")
        strange = StreamInfo("h264", 0, 0, FPS, info.extradata, sound=SoundInfo("adpcm_g726", 8000, 1))
        takes = self.takes(strange, packets)
        assert takes.reasons == [Because.STARTED]
        assert takes.clip().form.sound is None
        assert len(takes.clip().video) == 30

    def test_a_clock_of_its_own_is_brought_to_the_video(self) -> None:
        info, packets, count = self.mixed("pcm_alaw")
        stamping = stamper()
        _, video = video_packets(seconds=0.1)
        stamping.stamp(copied(video[0]))
        _, sound = sound_packets(codec="pcm_alaw")
        far = stamping.stamp_sound(copied(sound[0], by=8_000_000))
        assert far is not None
        assert far.pts_s == 0.0
        assert count
        assert info.sound is not None
        assert packets

    def test_with_its_own_headers(self, tmp_path: Path) -> None:
        """AAC in a transport stream says what it is in front of each frame."""
        config, sound = sound_packets(codec="aac", seconds=2)
        _, video = video_packets(seconds=2)
        path = tmp_path / "a.ts"
        with av.open(str(path), "w") as container:
            pictures_out = container.add_stream("libx264", rate=FPS)
            pictures_out.width, pictures_out.height = 320, 180
            heard = container.add_stream("aac", rate=8000, layout="mono")
            heard.codec_context.extradata = config
            container.start_encoding()
            for packet in sorted([*video, *sound], key=lambda each: float(each.pts * each.time_base)):
                raw = copied(packet)
                raw.stream = pictures_out if packet in video else heard
                container.mux(raw)
        source = Sources(SystemClock()).make(
            Stream(url=path.as_uri()),
            stopping=threading.Event(),
            options={"loop": False, "realtime": False, "sound": True},
        )
        info = source.open()
        takes = self.takes(info, source.packets())
        source.close()
        clip = takes.clip(-1)
        assert clip.form.sound is not None
        assert (clip.form.sound.codec, clip.form.sound.rate_hz, clip.form.sound.channels) == ("aac", 8000, 1)
        assert complaints(written(tmp_path / "out.mp4", clip)) == ""
