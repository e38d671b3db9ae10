"""The loop itself: what one caller does wrong costs the others nothing, and who has much to say is heard at once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from cameras.streams.rtsp.loop import BEAT_S, Loop
from hub.clock import SystemClock
from tests.fakes.waiting import until

CLOCK = SystemClock()


def soon(loop: Loop, act: Callable[[], None]) -> None:
    loop.later(0.0, act)


def test_what_fails_in_one_call_costs_the_others_nothing(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()

    def fails() -> None:
        raise ZeroDivisionError("a defect")

    loop.call(fails)
    loop.call(lambda: soon(loop, fails))
    loop.call(done.set)
    assert done.wait(10)
    until(lambda: len(caplog.records) == 2, what="both told")
    assert all("something failed in the loop" in record.message for record in caplog.records)


def test_timers_come_in_their_order_and_cancelled_ones_never(loop: Loop) -> None:
    came: list[str] = []
    done = threading.Event()

    def plan() -> None:
        loop.later(0.06, done.set)
        loop.later(0.04, lambda: came.append("second"))
        loop.later(0.02, lambda: came.append("first"))
        loop.later(0.03, lambda: came.append("never")).cancel()

    loop.call(plan)
    assert done.wait(10)
    assert came == ["first", "second"]


def test_a_little_waits_for_the_beat_and_much_does_not(loop: Loop) -> None:
    """Below its mark a socket wakes nobody; the beat finds what came all the same."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        near = socket.create_connection(door.getsockname())
        far, _ = door.accept()
        with near, far:
            near.setblocking(False)
            near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 10_000)
            woken: list[float] = []
            beats: list[float] = []
            over = threading.Event()

            def wake() -> None:
                woken.append(CLOCK.monotonic_s())
                near.recv(100_000)

            def end() -> None:
                loop.forget(near)
                over.set()

            def begin() -> None:
                loop.watch(near, wake)
                loop.beat(near, lambda: beats.append(CLOCK.monotonic_s()))

            loop.call(begin)
            far.sendall(b"a" * 100)
            until(lambda: len(beats) >= 3, what="three beats")
            assert woken == []
            far.sendall(b"a" * 10_000)
            until(lambda: woken, what="being woken")
            loop.call(end)
            assert over.wait(10)
            assert beats[2] - beats[0] >= BEAT_S


def test_names_are_looked_up_beside_the_loop(loop: Loop) -> None:
    waits, goes_on = threading.Event(), threading.Event()

    def look_up() -> None:
        waits.wait(10)

    loop.call(lambda: loop.look_up(look_up))
    loop.call(goes_on.set)
    assert goes_on.wait(10)
    waits.set()


def test_a_loop_that_is_over_takes_no_harm_from_who_calls_it() -> None:
    loop = Loop(CLOCK)
    loop.start()
    assert loop.stop()
    loop.call(lambda: None)
    assert loop.stop()
