"""Cost of vision: CPU seconds per hour of video of an idle, an ordinary and a busy camera, part by part, on one core.

    python -m benchmarks.vision_cost [--minutes M] [--clip FILE] [--models DIR]

Drawn 640x360 streams at 10 pictures a second go the same way as live ones: packets, triage, decoding, analysis.
Idle: a road on which nothing happens for minutes. Ordinary: the same with traffic a fifth of the time. Busy: traffic
all the time, or the given clip. Inference is what the networks take; it is shared by all cameras of a worker under the
budget of machine.yaml, so it is given beside the rest and not in it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cameras.scenes.encoding import encode
from cameras.scenes.imaging import Sensor
from cameras.scenes.road import LANE, Road
from cameras.scenes.view import FPS, Image
from cameras.vision.analysis import Analysis, build_analysis, build_shared
from cameras.vision.detection import Detection, Detector, Scene
from cameras.vision.objects.fetching import missing
from cameras.vision.offline import Summary, analyse_file
from config.community import Camera
from config.machine import Machine
from hub.clock import SetClock

START = datetime(2026, 1, 1, tzinfo=UTC)
TRAFFIC_S = 12
"""Of the drawn road: so long cars pass before anything happens."""


@dataclass
class Spent:
    """Processor seconds of the analysis by part, and how often it ran."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    looks: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def timed(self, part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """`work`, with what it takes booked to `part`."""

        def run(*arguments: Any, **options: Any) -> Any:
            begun_s = time.thread_time()
            answer = work(*arguments, **options)
            self.seconds[part] += time.thread_time() - begun_s
            self.looks[part] += 1
            return answer

        return run


class Timed:
    """A detector, with what it takes booked; a look that did not take place is not counted as one."""

    def __init__(self, kind: str, inner: Detector, spent: Spent) -> None:
        self._inner = inner
        self._detect = spent.timed(f"detector {kind}", inner.detect)
        self.reset = inner.reset

    @property
    def trouble(self) -> str | None:
        """As of the detector."""
        return self._inner.trouble

    def detect(self, scene: Scene) -> Sequence[Detection] | None:
        """As of the detector."""
        answer: Sequence[Detection] | None = self._detect(scene)
        return answer


def road(minutes: float, *, busy_share: float) -> Iterator[Image]:
    """A road with traffic in so much of each minute; the rest of it nothing happens but noise."""
    sensor = Sensor(np.random.default_rng(3), noise=2.2, label="COST")
    still: Image | None = None
    number = 0
    busy_s = 60 * busy_share
    while number < minutes * 60 * FPS:
        passing = Road(np.random.default_rng(7)).frames(TRAFFIC_S)
        for picture in passing:
            if number % (60 * FPS) >= busy_s * FPS and still is not None:
                break
            still = picture if still is None else still
            yield picture
            number += 1
        while still is not None and number % (60 * FPS) >= busy_s * FPS and number < minutes * 60 * FPS:
            yield sensor.expose(still, number)
            number += 1


def analysed(path: Path, models: Path) -> tuple[Summary, Spent]:
    """One file through the whole path."""
    clock = SetClock(START)
    lane = {"id": "lane", "use": "lane", "points": [[min(max(v, 0), 1) for v in point] for point in LANE]}
    camera = Camera.model_validate({"id": "c", "site": "s", "url": "file:///c", "zones": [lane]})
    analysis = build_analysis(camera, area=None, shared=build_shared(Machine(), models), clock=clock)
    spent = _watched(analysis)
    summary = None
    for item in analyse_file(path, analysis, clock=clock):
        if isinstance(item, Summary):
            summary = item
    assert summary is not None
    return summary, spent


def _watched(analysis: Analysis) -> Spent:
    spent = Spent()
    analysis._detectors = {kind: Timed(kind, one, spent) for kind, one in analysis._detectors.items()}  # noqa: SLF001
    analysis._motion.update = spent.timed("motion", analysis._motion.update)  # type: ignore[method-assign]  # noqa: SLF001
    for kind, behaviour in analysis._behaviours.items():  # noqa: SLF001
        behaviour.update = spent.timed(f"behaviour {kind}", behaviour.update)  # type: ignore[method-assign]
    analysis.feed = spent.timed("analysis", analysis.feed)  # type: ignore[method-assign]
    return spent


def report(name: str, summary: Summary, spent: Spent) -> None:
    """Print the parts of one camera."""
    hours = summary.video_s / 3600
    inference_s = spent.seconds.get("detector objects", 0.0)
    rest_s = summary.cpu_s - inference_s
    print(
        f"{name}: {summary.video_s:.0f} s, {summary.decoded} of {summary.packets} pictures decoded, "
        f"{summary.analysed} analysed, woken {summary.wakes} times\n"
        f"    CPU s per hour {summary.cpu_s / hours:6.0f}, objects {inference_s / hours:6.0f}, "
        f"all else {rest_s / hours:6.0f} = {rest_s / summary.video_s:.1%} of a core"
    )
    decoding_s = summary.cpu_s - spent.seconds["analysis"]
    print(f"    {'packets, triage, decoding':32} {decoding_s / hours:8.1f} s per hour")
    for part, seconds in sorted(spent.seconds.items(), key=lambda one: -one[1]):
        each_ms = 1000 * seconds / max(1, spent.looks[part])
        print(f"    {part:32} {seconds / hours:8.1f} s per hour, {each_ms:6.2f} ms each, {spent.looks[part]} times")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vision_cost", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="of each drawn stream")
    parser.add_argument("--clip", type=Path, help="a busy camera's video, instead of the drawn one")
    parser.add_argument("--models", type=Path, default=Machine().models_folder)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    if absent := missing(arguments.models):
        print(f"without inference: {'; '.join(absent)}")
    with tempfile.TemporaryDirectory() as folder:
        for name, busy_share in (("idle", 0.0), ("ordinary", 0.2), ("busy", 1.0)):
            path = Path(folder) / f"{name}.mp4"
            if name == "busy" and arguments.clip is not None:
                path = arguments.clip
            else:
                encode(path, road(arguments.minutes, busy_share=busy_share))
            report(name, *analysed(path, arguments.models))


if __name__ == "__main__":
    main()
