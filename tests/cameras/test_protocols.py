"""What goes wrong with sources, and how it is told."""

from __future__ import annotations

import inspect
import itertools
import socket
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import pytest

from cameras.errors import SourceError, SourceProblem
from cameras.streams.containers import problem_of
from cameras.streams.packets import Packet, PacketSource
from cameras.streams.serving import VideoServer
from cameras.streams.sources import Sources
from config.community import Stream
from hub.clock import SystemClock
from tests.fakes.clips import write_clip
from tests.fakes.doors import garbage, listening, locked, silence

PASSWORD = "p@ss/w:rd&"


def source_of(url: str, options: dict[str, Any] | None = None, **login: Any) -> PacketSource:
    stream = Stream(url=url, **login)
    return Sources(SystemClock()).make(stream, stopping=threading.Event(), options=options)


def problem_at(url: str, options: dict[str, Any] | None = None, **login: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        source_of(url, options, **login).open()
    return caught.value


def whole(path: Path, **options: Any) -> list[Packet]:
    source = source_of(path.as_uri(), {"loop": False, "realtime": False} | options)
    source.open()
    packets = list(source.packets())
    source.close()
    return packets


def test_a_wrong_password_is_told_apart_from_a_wrong_path(server: VideoServer) -> None:
    with listening(locked("admin", PASSWORD, server.port)) as port:
        url = server.url("still.mp4").replace(str(server.port), str(port))
        assert problem_at(url).reason is SourceProblem.LOGIN_REFUSED
        assert problem_at(url, username="admin", password="wrong").reason is SourceProblem.LOGIN_REFUSED
        nowhere = url.replace("still", "nothing")
        assert problem_at(nowhere, username="admin", password=PASSWORD).reason is SourceProblem.NOT_FOUND


def test_the_right_password_opens(server: VideoServer) -> None:
    """A password with characters that mean something in a URL goes through unharmed."""
    with listening(locked("admin", PASSWORD, server.port)) as port:
        url = server.url("still.mp4").replace(str(server.port), str(port))
        source = source_of(url, username="admin", password=PASSWORD)
        assert source.open().codec == "h264"
        assert len(list(itertools.islice(source.packets(), 3))) == 3
        source.close()


def test_no_error_shows_credentials(server: VideoServer) -> None:
    """Neither the message nor the traceback that a log would print."""
    urls = [server.url("nothing.mp4"), "rtsp://127.0.0.1:1/x", "rtsp://nobody.invalid/x", "http://127.0.0.1:1/x"]
    for url in urls:
        error = problem_at(url, username="gatekeeper", password=PASSWORD)
        told = "".join(traceback.format_exception(error)) + repr(error) + error.detail
        assert "gatekeeper" not in told
        assert PASSWORD not in told
        assert "p%40ss" not in told


def test_a_password_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GATE_PASSWORD", raising=False)
    error = problem_at("rtsp://127.0.0.1:1/x", username="a", password="env:GATE_PASSWORD")
    assert error.reason is SourceProblem.LOGIN_REFUSED
    assert "GATE_PASSWORD is not set" in error.detail


def test_a_closed_port_is_unreachable() -> None:
    assert problem_at("rtsp://127.0.0.1:1/x").reason is SourceProblem.UNREACHABLE


def test_garbage_on_the_port_is_not_video() -> None:
    with listening(garbage) as port:
        assert problem_at(f"rtsp://127.0.0.1:{port}/x").reason is SourceProblem.NOT_VIDEO


def test_a_silent_device_times_out() -> None:
    with listening(silence) as port:
        error = problem_at(f"rtsp://127.0.0.1:{port}/x", {"open_timeout_s": 0.3})
        assert error.reason is SourceProblem.TIMED_OUT


def test_a_camera_that_hangs_times_out(server: VideoServer) -> None:
    source = source_of(server.url("still.mp4"), {"read_timeout_s": 0.4})
    source.open()
    packets = source.packets()
    next(packets)
    server.freeze()
    clock = SystemClock()
    came_s = [clock.monotonic_s()]
    with pytest.raises(SourceError) as caught:
        came_s += [clock.monotonic_s() for _ in packets]
    source.close()
    # FFmpeg gives a packet that it held back when it gives up: that would make a dead camera look alive.
    assert came_s[-1] - came_s[0] < 0.3
    assert caught.value.reason is SourceProblem.TIMED_OUT


def test_an_address_that_nothing_reads_is_unsupported() -> None:
    assert problem_at("gopher://x/y").reason is SourceProblem.UNSUPPORTED
    assert problem_at("file://elsewhere/clip.mp4").reason is SourceProblem.UNSUPPORTED


@pytest.mark.parametrize(
    ("name", "codec"), [("clip.avi", "mpeg4"), ("clip.mkv", "libx264"), ("clip.gif", "gif"), ("photo.avi", "mjpeg")]
)
def test_files_of_many_kinds_are_read(tmp_path: Path, name: str, codec: str) -> None:
    path = write_clip(tmp_path / name, seconds=1, codec=codec, moves_from_s=0)
    assert len(whole(path)) == 10


def test_a_file_has_the_time_it_is_given(tmp_path: Path) -> None:
    """Two frames a second are half a second apart on the file's own clock."""
    start = datetime(2026, 5, 1, 8, tzinfo=UTC)
    packets = whole(write_clip(tmp_path / "slow.mp4", fps=2, seconds=2), start=start)
    assert [(packet.at - start).total_seconds() for packet in packets] == [0.0, 0.5, 1.0, 1.5]


def test_a_looped_file_goes_on_in_time(tmp_path: Path) -> None:
    source = source_of(write_clip(tmp_path / "a.mp4", seconds=1).as_uri(), {"realtime": False})
    source.open()
    times = [packet.stream_s for packet in itertools.islice(source.packets(), 35)]
    source.close()
    assert times == pytest.approx([number / 10 for number in range(35)])


def test_a_realtime_file_comes_at_its_own_speed(tmp_path: Path) -> None:
    clock = SystemClock()
    path = write_clip(tmp_path / "a.mp4", seconds=0.6)
    begun_s = clock.monotonic_s()
    assert len(whole(path, realtime=True)) == 6
    assert clock.monotonic_s() - begun_s >= 0.5


def test_damaged_places_are_passed_over(tmp_path: Path) -> None:
    """Bytes overwritten in the middle of a file cost some packets, not the rest of it."""
    path = write_clip(tmp_path / "a.ts", seconds=6, moves_from_s=0, grain=3)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20_000] = b"\xa5" * 20_000
    path.write_bytes(bytes(data))
    packets = whole(path)
    assert 30 <= len(packets) < 60
    assert packets[-1].stream_s > 5.0


