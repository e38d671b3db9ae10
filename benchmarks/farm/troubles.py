"""Troubles: what is done to a hub and its farm, each as a script that waits by yielding.

A script yields seconds, or a question that it asks again until it is answered with yes. `Stage` runs many of them side
by side in one thread. What befalls the hub itself comes one after the other, each when the one before is overcome;
cameras and sensors have theirs meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.farm.cameras import CameraFarm
from benchmarks.farm.coverage import recorded
from benchmarks.farm.diary import Diary, Trouble
from benchmarks.farm.disks import Disk
from benchmarks.farm.running import CLOCK, HubProgram
from benchmarks.farm.sensors import SensorFarm

Script = Generator[float | Callable[[], bool], None, None]
PATIENCE_S = 180.0
"""So long a hub may take until everything works again, before the next trouble comes all the same."""
_LOOK_EVERY_S = 1.0
_LOCK = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


class Stage:
    """Runs scripts until a moment."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, Callable[[], bool] | None, Script]] = []

    def add(self, script: Script) -> None:
        """Begin a script at the next step."""
        self._waiting.append((CLOCK.monotonic_s(), None, script))

    def step(self) -> None:
        """Go on with every script whose wait is over."""
        now_s = CLOCK.monotonic_s()
        due = [each for each in self._waiting if each[0] <= now_s]
        self._waiting = [each for each in self._waiting if each[0] > now_s]
        for _, question, script in due:
            if question is not None and not question():
                self._waiting.append((now_s + _LOOK_EVERY_S, question, script))
                continue
            with contextlib.suppress(StopIteration):
                wanted = next(script)
                if callable(wanted):
                    self._waiting.append((now_s, wanted, script))
                else:
                    self._waiting.append((now_s + wanted, None, script))

    @property
    def busy(self) -> bool:
        """Whether a script has not ended."""
        return bool(self._waiting)


@dataclass(slots=True)
class Scene:
    """Everything that troubles act on.

    Attributes:
        hub: The hub.
        cameras: Its cameras.
        sensors: Its sensors.
        data: Where its database and broker are.
        films: Where it records.
        chance: Decides.
        diary: What was done.
        ends_s: Monotonic seconds; nothing new begins afterwards.
        long: Whether troubles may last minutes.
    """

    hub: HubProgram
    cameras: CameraFarm
    sensors: SensorFarm
    data: Disk
    films: Disk
    chance: random.Random
    diary: Diary
    ends_s: float
    long: bool

    @property
    def over(self) -> bool:
        """Whether nothing new is to begin."""
        return CLOCK.monotonic_s() >= self.ends_s

    def note(self, kind: str, whom: Sequence[str] = ()) -> Trouble:
        """Write down what begins now."""
        now_s = CLOCK.now().timestamp()
        trouble = Trouble(kind, now_s, now_s, tuple(whom))
        self.diary.troubles.append(trouble)
        return trouble

    def works(self) -> bool:
        """Whether the hub is ready, and every camera live that has no trouble of its own."""
        troubled = {who for each in self.diary.troubles if each.ends_s == float("inf") for who in each.whom}
        away = sum(name in troubled for name in self.cameras.ids)
        return self.hub.alive and self.hub.ready() and self.hub.live() >= len(self.cameras.ids) - away


def overcome(scene: Scene, trouble: Trouble, *, away: list[float] | None = None) -> Script:
    """Wait until everything works again, and note how long it took."""
    trouble.ends_s = CLOCK.now().timestamp()
    began_s = CLOCK.monotonic_s()
    yield lambda: scene.works() or CLOCK.monotonic_s() - began_s > PATIENCE_S
    took_s = CLOCK.monotonic_s() - began_s
    trouble.back_s = None if took_s > PATIENCE_S else took_s
    if away is not None:
        away[1] = CLOCK.now().timestamp()


def worker(scene: Scene) -> Script:
    """A worker dies."""
    pids = scene.hub.workers()
    if not pids:
        return
    trouble = scene.note("worker")
    os.kill(scene.chance.choice(pids), signal.SIGKILL)
    yield 0.5
    yield from overcome(scene, trouble)


