"""Cost of the analysis: milliseconds of one core per analysed 640x360 picture, part by part, on the drawn scenes.

    python -m benchmarks.analysis_cost [--models DIR]

The parts that run for every picture are to stay under 3 ms together; inference is paid from the worker's budget.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.detectors.flame import FlameDetector, FlameOptions
from cameras.scenes.encoding import build_scenes
from cameras.scenes.road import LANE
from cameras.vision.analysis import build_analysis, build_shared
from cameras.vision.decoding import Frame
from cameras.vision.detection import Scene
from cameras.vision.models import missing, objects_path
from cameras.vision.motion import MotionModel
from cameras.vision.object_model import ObjectModel
from config.community import Camera
from config.machine import Machine
from hub.clock import SystemClock

FPS = 8.0


def pictures(path: Path) -> list[tuple[float, NDArray[np.uint8]]]:
    """The scene at FPS and 640x360."""
    found, due_s = [], 0.0
    with av.open(str(path)) as container:
        for picture in container.decode(video=0):
            at_s = float(picture.time or 0.0)
            if at_s >= due_s:
                due_s += 1 / FPS
                found.append((at_s, np.ascontiguousarray(picture.reformat(640, 360, "bgr24").to_ndarray())))
    return found


def measure(scene: str, path: Path, models: Path) -> None:
    """Print the parts of one scene."""
    spent: dict[str, float] = defaultdict(float)
    clock = SystemClock()
    motion, flame = MotionModel(), FlameDetector(FlameOptions())
    lane = {"id": "lane", "use": "lane", "points": [[min(max(v, 0), 1) for v in point] for point in LANE]}
    camera = Camera.model_validate({"id": "c", "site": "s", "url": "file:///c", "zones": [lane]})
    nowhere = Path(tempfile.gettempdir()) / "no models"
    analysis = build_analysis(camera, area=None, shared=build_shared(Machine(), nowhere), clock=clock)
    frames = pictures(path)
    for number, (at_s, image) in enumerate(frames):
        frame = Frame(image, clock.now(), at_s, is_key=False, number=number)
        begun = time.process_time()
        moved = motion.update(image, at_s)
        then = time.process_time()
        flame.detect(Scene(frame, moved, clock))
        spent["motion"] += then - begun
        spent["flame"] += time.process_time() - then
        begun = time.process_time()
        analysis.feed(frame)
        spent["motion, flame, movers, tracks, zones together"] += time.process_time() - begun
    print(f"{scene}: {len(frames)} pictures")
    for part, seconds in spent.items():
        print(f"    {part}: {seconds / len(frames) * 1000:.2f} ms")
    if not missing(models):
        network = ObjectModel(objects_path(models))
        begun = time.process_time()
        for _, image in frames[:20]:
            network.look([image], least=0.3)
        print(f"    one run of the object network: {(time.process_time() - begun) / 20 * 1000:.1f} ms")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analysis_cost", description=__doc__)
    parser.add_argument("--models", type=Path, default=Machine().models_folder)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        for scene, path in build_scenes(Path(folder), seconds=40).items():
            measure(scene, path, arguments.models)


if __name__ == "__main__":
    main()
