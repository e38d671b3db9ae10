"""Trial: one piece of the set shown to the analysis of one camera."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks.accuracy_synthetic.ordinary import Ordinary
from benchmarks.accuracy_synthetic.pictures import CLOCK, Base, noisy, played
from benchmarks.accuracy_synthetic.tampering import Tamper
from cameras.detectors.view import ViewDetector, ViewOptions
from cameras.scenes.view import Image
from cameras.vision.analysis import Analysis
from cameras.vision.decoding import Frame
from config.community import Camera
from hub.clock import SetClock
from hub.events import Event, Phase

START = datetime(2026, 1, 1, tzinfo=UTC)
BEGINS_S = 30.0
"""When the tampering begins: the usual picture is known by then."""
AFTER_S = 24.0
"""How long the camera is as before, afterwards."""
KEY_EVERY_S = 2.0

Light = Callable[[Image], Image]


@dataclass
class Outcome:
    """What the analysis said.

    Attributes:
        name: Of what was shown.
        told: Seconds from the beginning of the tampering to the first right Event; None when there was none.
        ended: Whether every right Event was over at the end.
        wrong: Events that should not be, with their times.
        cpu_s: Processor time of the analysis.
        pictures: Pictures shown.
    """

    name: str
    told: float | None = None
    ended: bool = True
    wrong: list[str] = field(default_factory=list)
    cpu_s: float = 0.0
    pictures: int = 0


def tampered(base: Base, other: Base, tamper: Tamper, light: Light = lambda image: image) -> Outcome:
    """Show the scene, then the tampering, then the scene again."""
    effect = tamper.make(_Lit(base, light), _Lit(other, light))
    random = np.random.default_rng(1)
    until_s = BEGINS_S + tamper.seconds

    def change(image: Image, at_s: float) -> Image:
        plain = noisy(light(image), random, 1.5)
        if not BEGINS_S <= at_s < until_s:
            return plain
        changed = effect(plain, at_s - BEGINS_S)
        if tamper.keeps_clock and base.clock:
            changed = changed.copy()
            changed[CLOCK] = plain[CLOCK]
        return changed

    events, outcome = _shown(f"{base.name}: {tamper.name}", played(base, until_s + AFTER_S, change))
    open_kinds: set[str] = set()
    for event in events:
        at_s = (event.at - START).total_seconds()
        right = event.kind in tamper.kinds and at_s >= BEGINS_S
        if event.phase is Phase.BEGAN:
            open_kinds.add(event.kind)
            if right and outcome.told is None:
                outcome.told = at_s - BEGINS_S
            if not right:
                outcome.wrong.append(f"{event.kind}@{at_s:.0f}")
        if event.phase is Phase.ENDED:
            open_kinds.discard(event.kind)
    outcome.ended = not open_kinds
    return outcome


def ordinary(base: Base, other: Base, one: Ordinary, light: Light = lambda image: image) -> Outcome:
    """Show what is no tampering."""
    effect = one.make(_Lit(base, light), _Lit(other, light))
    events, outcome = _shown(
        f"{base.name}: {one.name}", played(base, one.seconds, lambda image, at_s: effect(light(image), at_s))
    )
    began = (event for event in events if event.phase is Phase.BEGAN)
    outcome.wrong = [f"{event.kind}@{(event.at - START).total_seconds():.0f}" for event in began]
    return outcome


class _Lit(Base):
    """A scene in another light."""

    def __init__(self, base: Base, light: Light) -> None:
        self.name, self.clock = base.name, base.clock
        self._base, self._light = base, light

    def at(self, at_s: float) -> Image:
        return self._light(self._base.at(at_s))


def _shown(name: str, pictures: Iterator[tuple[float, Image]]) -> tuple[list[Event], Outcome]:
    clock = SetClock(START)
    camera = Camera.model_validate({"id": "drawn", "site": "bench", "url": "file:///drawn"})
    analysis = Analysis(camera, area=None, detectors={"view": ViewDetector(ViewOptions())}, clock=clock)
    events: list[Event] = []
    outcome = Outcome(name)
    key_s = -KEY_EVERY_S
    for number, (at_s, image) in enumerate(pictures):
        at = START + timedelta(seconds=at_s)
        is_key = at_s - key_s >= KEY_EVERY_S - 0.01
        key_s = at_s if is_key else key_s
        clock.set(at)
        begun_s = time.thread_time()
        events += analysis.feed(Frame(image, at, at_s, is_key, number))
        outcome.cpu_s += time.thread_time() - begun_s
        outcome.pictures += 1
    return events, outcome
