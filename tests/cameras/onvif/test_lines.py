"""A connection to a camera is kept between two questions, never after an error, and ends with the camera."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable

import pytest

from cameras.onvif.device import DEVICE, SYSTEM_TIME
from cameras.onvif.exchange import Exchange
from cameras.onvif.session import Access, Question, Session
from cameras.reaching import AskingError
from cameras.running.noticing import Noticing, Pace
from cameras.running.task import Task
from config.community import Camera, Stream
from config.onvif import Onvif
from config.secrets import Secret
from hub.clock import SystemClock
from hub.networks import Allowed
from tests.fakes.doors import listening
from tests.fakes.onvif_camera import OnvifCamera
from tests.fakes.waiting import until

LOOPBACK = Allowed.of(("loopback",))
TIME = Question(SYSTEM_TIME, f"{DEVICE}/GetSystemDateAndTime")
GOOD = b"<Envelope><Body><x/></Body></Envelope>"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(GOOD) + GOOD


def asked(url: str, times: int, *, keeps: bool = True, timeout_s: float = 3.0) -> list[str]:
    """What came of asking one after the other."""

    async def ask() -> list[str]:
        session = Session(Access(url), Exchange(LOOPBACK), SystemClock(), timeout_s=timeout_s, keeps=keeps)
        said = []
        try:
            for _ in range(times):
                try:
                    await session.ask_openly(url, TIME)
                    said.append("answered")
                except AskingError as error:
                    said.append(error.problem.value)
                await asyncio.sleep(0.02)
        finally:
            session.close()
        return said

    return asyncio.run(ask())


@pytest.mark.parametrize(("keeps", "at_once", "connections"), [(True, 1000, 1), (False, 1000, 6), (True, 1, 6)])
def test_one_connection_serves_who_asks_again_and_again(*, keeps: bool, at_once: int, connections: int) -> None:
    with OnvifCamera(login="none", keeps=at_once) as camera:
        assert asked(camera.url, 6, keeps=keeps) == ["answered"] * 6
        assert camera.connections == connections
        until(lambda: camera.open_connections == 0, what="closed with the session")


def test_a_device_may_close_it_whenever_it_likes() -> None:
    """It says nothing before; the next question goes over a new one, and no answer is missing."""
    with OnvifCamera(login="none", keeps=2) as camera:
        assert asked(camera.url, 6) == ["answered"] * 6
        assert camera.connections == 3


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        OK.replace(b"Content-Length", b"Connection: close\r\nContent-Length"),
        OK + b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n<Env",
        b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(GOOD) + GOOD,
        b"what?\r\n\r\n",
        b"",
    ],
    ids=["error", "said so", "more than was asked", "half", "old", "no HTTP", "nothing"],
)
def test_nothing_is_asked_again_over_a_connection_after_anything_but_a_whole_answer(answer: bytes) -> None:
    questions: list[int] = []
    lock = threading.Lock()

    def serve(connection: socket.socket) -> None:
        with lock:
            mine = len(questions)
            questions.append(0)
        while connection.recv(65_536):
            questions[mine] += 1
            connection.sendall(answer)

    with listening(serve) as port:
        asked(f"http://127.0.0.1:{port}/onvif", 3, timeout_s=0.3)
    assert questions == [1, 1, 1]


def test_a_question_that_broke_after_it_was_heard_is_not_asked_twice() -> None:
    """A device that answers half and closes did something; it is told as broken, not asked again unseen."""
    heard: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        heard.append(connection.recv(65_536))
        connection.sendall(OK)
        heard.append(connection.recv(65_536))
        connection.sendall(OK[:20])

    with listening(serve) as port:
        assert asked(f"http://127.0.0.1:{port}/onvif", 2) == ["answered", "not_a_camera"]
    assert len(heard) == 2


def listens(camera: OnvifCamera, act: Callable[[Noticing], None]) -> None:
    made = Noticing(
        LOOPBACK, SystemClock(), emit=lambda _events: None, answer=lambda _moved: None,
        pace=Pace(wait_s=1.0, life_s=20.0, first_s=0.05, least_s=0.02),
    )  # fmt: skip
    onvif = Onvif(url=camera.url, username="hub", password=Secret("s3cret"))
    try:
        made.assign(Task(Camera(id="gate", site="yard", main=Stream(url="rtsp://127.0.0.1:1/x"), onvif=onvif), None))
        until(lambda: camera.asked.count("PullMessages") > 3, what="it listens")
        act(made)
    finally:
        made.stop()


def test_listening_takes_one_connection_which_ends_when_the_camera_is_removed() -> None:
    with OnvifCamera() as camera:

        def removed(made: Noticing) -> None:
            assert camera.connections == 1
            assert camera.open_connections == 1
            made.remove("gate")
            until(lambda: camera.open_connections == 0, what="let go")
            assert camera.listeners == 0

        listens(camera, removed)
