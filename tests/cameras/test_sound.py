"""Sound beside the video: where it is wanted it comes, and no camera is worse off for being asked."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cameras.errors import SourceError, SourceProblem
from cameras.recordings.media import Because, Format, Sample
from cameras.recordings.mp4.sampler import Sampler
from cameras.streams.packets import Packet, PacketSource, SoundPacket
from cameras.streams.serving import VideoServer
from cameras.streams.sources import Sources
from config.community import Stream
from hub.clock import SystemClock
from tests.fakes.clips import write_clip
from tests.fakes.doors import listening, muted, without_second_track
from tests.fakes.media import write_with_sound

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VideoServer]:
    folder = tmp_path_factory.mktemp("clips")
    write_with_sound(folder / "heard.mp4")
    write_clip(folder / "mute.mp4")
    with VideoServer(folder) as running:
        yield running


def source_of(url: str, *, sound: bool = True, **options: object) -> PacketSource:
    return Sources(CLOCK).make(Stream(url=url), stopping=threading.Event(), options={"sound": sound, **options})


def first(url: str, count: int, *, sound: bool = True) -> tuple[str | None, list[Packet | SoundPacket]]:
    """The codec of the sound that is announced, and the first packets."""
    source = source_of(url, sound=sound)
    try:
        info = source.open()
        assert (info.codec, info.width, info.height) == ("h264", 320, 180)
        assert info.fps is None or info.fps < 100
        return None if info.sound is None else info.sound.codec, list(itertools.islice(source.packets(), count))
    finally:
        source.close()


@contextmanager
def counted(door: Callable[[int], Callable[[socket.socket], None]], behind: int) -> Iterator[tuple[int, list[str]]]:
    """A door that notes each connection; gives its port and the notes."""
    opened: list[str] = []

    def serve(connection: socket.socket) -> None:
        opened.append("opened")
        door(behind)(connection)

    with listening(serve) as port:
        yield port, opened


def test_a_camera_with_sound_gives_it(server: VideoServer) -> None:
    codec, packets = first(server.url("heard.mp4"), 40)
    assert codec == "aac"
    heard = [packet for packet in packets if isinstance(packet, SoundPacket)]
    assert len(heard) >= 10
    assert all(packet.pts_s is None or abs(packet.pts_s) < 5 for packet in heard)


def test_sound_is_not_asked_for_unless_wanted(server: VideoServer) -> None:
    codec, packets = first(server.url("heard.mp4"), 15, sound=False)
    assert codec is None
    assert all(isinstance(packet, Packet) for packet in packets)


def test_a_camera_without_sound_is_as_before(server: VideoServer) -> None:
    codec, packets = first(server.url("mute.mp4"), 15)
    assert codec is None
    assert all(isinstance(packet, Packet) for packet in packets)


@pytest.mark.parametrize(("door", "connections"), [(muted, 1), (without_second_track, 2)])
def test_sound_that_is_announced_and_never_comes_costs_nothing(
    server: VideoServer, door: Callable[[int], Callable[[socket.socket], None]], connections: int
) -> None:
    """One connection does, without looking into the stream for two seconds; a refusal is asked once more."""
    with counted(door, server.port) as (port, opened):
        _, packets = first(server.url("heard.mp4").replace(str(server.port), str(port)), 15)
        assert all(isinstance(packet, Packet) for packet in packets)
        assert len(opened) == connections


def test_sound_alone_is_no_sign_of_life(tmp_path: Path) -> None:
    """A camera whose video hangs is told as silent, though its sound goes on."""

    class Hasty(SystemClock):
        """Each look at it is a second later."""

        def __init__(self) -> None:
            self._looks = 0

        def monotonic_s(self) -> float:
            self._looks += 1
            return float(self._looks)

    path = write_with_sound(tmp_path / "a.mp4", fps=2, rate_hz=44_100)
    source = Sources(Hasty()).make(
        Stream(url=path.as_uri()),
        stopping=threading.Event(),
        options={"sound": True, "realtime": False, "loop": False, "read_timeout_s": 5.0},
    )
    source.open()
    with pytest.raises(SourceError) as caught:
        list(source.packets())
    source.close()
    assert caught.value.reason is SourceProblem.TIMED_OUT


def test_a_camera_with_sound_is_recorded_with_it(server: VideoServer) -> None:
    class Takes:
        begun: Format | None = None
        sounds = 0

        def begin(self, form: Format, at: object, because: Because) -> None:
            assert because is Because.STARTED
            assert at is not None
            self.begun = form

        def take(self, sample: Sample) -> None:
            self.sounds += sample.is_sound

        def end(self, at: object, because: Because) -> None:
            raise AssertionError(at, because)

    takes = Takes()
    sampler = Sampler([takes], CLOCK)
    source = source_of(server.url("heard.mp4"))
    sampler.opened(source.open())
    for packet in itertools.islice(source.packets(), 40):
        sampler.take(packet)
    source.close()
    assert takes.begun is not None
    assert takes.begun.sound is not None
    assert takes.sounds >= 10