def _away(scene: Scene) -> list[float]:
    away = [CLOCK.now().timestamp(), float("inf")]
    scene.diary.hub_away.append(away)
    return away


def hub(scene: Scene) -> Script:
    """The hub dies, and somebody starts it again."""
    trouble, away = scene.note("hub"), _away(scene)
    scene.hub.kill()
    yield scene.chance.uniform(0.0, 4.0)
    scene.hub.start()
    yield from overcome(scene, trouble, away=away)


def broker(scene: Scene) -> Script:
    """The broker dies, and the hub starts it again."""
    trouble, away = scene.note("broker"), _away(scene)
    _kill(scene.hub.brokers())
    yield 1.0
    yield from overcome(scene, trouble, away=away)


def power(scene: Scene) -> Script:
    """Hub, broker and workers die in one moment, as when the power goes."""
    trouble, away = scene.note("power"), _away(scene)
    scene.diary.troubles.append(Trouble("worker", trouble.begins_s, trouble.begins_s))
    _kill([*scene.hub.brokers(), *scene.hub.workers()])
    scene.hub.kill()
    yield scene.chance.uniform(0.0, 4.0)
    scene.hub.start()
    yield from overcome(scene, trouble, away=away)


def disk(scene: Scene) -> Script:
    """Another program fills the disk of the recordings, and clears it again."""
    if scene.films.why_not:
        return
    for camera, rows in recorded(scene.hub.plan.recordings, scene.diary).items():
        scene.diary.removed.setdefault(camera, []).extend(rows)
    trouble = scene.note("disk")
    scene.films.fill()
    yield scene.chance.uniform(4.0, 30.0 if scene.long else 8.0)
    scene.films.relieve()
    yield from overcome(scene, trouble)


def data_disk(scene: Scene) -> Script:
    """Another program fills the disk of database and broker, and clears it again."""
    if scene.data.why_not:
        return
    trouble, away = scene.note("data_disk"), _away(scene)
    scene.data.fill()
    yield scene.chance.uniform(4.0, 30.0 if scene.long else 8.0)
    scene.data.relieve()
    yield from overcome(scene, trouble, away=away)