def test_every_error_of_ffmpeg_has_a_reason() -> None:
    """Each class means something at opening and while reading; what is not in the tables is a broken source."""
    kinds = [
        kind for _, kind in inspect.getmembers(av.error, inspect.isclass) if issubclass(kind, av.error.FFmpegError)
    ]
    assert len(kinds) > 30
    for kind in kinds:
        error = kind(1, "words")
        assert problem_of(error, opening=True) in SourceProblem
        assert problem_of(error, opening=False) in SourceProblem


def test_video_of_an_unknown_codec_is_unsupported() -> None:
    """FFmpeg gives such a stream no decoder at all, not even one that does nothing."""
    sdp = b"v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 X-STRANGE/90000\r\n"
    described = b"Content-Type: application/sdp\r\nContent-Length: " + str(len(sdp)).encode() + b"\r\n\r\n" + sdp
    taken = b"Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"
    answers = (b"\r\n", described, taken, b"Session: 1\r\n\r\n")

    def serve(connection: socket.socket) -> None:
        for number, answer in enumerate(answers, start=1):
            connection.recv(4096)
            connection.sendall(b"RTSP/1.0 200 OK\r\nCSeq: %d\r\n" % number + answer)
        connection.recv(4096)

    with listening(serve) as port:
        error = problem_at(f"rtsp://127.0.0.1:{port}/x", {"open_timeout_s": 1.0})
        assert error.reason is SourceProblem.UNSUPPORTED
        assert "codec" in str(error)
