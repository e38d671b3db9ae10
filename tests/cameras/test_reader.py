"""The reader's patience, on simulated time, and the fairness of the rota."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cameras.errors import SourceError, SourceProblem
from cameras.health import Health
from cameras.recordings.mp4.sampler import Sampler
from cameras.running.camera import RunningCamera
from cameras.running.rota import Rota
from cameras.running.task import Means, Task, Tuning
from cameras.streams.packet_queue import Broke, Opened, StreamItem
from cameras.streams.packets import Packet, PacketSource, StreamInfo
from cameras.streams.reader import Delays, Reader
from cameras.streams.sources import Sources
from config.community import Camera, Stream
from hub.clock import SetClock, SystemClock
from hub.events import Event
from tests.fakes.analysis import FakeAnalysis
from tests.fakes.clips import write_clip
from tests.fakes.waiting import until

AT = datetime(2026, 5, 1, 8, tzinfo=UTC)


class Refusing:
    """A source that never opens; ends the reader after so many attempts."""

    corrupt = 0

    def __init__(self, problem: Exception) -> None:
        self._problem = problem
        self.closed = 0

    def open(self) -> StreamInfo:
        raise self._problem

    def packets(self) -> Iterator[Packet]:
        raise AssertionError("it was never opened")

    def close(self) -> None:
        self.closed += 1


def delays_after(problem: Exception, attempts: int) -> tuple[list[float], list[StreamItem], Health]:
    """The pauses between attempts, in seconds of the reader's clock."""
    clock = SetClock(AT)
    health = Health(clock)
    made: list[tuple[float, Refusing]] = []
    items: list[StreamItem] = []

    def make(stopping: threading.Event) -> PacketSource:
        made.append((clock.monotonic_s(), Refusing(problem)))
        if len(made) == attempts:
            stopping.set()
        return made[-1][1]

    reader = Reader("gate", make, put=items.append, health=health, clock=clock)
    reader.start()
    until(lambda: len(made) == attempts, what="the attempts")
    assert reader.stop(timeout_s=5)
    assert all(source.closed == 1 for _, source in made)
    times = [at_s for at_s, _ in made]
    return [later - earlier for earlier, later in itertools.pairwise(times)], items, health


def test_it_tries_again_soon_then_less_often_but_within_2_5_s() -> None:
    delays, items, health = delays_after(SourceError(SourceProblem.UNREACHABLE), 12)
    assert delays[0] <= 0.25
    assert all(0.75 * 2.5 <= delay <= 2.5 for delay in delays[4:])
    assert len(set(delays)) == len(delays)  # cameras behind one switch do not come back in the same instant
    assert items == []
    assert health.standing.reason is SourceProblem.UNREACHABLE


def test_a_wrong_password_is_tried_less_and_less_often() -> None:
    """Cameras lock their door after a few: a minute, then twice as long each time, a quarter of an hour at most."""
    delays, _, _ = delays_after(SourceError(SourceProblem.LOGIN_REFUSED), 8)
    for delay, most in zip(delays, (60, 120, 240, 480, 900, 900, 900), strict=True):
        assert 0.75 * most <= delay <= most


def test_a_camera_that_let_us_in_before_is_asked_again_after_a_minute() -> None:
    delays = Delays()
    for _ in range(5):
        delays.after(SourceProblem.LOGIN_REFUSED, 0.1)
    delays.opened()
    assert delays.after(SourceProblem.LOGIN_REFUSED, 0.1) <= 60


def test_a_defect_of_a_protocol_costs_a_session_and_not_the_reader() -> None:
    delays, _, health = delays_after(ZeroDivisionError("a defect"), 5)
    assert len(delays) == 4
    assert health.standing.reason is SourceProblem.BROKE


def test_a_session_begins_with_its_stream_and_ends_with_why(tmp_path: Path) -> None:
    clock = SystemClock()
    stream = Stream(url=write_clip(tmp_path / "a.mp4", seconds=1).as_uri())
    items: list[StreamItem] = []
    reader = Reader(
        "gate",
        lambda stopping: Sources(clock).make(stream, stopping=stopping, options={"loop": False, "realtime": False}),
        put=items.append,
        health=Health(clock),
        clock=clock,
    )
    reader.start()
    until(lambda: reader.sessions >= 2, what="the second session")
    reader.stop(timeout_s=5)
    assert isinstance(items[0], Opened)
    assert isinstance(items[11], Broke)
    assert items[11].reason is SourceProblem.ENDED
    assert [item.number for item in items[1:11] if isinstance(item, Packet)] == list(range(10))


class Slow(FakeAnalysis):
    """Takes longer for a picture than the camera takes to send one."""

    def feed(self, frame: object) -> list[Event]:
        SystemClock().wait(threading.Event(), 0.15)
        self.fed.append(frame)  # type: ignore[arg-type]
        return []


def test_a_slow_camera_fills_its_own_queue_and_starves_nobody(tmp_path: Path) -> None:
    clock = SystemClock()
    url = write_clip(tmp_path / "a.mp4", seconds=2, fps=20, moves_from_s=0).as_uri()
    rota = Rota(lambda _: None, clock)
    slow, quick = Slow("slow"), FakeAnalysis("quick")
    rota.start()
    for analysis in (slow, quick):
        rota.add(
            RunningCamera(
                Task(Camera(id="slow" if analysis is slow else "quick", site="yard", main=Stream(url=url)), None),
                Means(
                    sources=Sources(clock),
                    clock=clock,
                    wake=rota.wake,
                    wake_soon=rota.wake_soon,
                    tuning=Tuning(analysis_fps=20, sleep_after_s=None),
                    build=lambda _task, analysis=analysis: (analysis, None),  # type: ignore[misc]
                    make_sampler=Sampler,
                ),
            )
        )
    until(lambda: len(quick.fed) >= 40, what="the quick camera's pictures")
    status = {camera.id: camera.status() for camera in rota.cameras}
    assert status["quick"].queued < 10
    assert len(slow.fed) < len(quick.fed)
    rota.stop()
    assert rota.cameras == ()
    assert slow.resets == quick.resets == 1