def database(scene: Scene) -> Script:
    """Another process holds a lock on the database."""
    trouble, away = scene.note("database"), _away(scene)
    with subprocess.Popen(
        (sys.executable, "-c", _LOCK, str(scene.hub.database)), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        yield scene.chance.uniform(6.0, 60.0 if scene.long else 12.0)
        process.stdin.close()
        process.wait(10)
    yield from overcome(scene, trouble, away=away)


def clock(scene: Scene) -> Script:
    """The hub's clock is set, forward or back, and set right again."""
    trouble = scene.note("clock")
    step_s = scene.chance.choice([-3600.0, -90.0, -5.0, 5.0, 90.0, 3600.0])
    _set_clock(scene, step_s)
    yield scene.chance.uniform(8.0, 60.0 if scene.long else 12.0)
    _set_clock(scene, 0.0)
    yield from overcome(scene, trouble)


def _set_clock(scene: Scene, offset_s: float) -> None:
    scene.diary.offsets.append((CLOCK.now().timestamp(), offset_s))
    scene.hub.offset.set(offset_s)


def _kill(pids: Sequence[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


HEAVY: Sequence[Callable[[Scene], Script]] = (worker, hub, broker, power, disk, data_disk, database, clock)


def heavy(scene: Scene) -> Script:
    """What befalls the hub itself, one after the other, each once before any comes again."""
    deck: list[Callable[[Scene], Script]] = []
    while not scene.over:
        if not deck:
            deck = list(HEAVY)
            scene.chance.shuffle(deck)
        yield from deck.pop()(scene)
        yield scene.chance.uniform(2.0, 20.0 if scene.long else 4.0)


_CAMERA: Sequence[tuple[str, dict[str, Any], dict[str, Any], tuple[float, float]]] = (
    ("freeze", {"freeze": True}, {"freeze": False}, (10.0, 90.0)),
    ("half_open", {"half_open": True}, {"half_open": False}, (10.0, 60.0)),
    ("storm", {"storm": True}, {"storm": False}, (8.0, 20.0)),
    ("gone", {"gone": True}, {"gone": False}, (8.0, 60.0)),
    ("password", {"password": True, "storm": True}, {"password": False, "storm": False}, (8.0, 30.0)),
    ("lose", {"lose": 0.02}, {"lose": 0.0}, (8.0, 20.0)),
    ("corrupt", {"corrupt": 0.02}, {"corrupt": 0.0}, (8.0, 20.0)),
    ("jump", {"jump_s": 40.0}, {"jump_s": 0.0}, (8.0, 20.0)),
)
CUTS = ("camera.freeze", "camera.half_open", "camera.gone", "camera.password")
"""After these a camera sends nothing."""


def camera_troubles(scene: Scene, mine: Sequence[str]) -> Script:
    """One camera after the other of `mine` has a trouble of its own; the first of all is frozen for long enough."""
    first = True
    while not scene.over:
        yield scene.chance.uniform(1.0, 10.0)
        name, begin, end, lasts_s = _CAMERA[0] if first else scene.chance.choice(_CAMERA)
        who = scene.chance.choice(mine)
        trouble = scene.note(f"camera.{name}", [who])
        trouble.ends_s = float("inf")
        scene.cameras.fault(who, **begin)
        yield 70.0 if first else scene.chance.uniform(*lasts_s)
        scene.cameras.fault(who, **end)
        trouble.ends_s = CLOCK.now().timestamp()
        first = False


def _sensor_faults(chance: random.Random) -> tuple[str, dict[str, Any], dict[str, Any], float]:
    return chance.choice(
        (
            ("flood", {"flood_s": chance.uniform(5.0, 30.0)}, {"flood_s": 0.0}, chance.uniform(10.0, 30.0)),
            ("duplicate", {"duplicate": True}, {"duplicate": False}, chance.uniform(20.0, 60.0)),
            ("late", {"late_s": chance.choice([20.0, 100.0, 900.0])}, {"late_s": 0.0}, chance.uniform(20.0, 60.0)),
            ("skew", {"skew_s": chance.choice([-400.0, 60.0, 400.0])}, {"skew_s": 0.0}, chance.uniform(20.0, 60.0)),
            ("garbage", {"garbage": True}, {"garbage": False}, chance.uniform(20.0, 60.0)),
            ("storm", {"storm": True}, {"storm": False}, chance.uniform(5.0, 15.0)),
            ("password", {"password": True}, {"password": False}, chance.uniform(5.0, 15.0)),
        )
    )


def sensor_troubles(scene: Scene, mine: Sequence[str]) -> Script:
    """A few sensors of `mine` after the other have a trouble."""
    while not scene.over:
        yield scene.chance.uniform(0.5, 5.0)
        name, begin, end, lasts_s = _sensor_faults(scene.chance)
        whom = scene.chance.sample(list(mine), min(len(mine), 1 if name == "flood" else 3))
        trouble = scene.note(f"sensor.{name}", whom)
        scene.sensors.fault(whom, **begin)
        yield lasts_s
        scene.sensors.fault(whom, **end)
        trouble.ends_s = CLOCK.now().timestamp()


def silence(scene: Scene, whom: Sequence[str], *, lasts_s: float) -> Script:
    """Some sensors say nothing, and then again."""
    for who in whom:
        trouble = scene.note("sensor.silent", [who])
        trouble.ends_s = float("inf")
        scene.sensors.fault([who], silent=True)
        yield lasts_s
        scene.sensors.fault([who], silent=False)
        trouble.ends_s = CLOCK.now().timestamp()
        if scene.over:
            return


def alarms(scene: Scene, whom: Sequence[str], seconds: float) -> Script:
    """The alarm of each rings once, at moments of chance."""
    moments: Iterator[tuple[float, str]] = iter(sorted((scene.chance.uniform(0, seconds), who) for who in whom))
    at_s = 0.0
    for moment_s, who in moments:
        yield moment_s - at_s
        at_s = moment_s
        scene.sensors.ring(who)
