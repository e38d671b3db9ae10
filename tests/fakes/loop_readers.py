"""Readers of the reading loop, and what they brought, for tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cameras.errors import SourceProblem
from cameras.health import Health
from cameras.streams.packet_queue import Broke, Opened
from cameras.streams.packets import Packet, SoundPacket
from cameras.streams.rtsp.connection import Patience
from cameras.streams.rtsp.loop import Loop
from cameras.streams.rtsp.loop_reader import LoopReader
from config.community import Stream
from hub.clock import SystemClock
from hub.networks import Allowed
from tests.fakes.rtsp_camera import Collected
from tests.fakes.waiting import until

CLOCK = SystemClock()
LOOPBACK = Allowed.of(("loopback",), "networks.cameras")


class Noted:
    """Stands for FFmpeg's reader, and reads nothing."""

    sessions = 0
    cpu_s = 0.0
    corrupt = 0
    unfit = ""

    def __init__(self) -> None:
        self.started = False
        self.stopped = False

    def start(self) -> None:
        self.started = True

    def stop(self, *, timeout_s: float) -> bool:
        self.stopped = timeout_s >= 0
        return True

    def hurry(self, *, wanted: bool) -> None:
        raise AssertionError(wanted)


@dataclass
class Reading:
    """A reader at work.

    Attributes:
        reader: Itself.
        health: What it tells.
        collected: What it put.
        other: What reads in its place once it gave up.
    """

    reader: LoopReader
    health: Health
    collected: Collected
    other: Noted
    problems: list[SourceProblem] = field(default_factory=list)

    @property
    def items(self) -> list[Any]:
        return self.collected.items

    @property
    def opened(self) -> list[Opened]:
        return [item for item in self.items if isinstance(item, Opened)]

    @property
    def packets(self) -> list[Packet]:
        return [item for item in self.items if isinstance(item, Packet)]

    @property
    def sounds(self) -> list[SoundPacket]:
        return [item for item in self.items if isinstance(item, SoundPacket)]

    @property
    def broke(self) -> list[SourceProblem]:
        return [item.reason for item in self.items if isinstance(item, Broke)]

    def until(self, condition: Callable[[Reading], Any], *, timeout_s: float = 20.0, what: str = "it") -> Any:
        return until(lambda: condition(self), timeout_s=timeout_s, what=what)

    def problem(self) -> SourceProblem:
        """The first that is told."""
        self.until(lambda reading: reading.problems, what="a problem")
        return self.problems[0]

    def stop(self) -> None:
        assert self.reader.stop(timeout_s=5)


def start(
    loop: Loop,
    url: str,
    *,
    allowed: Allowed | None = LOOPBACK,
    patience: Patience | None = None,
    login: tuple[str, str] | None = None,
) -> Reading:
    """Read `url` in `loop`."""
    collected = Collected()
    problems: list[SourceProblem] = []

    class Telling(Health):
        def failed(self, problem: SourceProblem) -> None:
            problems.append(problem)
            super().failed(problem)

    health, other = Telling(CLOCK), Noted()
    reader = LoopReader(
        "gate",
        Stream.model_validate(
            {"url": url} if login is None else {"url": url, "username": login[0], "password": login[1]}
        ),
        loop=loop,
        allowed=allowed,
        put=collected.put,
        health=health,
        clock=CLOCK,
        fall_back=lambda: other,
        patience=patience,
    )
    reader.start()
    return Reading(reader, health, collected, other, problems)
