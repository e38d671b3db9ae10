"""A camera that nobody runs yet is opened as its own would be, and each thing that is wrong with it is told apart."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from cameras.reaching import Problem
from cameras.setting_up.__main__ import answer_to
from cameras.setting_up.asking import ask
from cameras.setting_up.words import Answer, Failed, Pictured, Probe, Probed, Progress, Request, TakeStill
from cameras.streams.serving import VideoServer
from hub.clock import SystemClock
from tests.fakes.clips import write_clip
from tests.fakes.doors import garbage, listening, locked, silence
from tests.fakes.onvif_camera import FakeProfile, OnvifCamera
from tests.fakes.rtsp_talk import SOUND_ALONE, UNKNOWN, VIDEO, answering, endless, hanging_up

LOOPBACK = ("loopback",)


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VideoServer]:
    folder = tmp_path_factory.mktemp("streams")
    write_clip(folder / "main.mp4", width=1920, height=1080, fps=5, key_every=10)
    write_clip(folder / "sub.mp4", width=640, height=360, fps=8, key_every=8)
    write_clip(folder / "slow.mp4", width=160, height=90, fps=2, key_every=20, seconds=20)
    with VideoServer(folder) as server:
        yield server


def answer(request: Request) -> Answer:
    return answer_to(request, SystemClock(), lambda _progress: None)


def probed(address: str, *, username: str | None = "hub", password: str | None = "s3cret") -> Probed:  # noqa: S107
    got = answer(Probe(address, username, password, seconds=1.5, allowed=LOOPBACK))
    assert isinstance(got, Probed), got
    return got


def problem_of(address: str, *, allowed: tuple[str, ...] = LOOPBACK, **login: str) -> Failed:
    got = answer(Probe(address, login.get("username"), login.get("password"), seconds=0.5, allowed=allowed))
    assert isinstance(got, Failed), got
    assert got.zh
    assert got.en
    return got


def test_an_onvif_camera_gives_its_streams_clock_motors_and_what_it_is(streams: VideoServer) -> None:
    profiles = (
        FakeProfile("main", streams.url("main.mp4"), 1920, 1080, fps=5, turns=True),
        FakeProfile("sub", streams.url("sub.mp4"), 640, 360, fps=8),
    )
    with OnvifCamera(profiles, clock_ahead_s=-90) as camera:
        got = probed(camera.url)
    (channel,) = got.channels
    assert channel.sub is not None
    assert (channel.main.width, channel.main.codec, channel.sub.width) == (1920, "h264", 640)
    assert channel.sub.measured_fps == pytest.approx(8, rel=0.2)
    assert channel.sub.keyframe_s is None or channel.sub.keyframe_s == pytest.approx(1.0, rel=0.2)
    assert channel.main.announced == "h264 1920x1080 5 fps 2048 kbit/s"
    assert (channel.fits, channel.turns, channel.ptz_profile) == (True, True, "main")
    assert [each.word for each in channel.advice] == ["no_sound"]
    assert got.device is not None
    assert got.device.model == "Fake-1"
    assert got.clock_offset_s == pytest.approx(-90, abs=2.5)
    assert [each.word for each in got.notes] == ["clock_wrong"]
    assert got.events


def test_the_address_of_one_stream_is_enough_and_its_credentials_are_not_repeated(streams: VideoServer) -> None:
    got = probed(streams.url("main.mp4").replace("//", "//hub:s3cret@"), username=None, password=None)
    assert "s3cret" not in repr(got)
    assert got.channels[0].main.width == 1920
    assert "no_sub" in [each.word for each in got.channels[0].advice]


def test_a_stream_that_does_not_suit_analysis_says_what_to_set(streams: VideoServer) -> None:
    got = probed(streams.url("slow.mp4"))
    assert not got.channels[0].fits
    assert {"too_small", "too_slow"} <= {each.word for each in got.channels[0].advice}


def test_a_stream_of_another_host_gets_no_password_and_is_opened_in_allowed_networks_alone(
    streams: VideoServer,
) -> None:
    with listening(locked("hub", "s3cret", streams.port)) as port:
        elsewhere = streams.url("main.mp4").replace(f"127.0.0.1:{streams.port}", f"localhost:{port}")
        profiles = (FakeProfile("main", elsewhere, 1920, 1080), FakeProfile("sub", "rtsp://192.0.2.1/x", 640, 360))
        with OnvifCamera(profiles) as camera:
            channel = probed(camera.url).channels[0]
    assert channel.main.problem is not None
    assert channel.sub is not None
    assert channel.sub.problem is not None
    assert (channel.main.problem.word, channel.sub.problem.word) == ("wrong_password", "not_allowed")
    assert [each.word for each in channel.main.notes] == ["another_host"]


def test_the_address_of_a_stream_is_carried_in_full_and_shown_without_its_password(streams: VideoServer) -> None:
    url = f"{streams.url('main.mp4')}?password=planted"
    with OnvifCamera((FakeProfile("main", url, 1920, 1080),)) as camera:
        got = probed(camera.url)
    assert got.addresses[0].main == url
    assert "planted" not in repr(got)
    assert got.channels[0].main.url.endswith("?password=***")


def test_a_camera_found_by_its_host_is_asked_at_that_port(streams: VideoServer) -> None:
    with OnvifCamera((FakeProfile("main", streams.url("sub.mp4"), 640, 360),)) as camera:
        assert probed(f"127.0.0.1:{camera.port}").channels[0].main.codec == "h264"


def test_a_wrong_password_is_told_apart_from_a_wrong_path(streams: VideoServer) -> None:
    with listening(locked("hub", "p@ss", streams.port)) as port:
        url = streams.url("sub.mp4").replace(str(streams.port), str(port))
        assert problem_of(url).problem is Problem.WRONG_PASSWORD
        assert problem_of(url, username="hub", password="guess").problem is Problem.WRONG_PASSWORD
        nothing = url.replace("sub", "nothing")
        assert problem_of(nothing, username="hub", password="p@ss").problem is Problem.WRONG_PATH
    with OnvifCamera() as camera:
        assert problem_of(camera.url, username="hub", password="guess").problem is Problem.WRONG_PASSWORD


def test_a_reference_to_a_file_of_this_machine_is_no_password(tmp_path: Path, streams: VideoServer) -> None:
    (tmp_path / "key").write_text("of the hub", encoding="utf-8")
    got = problem_of(streams.url("sub.mp4"), username="hub", password=f"file:{tmp_path / 'key'}")
    assert got.problem is Problem.WRONG_PASSWORD


@pytest.mark.parametrize(
    ("door", "problem"),
    [
        (answering("401 Unauthorized", more='WWW-Authenticate: Digest realm="x", nonce="1"\r\n'), "wrong_password"),
        (answering("404 Not Found"), "wrong_path"),
        (answering("454 Session Not Found"), "wrong_path"),
        (answering("200 OK", body=SOUND_ALONE), "no_video"),
        (answering("200 OK"), "no_video"),
        (answering("200 OK", body=UNKNOWN), "unknown_codec"),
        (answering("453 Not Enough Bandwidth"), "too_many_sessions"),
        (answering("503 Service Unavailable"), "too_many_sessions"),
        (answering("200 OK", body=VIDEO, then="453 Not Enough Bandwidth"), "too_many_sessions"),
        (answering("302 Found", more="Location: rtsp://192.0.2.1/\r\n"), "redirected"),
        (garbage, "not_a_camera"),
        (endless, "not_a_camera"),
        (hanging_up, "broke"),
        (silence, "timed_out"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_server_does_is_told_in_its_own_word(door: Callable[[socket.socket], None], problem: str) -> None:
    with listening(door) as port:
        assert problem_of(f"rtsp://127.0.0.1:{port}/x", username="hub", password="p").problem == problem


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("rtsp://127.0.0.1:1/x", Problem.PORT_CLOSED),
        ("http://127.0.0.1:1/x.mjpg", Problem.PORT_CLOSED),
        ("http://127.0.0.1:1/onvif/device_service", Problem.PORT_CLOSED),
        ("127.0.0.1:1", Problem.PORT_CLOSED),
        ("rtsp://nobody.invalid/x", Problem.UNKNOWN_HOST),
        ("rtsp://192.0.2.1/x", Problem.NOT_ALLOWED),
        ("rtsp://2130706433:1/x", Problem.NOT_ALLOWED),
        ("file:///etc/passwd", Problem.BAD_ADDRESS),
        ("127.0.0.1/x", Problem.BAD_ADDRESS),
        ("rtsp://", Problem.BAD_ADDRESS),
        ("rtsp://h:99999/", Problem.BAD_ADDRESS),
        ("rtsp://a b/", Problem.BAD_ADDRESS),
        ("", Problem.BAD_ADDRESS),
    ],
)
def test_an_address_at_which_is_no_camera_says_why(address: str, problem: Problem) -> None:
    assert problem_of(address).problem is problem


def test_a_still_is_taken_before_anything_is_saved(streams: VideoServer) -> None:
    got = answer(TakeStill(streams.url("main.mp4"), width_px=960, allowed=LOOPBACK))
    assert isinstance(got, Pictured)
    image = cv2.imdecode(np.frombuffer(got.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (540, 960, 3) == (got.height, got.width, 3)
    refused = answer(TakeStill("rtsp://127.0.0.1:1/x", allowed=LOOPBACK))
    assert isinstance(refused, Failed)


def test_the_process_answers_as_the_functions_do(streams: VideoServer) -> None:
    heard: list[Progress] = []
    got = ask(Probe(streams.url("sub.mp4"), seconds=0.5, allowed=LOOPBACK), on_progress=heard.append)
    assert isinstance(got, Probed)
    assert [each.what.word for each in heard] == ["watching", "asking"]
    failed = ask(Probe("rtsp://127.0.0.1:1/x", allowed=LOOPBACK))
    assert isinstance(failed, Failed)
    assert failed.problem is Problem.PORT_CLOSED


def test_no_picture_comes_from_a_barred_address_by_another_name(streams: VideoServer) -> None:
    url = streams.url("sub.mp4").replace("127.0.0.1", "localhost")
    assert isinstance(answer(TakeStill(url, allowed=LOOPBACK)), Pictured)
    refused = answer(TakeStill(url, allowed=LOOPBACK, barred=("127.0.0.1",)))
    assert isinstance(refused, Failed)
    assert refused.problem is Problem.NOT_ALLOWED
