"""The loop and FFmpeg read the same: packet by packet, of the same camera."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.farm.cameras import CameraFarm, FarmClips
from cameras.streams.packets import Packet, SoundPacket, StreamInfo
from cameras.streams.rtsp.loop import Loop
from cameras.streams.serving import VideoServer
from cameras.streams.sources import Sources
from config.community import Stream
from tests.fakes.clips import write_clip
from tests.fakes.loop_readers import CLOCK, start
from tests.fakes.media import write_with_sound
from tests.fakes.rtsp_camera import RtspCamera, described, ffmpeg_sound, ffmpeg_video

Read = tuple[StreamInfo, list[Packet], list[SoundPacket]]


def by_ffmpeg(url: str, pictures: int, sounds: int) -> Read:
    source = Sources(CLOCK).make(Stream(url=url), stopping=threading.Event(), options={"sound": True})
    seen: list[Packet] = []
    heard: list[SoundPacket] = []
    try:
        info = source.open()
        for packet in source.packets():
            (seen if isinstance(packet, Packet) else heard).append(packet)  # type: ignore[arg-type]
            if len(seen) >= pictures and len(heard) >= sounds:
                break
    finally:
        source.close()
    return info, seen[:pictures], heard[:sounds]


def by_loop(loop: Loop, url: str, pictures: int, sounds: int) -> Read:
    reading = start(loop, url)
    reading.until(lambda read: len(read.packets) >= pictures and len(read.sounds) >= sounds, what="the packets")
    reading.stop()
    assert reading.reader.corrupt == 0
    return reading.opened[0].info, reading.packets[:pictures], reading.sounds[:sounds]


def steps(packets: list[Packet]) -> list[int | None]:
    """When each is shown, from the second on: FFmpeg does not know the first one's time."""
    times = [packet.data.pts for packet in packets[1:]]
    assert times[0] is not None
    return [None if time is None else time - times[0] for time in times]


def compare(one: Read, other: Read) -> None:
    (info, seen, heard), (info2, seen2, heard2) = one, other
    assert (info.codec, info.width, info.height, info.extradata) == (
        info2.codec,
        info2.width,
        info2.height,
        info2.extradata,
    )
    assert info.reorders == info2.reorders
    assert (info.sound is None) == (info2.sound is None)
    if info.sound is not None and info2.sound is not None:
        assert info.sound == info2.sound
    assert [bytes(packet.data) for packet in seen] == [bytes(packet.data) for packet in seen2]
    assert [packet.is_key for packet in seen] == [packet.is_key for packet in seen2]
    assert [packet.data.is_keyframe for packet in seen] == [packet.data.is_keyframe for packet in seen2]
    assert [packet.size_bytes for packet in seen] == [packet.size_bytes for packet in seen2]
    assert steps(seen) == steps(seen2)
    assert {packet.data.time_base for packet in seen} == {packet.data.time_base for packet in seen2}
    assert [bytes(packet.data) for packet in heard] == [bytes(packet.data) for packet in heard2]


CLIPS: dict[str, Callable[[Path], Path]] = {
    "h264": lambda path: write_clip(path, moves_from_s=0, grain=8.0),
    "h264-b-frames": lambda path: write_clip(path, moves_from_s=0, grain=8.0, b_frames=2),
    "h265": lambda path: write_clip(path, moves_from_s=0, grain=8.0, codec="libx265"),
}


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CameraFarm]:
    folder = tmp_path_factory.mktemp("farm")
    clips = [make(folder / f"{name}.mp4") for name, make in CLIPS.items()]
    with CameraFarm(FarmClips(clips, []), cameras=len(clips), busy=0, folder=folder) as running:
        yield running


@pytest.mark.parametrize("number", range(len(CLIPS)), ids=list(CLIPS))
def test_a_camera_is_read_alike(farm: CameraFarm, loop: Loop, number: int) -> None:
    """Its pictures are larger than a packet: most come in parts."""
    url = farm.urls(f"cam-{number + 1}")["main"]
    compare(by_ffmpeg(url, 45, 0), by_loop(loop, url, 45, 0))


@pytest.mark.parametrize(("codec", "b_frames"), [("libx264", 0), ("libx264", 2), ("libx265", 0), ("libx265", 2)])
def test_what_ffmpeg_packs_is_unpacked_alike(loop: Loop, codec: str, b_frames: int) -> None:
    """It puts small units together; the parameter sets come among the pictures alone."""
    words, packets = ffmpeg_video(codec, b_frames=b_frames, size=(640, 360))
    with RtspCamera(described(words), [(0, packet) for packet in packets]).serve() as camera:
        info, seen, _ = by_loop(loop, camera.url, 28, 0)
        _, seen2, _ = by_ffmpeg(camera.url, 28, 0)
    assert (info.width, info.height) == (640, 360)
    assert [bytes(packet.data) for packet in seen] == [bytes(packet.data) for packet in seen2]
    assert [packet.is_key for packet in seen] == [packet.is_key for packet in seen2]
    assert steps(seen) == steps(seen2)


@pytest.mark.parametrize("codec", ["aac", "pcm_alaw", "pcm_mulaw"])
def test_sound_is_unpacked_alike(loop: Loop, codec: str) -> None:
    words, packets = ffmpeg_video("libx264")
    sound_words, sounds = ffmpeg_sound(codec)
    frames = [
        *itertools.chain.from_iterable(
            zip([(0, each) for each in packets], [(2, each) for each in sounds], strict=False)
        )
    ]
    with RtspCamera(described(words, sound_words), frames).serve() as camera:
        count = 15
        info, _, heard = by_loop(loop, camera.url, 15, count)
        info2, _, heard2 = by_ffmpeg(camera.url, 15, count)
    assert info.sound == info2.sound
    pieces, pieces2 = ([bytes(each.data) for each in one] for one in (heard, heard2))
    assert len(pieces) == count
    # FFmpeg gives the sound that comes before its first picture is whole; what is common is the same, in order.
    later = pieces2.index(pieces[0]) if pieces[0] in pieces2 else -pieces.index(pieces2[0])
    length = count - abs(later)
    assert length > count // 2
    assert pieces[max(0, -later) :][:length] == pieces2[max(0, later) :][:length]


def test_a_server_with_sound_is_read_alike(loop: Loop, tmp_path: Path) -> None:
    write_with_sound(tmp_path / "heard.mp4")
    with VideoServer(tmp_path) as server:
        url = server.url("heard.mp4")
        info, seen, heard = by_loop(loop, url, 25, 15)
        info2, seen2, heard2 = by_ffmpeg(url, 25, 15)
    assert info.sound == info2.sound
    assert [bytes(packet.data) for packet in seen] == [bytes(packet.data) for packet in seen2]
    # FFmpeg leaves out the sound that comes before its first picture is whole.
    assert {bytes(packet.data) for packet in heard[8:13]} <= {bytes(packet.data) for packet in heard2}
    at_s = [packet.pts_s for packet in heard]
    assert all(time is not None and abs(time) < 5 for time in at_s)
