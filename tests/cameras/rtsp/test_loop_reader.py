"""The reading loop against cameras on loopback: passwords, sessions, breaks, and what it leaves to FFmpeg."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.farm.cameras import CameraFarm, FarmClips
from cameras.errors import SourceProblem
from cameras.health import CameraState, Health
from cameras.streams.packets import Packet
from cameras.streams.reader import Reader
from cameras.streams.rtsp.connection import Patience
from cameras.streams.rtsp.loop import Loop
from cameras.streams.serving import VideoServer
from cameras.streams.sources import Sources
from config.community import Stream
from hub.networks import Allowed
from tests.fakes.clips import write_clip
from tests.fakes.doors import garbage, listening, locked, muted, silence, without_second_track
from tests.fakes.loop_readers import CLOCK, start
from tests.fakes.media import write_with_sound
from tests.fakes.rtsp_camera import Collected, Frames, RtspCamera, described, ffmpeg_video
from tests.fakes.rtsp_talk import SOUND_ALONE, UNKNOWN, answering, endless, hanging_up
from tests.fakes.waiting import until

PASSWORD = 'p@ss/w:"rd&'
Faulty = tuple[CameraFarm, str, tuple[str, str]]
SHORT = Patience(open_s=0.5, read_s=0.6)


@pytest.fixture(scope="module")
def film() -> tuple[str, Frames]:
    words, packets = ffmpeg_video("libx264", pictures=20)
    return described(words), [(0, packet) for packet in packets]


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CameraFarm]:
    folder = tmp_path_factory.mktemp("farm")
    clip = write_clip(folder / "a.mp4", moves_from_s=0, grain=4.0, key_every=5)
    with CameraFarm(FarmClips([clip], []), cameras=2, busy=0, folder=folder, login="admin:secret") as running:
        yield running


@pytest.fixture
def faulty(farm: CameraFarm) -> Iterator[Faulty]:
    """A camera of the farm to do things to; they are undone."""
    url = farm.urls("cam-1")["main"].replace("admin:secret@", "")
    yield farm, url, ("admin", "secret")
    farm.fault(
        "cam-1",
        lose=0,
        corrupt=0,
        freeze=False,
        half_open=False,
        slow=1,
        jump_s=0,
        storm=False,
        password=False,
        gone=False,
    )


def challenge(*lines: str) -> Callable[[int], list[str]]:
    return lambda _: list(lines)


@pytest.mark.parametrize(
    "asks",
    [
        challenge('Basic realm="cam"'),
        challenge('Digest realm="cam", nonce="n"'),
        challenge('Digest realm="cam", nonce="n", algorithm=MD5, qop="auth", opaque="o"'),
        challenge('Digest realm="cam", nonce="n", algorithm=SHA-256, qop="auth,auth-int"'),
        challenge('Digest realm="cam", nonce="n", algorithm=MD5-sess, qop="auth"'),
        challenge('Basic realm="cam"', 'Digest realm="cam", nonce="n", qop="auth", algorithm=SHA-256'),
        challenge('Digest realm="cam", nonce="n", algorithm=SHA-512', 'Digest realm="cam", nonce="m"'),
    ],
    ids=["basic", "digest", "qop", "sha-256", "sess", "best-of-two", "known-of-two"],
)
def test_a_password_is_said_as_the_camera_wants_it(
    loop: Loop, film: tuple[str, Frames], asks: Callable[[int], list[str]]
) -> None:
    sdp, frames = film
    with RtspCamera(sdp, frames, login=("admin", PASSWORD), challenge=asks).serve() as camera:
        reading = start(loop, camera.url, login=("admin", PASSWORD))
        reading.until(lambda read: len(read.packets) >= 10, what="packets")
        reading.stop()
        assert camera.methods()[:5] == ["OPTIONS", "DESCRIBE", "DESCRIBE", "SETUP", "PLAY"]
        assert all(PASSWORD not in str(asked) for asked in camera.asked)


def test_a_nonce_that_grew_old_is_no_wrong_password(loop: Loop, film: tuple[str, Frames]) -> None:
    def asks(refused: int) -> list[str]:
        stale = ", stale=true" if refused > 1 else ""
        return [f'Digest realm="cam", nonce="n{min(refused, 2)}", qop="auth"{stale}']

    sdp, frames = film
    nonces: list[str] = []

    class Forgetful(RtspCamera):
        def _is_let_in(self, asked: Any, refused: int) -> bool:
            nonces.append(asked.headers.get("authorization", ""))
            if refused == 1 and asked.method == "SETUP":
                return False
            return super()._is_let_in(asked, refused)

    camera = Forgetful(sdp, frames, login=("admin", PASSWORD), challenge=asks)
    with camera.serve():
        reading = start(loop, camera.url, login=("admin", PASSWORD))
        reading.until(lambda read: len(read.packets) >= 10, what="packets")
        reading.stop()
    assert any('nonce="n1"' in said for said in nonces)
    assert any('nonce="n2"' in said for said in nonces)


@pytest.mark.parametrize("login", [None, ("admin", "wrong")], ids=["none", "wrong"])
def test_a_wrong_password_is_said_once_and_not_again_soon(
    loop: Loop, film: tuple[str, Frames], login: tuple[str, str] | None
) -> None:
    with RtspCamera(*film, login=("admin", PASSWORD)).serve() as camera:
        reading = start(loop, camera.url, login=login)
        assert reading.problem() is SourceProblem.LOGIN_REFUSED
        reading.stop()
        told = [asked for asked in camera.asked if "authorization" in asked.headers]
        assert len(told) == (0 if login is None else 1)
        assert len(reading.problems) == 1


def test_a_password_goes_through_whatever_is_in_it(loop: Loop, tmp_path: Path) -> None:
    write_clip(tmp_path / "still.mp4")
    with VideoServer(tmp_path) as server, listening(locked("admin", PASSWORD, server.port)) as port:
        url = server.url("still.mp4").replace(str(server.port), str(port))
        reading = start(loop, url, login=("admin", PASSWORD))
        reading.until(lambda read: len(read.packets) >= 3, what="packets")
        reading.stop()


def test_a_password_that_is_not_there_is_told(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GATE_PASSWORD", raising=False)
    reading = start(loop, "rtsp://127.0.0.1:1/x", login=("a", "env:GATE_PASSWORD"))
    assert reading.problem() is SourceProblem.LOGIN_REFUSED
    reading.stop()


@pytest.mark.parametrize(
    ("serve", "problem"),
    [
        (garbage, SourceProblem.NOT_VIDEO),
        (silence, SourceProblem.TIMED_OUT),
        (endless, SourceProblem.NOT_VIDEO),
        (hanging_up, SourceProblem.NOT_VIDEO),
        (answering("404 Not Found"), SourceProblem.NOT_FOUND),
        (answering("403 Forbidden"), SourceProblem.LOGIN_REFUSED),
        (answering("503 Busy"), SourceProblem.REFUSED),
        (answering("453 Not Enough Bandwidth"), SourceProblem.REFUSED),
        (answering("200 OK", body=SOUND_ALONE), SourceProblem.NOT_VIDEO),
        (answering("200 OK", body="hello"), SourceProblem.NOT_VIDEO),
        (answering("200 OK"), SourceProblem.NOT_VIDEO),
        (answering("200 OK", more="Content-Length: 99999999\r\n"), SourceProblem.NOT_VIDEO),
    ],
)
def test_what_goes_wrong_is_told_apart(
    loop: Loop, serve: Callable[[socket.socket], None], problem: SourceProblem
) -> None:
    with listening(serve) as port:
        reading = start(loop, f"rtsp://127.0.0.1:{port}/x", patience=SHORT)
        assert reading.problem() is problem
        reading.stop()
        assert reading.items == []


def test_a_closed_port_is_unreachable(loop: Loop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    reading = start(loop, f"rtsp://127.0.0.1:{port}/x")
    assert reading.problem() is SourceProblem.UNREACHABLE
    reading.until(lambda read: len(read.problems) >= 3, what="further attempts")
    reading.stop()


def test_an_address_that_is_not_allowed_is_not_connected_to(loop: Loop) -> None:
    reached = threading.Event()
    with listening(lambda _: reached.set()) as port:
        for host in ("127.0.0.1", "localhost"):
            reading = start(loop, f"rtsp://{host}:{port}/x", allowed=Allowed.of(("private",), "networks.cameras"))
            assert reading.problem() is SourceProblem.NOT_ALLOWED
            reading.stop()
        assert not reached.is_set()


def test_a_name_is_looked_up_and_a_wrong_one_is_unreachable(loop: Loop, film: tuple[str, Frames]) -> None:
    with RtspCamera(*film).serve() as camera:
        reading = start(loop, camera.url.replace("127.0.0.1", "localhost"))
        reading.until(lambda read: len(read.packets) >= 3, what="packets")
        reading.stop()
    reading = start(loop, "rtsp://no.such.name.invalid/x", patience=Patience(open_s=15))
    assert reading.problem() is SourceProblem.UNREACHABLE
    reading.stop()


def test_another_host_gets_neither_a_connection_nor_the_password(loop: Loop, film: tuple[str, Frames]) -> None:
    with RtspCamera(*film).serve() as other, RtspCamera(*film).serve() as camera:
        camera.instead["DESCRIBE"] = f"RTSP/1.0 302 Found\r\nCSeq: {{cseq}}\r\nLocation: {other.url}\r\n\r\n"
        reading = start(loop, camera.url, login=("admin", PASSWORD))
        assert reading.problem() is SourceProblem.REFUSED
        reading.stop()
        assert other.asked == []


def test_another_place_of_the_same_host_is_followed_a_few_times(loop: Loop, film: tuple[str, Frames]) -> None:
    with RtspCamera(*film).serve() as camera:
        camera.instead["DESCRIBE"] = f"RTSP/1.0 301 Moved\r\nCSeq: {{cseq}}\r\nLocation: {camera.url}/2\r\n\r\n"
        reading = start(loop, camera.url)
        assert reading.problem() is SourceProblem.REFUSED
        reading.stop()
        assert sum(asked.url.endswith("/2") and asked.method == "DESCRIBE" for asked in camera.asked) == 3


def test_a_session_is_kept_open_and_ended(loop: Loop, film: tuple[str, Frames]) -> None:
    sdp, frames = film
    camera = RtspCamera(sdp, frames, session="abc;timeout=2", more={"OPTIONS": "Public: DESCRIBE, GET_PARAMETER"})
    camera.more["DESCRIBE"] = "Content-Base: rtsp://cam.example/base/"
    camera.instead["GET_PARAMETER"] = "RTSP/1.0 451 Parameter Not Understood\r\nCSeq: {cseq}\r\n\r\n"
    with camera.serve():
        reading = start(loop, camera.url, patience=Patience(read_s=30))
        reading.until(lambda _: camera.methods().count("OPTIONS") == 2, what="another sign of life")
        reading.stop()
        reading.until(lambda _: camera.methods()[-1] == "TEARDOWN", what="the end")
    asked = {each.method: each for each in camera.asked}
    assert asked["SETUP"].url == "rtsp://cam.example/base/video"
    assert asked["PLAY"].url == asked["GET_PARAMETER"].url == asked["TEARDOWN"].url == "rtsp://cam.example/base/"
    assert all(asked[name].headers["session"] == "abc" for name in ("PLAY", "GET_PARAMETER", "TEARDOWN"))
    assert reading.reader.sessions == 1


@pytest.mark.parametrize(
    "media",
    [
        UNKNOWN,
        described("m=video 0 RTP/AVP 26\r\n"),
        described("m=video 0 RTP/AVP 96\r\na=rtpmap:96 MP4V-ES/90000\r\n"),
        described("m=video 0 RTP/SAVP 96\r\na=rtpmap:96 H264/90000\r\n"),
        described("m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=2\r\n"),
    ],
    ids=["unknown", "mjpeg", "mpeg4", "secured", "interleaved"],
)
def test_what_the_loop_does_not_know_is_left_to_ffmpeg(
    loop: Loop, media: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with RtspCamera(media).serve() as camera:
        reading = start(loop, camera.url)
        reading.until(lambda read: read.other.started, what="FFmpeg's turn")
        assert reading.reader.unfit
        assert [record.message for record in caplog.records].count("a stream is read by FFmpeg") == 1
        reading.stop()
        assert reading.other.stopped
        assert reading.problems == []


def test_what_is_no_rtsp_is_read_in_a_thread(loop: Loop, tmp_path: Path) -> None:
    url = write_clip(tmp_path / "a.mp4", seconds=1).as_uri()
    collected = Collected()
    reader = Sources(CLOCK, loop=loop).reader("gate", Stream(url=url), put=collected.put, health=Health(CLOCK))
    reader.start()
    until(lambda: any(isinstance(item, Packet) for item in collected.items), what="packets")
    assert reader.stop(timeout_s=5)
    assert isinstance(reader, Reader)


def test_sound_that_is_refused_costs_the_picture_nothing(loop: Loop, tmp_path: Path) -> None:
    write_with_sound(tmp_path / "heard.mp4")
    for door in (muted, without_second_track):
        with VideoServer(tmp_path) as server, listening(door(server.port)) as port:
            reading = start(loop, server.url("heard.mp4").replace(str(server.port), str(port)))
            reading.until(lambda read: len(read.packets) >= 10, what="packets")
            reading.stop()
            assert reading.sounds == []
            assert reading.problems == []


def test_a_break_is_told_and_mended(loop: Loop, tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mp4")
    with VideoServer(tmp_path) as server:
        reading = start(loop, server.url("a.mp4"))
        reading.until(lambda read: len(read.packets) >= 3, what="packets")
        server.stop()
        reading.until(lambda read: read.broke, what="the break")
        server.start()
        reading.until(lambda read: len(read.opened) == 2 and read.packets[-1].number < 5, what="its return")
        reading.stop()
    assert reading.reader.sessions == 2


@pytest.mark.parametrize("fault", ["freeze", "half_open"])
def test_a_camera_that_falls_silent_is_noticed(loop: Loop, faulty: Faulty, fault: str) -> None:
    farm, url, login = faulty
    reading = start(loop, url, patience=Patience(read_s=0.6), login=login)
    reading.until(lambda read: len(read.packets) >= 3, what="packets")
    farm.fault("cam-1", **{fault: True})
    assert reading.problem() is SourceProblem.TIMED_OUT
    farm.fault("cam-1", **{fault: False})
    reading.until(lambda read: len(read.opened) >= 2, what="its return")
    reading.stop()


def test_a_camera_that_changes_its_password_and_one_that_is_gone(loop: Loop, faulty: Faulty) -> None:
    farm, url, login = faulty
    for fault, problem in (("gone", SourceProblem.NOT_FOUND), ("password", SourceProblem.LOGIN_REFUSED)):
        farm.fault("cam-1", **{fault: True})
        reading = start(loop, url, login=login)
        assert reading.problem() is problem
        reading.stop()
        farm.fault("cam-1", **{fault: False})


def test_a_storm_of_breaks_leaves_another_camera_alone(loop: Loop, faulty: Faulty) -> None:
    farm, url, login = faulty
    other = start(loop, url.replace("cam-1", "cam-2"), login=login)
    other.until(lambda read: read.packets, what="the other camera")
    farm.fault("cam-1", storm=True)
    reading = start(loop, url, login=login)
    reading.until(lambda read: len(read.problems) >= 3, what="three breaks")
    before = len(other.packets)
    other.until(lambda read: len(read.packets) > before + 5, what="more of the other")
    assert other.problems == []
    reading.stop()
    other.stop()


def test_a_time_that_jumps_is_bridged(loop: Loop, faulty: Faulty) -> None:
    farm, url, login = faulty
    reading = start(loop, url, login=login)
    reading.until(lambda read: len(read.packets) >= 3, what="packets")
    farm.fault("cam-1", jump_s=3600.0)
    reading.until(lambda read: any(packet.jumped for packet in read.packets), what="the jump")
    reading.until(lambda read: read.packets[-1].number >= 15, what="what follows")
    reading.stop()
    times = [packet.stream_s for packet in reading.packets]
    assert all(0 < later - earlier < 1 for earlier, later in itertools.pairwise(times))
    assert reading.opened[1:] == []


def test_what_is_lost_and_damaged_is_counted_and_passed_over(loop: Loop, faulty: Faulty) -> None:
    farm, url, login = faulty
    farm.fault("cam-1", lose=0.3, corrupt=0.3)
    reading = start(loop, url, login=login)
    reading.until(lambda read: len(read.packets) >= 20 and read.reader.corrupt > 0, what="losses")
    reading.stop()
    assert reading.problems == []
    assert reading.health.standing.state is CameraState.LIVE


def test_who_watches_gets_each_picture_at_once(loop: Loop, faulty: Faulty) -> None:
    _, url, login = faulty
    reading = start(loop, url, login=login)
    reading.reader.hurry(wanted=True)
    reading.until(lambda read: len(read.packets) >= 12, what="packets")
    reading.reader.hurry(wanted=False)
    before = len(reading.packets)
    reading.until(lambda read: len(read.packets) >= before + 5, what="packets, watched no more")
    reading.stop()


def test_nothing_is_put_once_it_stopped(loop: Loop, faulty: Faulty) -> None:
    farm, url, login = faulty
    reading = start(loop, url, login=login)
    reading.until(lambda read: read.packets, what="packets")
    reading.stop()
    count, sent = len(reading.items), farm.fault("cam-1")["watched"]
    reading.until(lambda _: farm.fault("cam-1")["watched"] == 0, what=f"the end of {sent} sessions")
    assert len(reading.items) == count
    assert reading.reader.cpu_s > 0
