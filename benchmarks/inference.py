"""Inference: what a look of the object model costs with each engine, and what it finds in labelled pictures.

    python -m benchmarks.inference [--models DIR] [--model FILE --format F] [--labelled DIR] [--int8]

Every engine that is installed runs on one thread and on two, on a picture of 16:9 and one of 4:3. CPU time is what
counts, for a worker has one core; time on the clock suffers from whoever else is at work. With a folder of pictures and
labels (`NAME.txt` beside each: class, centre and size in parts of the picture) it tells the share of people and
vehicles that are found, and how much of what is named is right, at an overlap of half. With --int8 the network is also
cut down to bytes, its ranges taken from every fourth picture, and both are counted on the others.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.errors import ModelError
from cameras.vision.objects.fetching import objects_path
from cameras.vision.objects.labels import COCO_80, word_for
from cameras.vision.objects.model import Named, ObjectModel, Wanted
from config.machine import EngineName, Machine
from hub.geometry import Box

ENGINES: tuple[EngineName, ...] = ("onnxruntime", "opencv", "openvino", "cuda")
SHAPES = ((360, 640), (576, 768))
RUNS = 20
OVERLAP = 0.5
SMALL = 0.25
"""Of the picture's height."""
KINDS = {"people": {"person"}, "vehicles": {"car", "bus", "truck"}}

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture and what is in it."""

    image: Image
    things: tuple[tuple[str, Box], ...]


def cost(model: ObjectModel, image: Image) -> tuple[float, float]:
    """Milliseconds of CPU and on the clock, for one look."""
    model.look([image], least=0.3)
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(RUNS):
        model.look([image], least=0.3)
    return (time.process_time() - cpu) / RUNS * 1000, (time.perf_counter() - wall) / RUNS * 1000


def labelled(folder: Path) -> Iterator[Labelled]:
    """The pictures of a folder with their labels."""
    for path in sorted([*folder.glob("*.jpg"), *folder.glob("*.png")]):
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        text = path.with_suffix(".txt")
        if image is None:
            continue
        things = []
        for line in text.read_text(encoding="utf-8").splitlines() if text.is_file() else ():
            number, x, y, w, h = (float(part) for part in line.split()[:5])
            word = word_for(COCO_80[int(number)])
            if word is not None:
                things.append((word, Box(x - w / 2, y - h / 2, w, h)))
        yield Labelled(np.asarray(image, np.uint8), tuple(things))


def accuracy(model: ObjectModel, pictures: Sequence[Labelled]) -> Iterator[str]:
    """What is found and what is right, line by line."""
    looked = [(one, model.look([one.image], least=0.3)[0]) for one in pictures]
    for kind, words in KINDS.items():
        for least in (0.3, 0.5):
            found = {True: 0, False: 0}
            there = {True: 0, False: 0}
            named = right = 0
            for picture, answer in looked:
                sure = [one for one in answer if one.label in words and one.score >= least]
                boxes = [box for word, box in picture.things if word in words]
                named += len(sure)
                right += sum(any(one.box.overlap(box) >= OVERLAP for box in boxes) for one in sure)
                for box, seen in zip(boxes, _seen(sure, boxes), strict=True):
                    there[box.h < SMALL] += 1
                    found[box.h < SMALL] += seen
            large, small = (f"{found[size] / max(there[size], 1):.0%} of {there[size]}" for size in (False, True))
            told = f"right {right / max(named, 1):.0%} of {named} named"
            yield f"      {kind} at {least}: found {large} large, {small} small; {told}"


def _seen(sure: Sequence[Named], boxes: Sequence[Box]) -> list[bool]:
    left = list(sure)
    answers = []
    for box in boxes:
        best = max(left, key=lambda one: one.box.overlap(box), default=None)
        hit = best is not None and best.box.overlap(box) >= OVERLAP
        if best is not None and hit:
            left.remove(best)
        answers.append(hit)
    return answers


def as_bytes(path: Path, wanted: Wanted, pictures: Sequence[Labelled], target: Path) -> None:
    """Write the network with weights and values of one byte."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static  # noqa: PLC0415

    fed: list[dict[str, Any]] = []
    model = ObjectModel(path, wanted)
    run = model._engine.run  # noqa: SLF001 -- what it is fed is what the ranges are taken from

    def noted(feeds: dict[str, Any]) -> Any:
        fed.append(dict(feeds))
        return run(feeds)

    model._engine.run = noted  # type: ignore[assignment]  # noqa: SLF001
    model.look([one.image for one in pictures], least=0.3)

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # it ships no types
        def get_next(self) -> dict[str, Any] | None:
            return fed.pop() if fed else None

    quantize_static(
        str(path),
        str(target),
        Reader(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,  # without VNNI sums of two products overflow otherwise
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["Conv"],
    )


def measure(path: Path, wanted: Wanted, pictures: Sequence[Labelled]) -> None:
    """Print what each engine takes, and what it finds."""
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
    for engine in ENGINES:
        for threads in (1, 2):
            cv2.setNumThreads(threads)
            try:
                model = ObjectModel(path, wanted, engine=engine, threads=threads)
            except ModelError as error:
                print(f"  {engine}: {error}")
                break
            for height, width in SHAPES:
                noise = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
                cpu_ms, wall_ms = cost(model, noise)
                print(
                    f"  {engine}, {threads} thread(s), {width}x{height}: {cpu_ms:.1f} ms of CPU, {wall_ms:.1f} on the "
                    f"clock, {1000 / cpu_ms:.0f} looks a second and core"
                )
            if threads == 1 and pictures:
                print("\n".join(accuracy(model, pictures)))


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inference", description=__doc__)
    parser.add_argument("--models", type=Path, default=Machine().models_folder)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--format", default="nanodet")
    parser.add_argument("--labelled", type=Path)
    parser.add_argument("--int8", action="store_true")
    arguments = parser.parse_args()
    path: Path = arguments.model or objects_path(arguments.models)
    if not path.is_file():
        sys.exit(f"there is no {path}: run `hub models fetch`")
    wanted = Wanted(arguments.format)
    pictures = list(labelled(arguments.labelled)) if arguments.labelled else []
    if arguments.int8 and not pictures:
        sys.exit("--int8 needs --labelled")
    counted = [one for number, one in enumerate(pictures) if number % 4 or not arguments.int8]
    measure(path, wanted, counted)
    if arguments.int8:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / f"{path.stem}-int8.onnx"
            as_bytes(path, wanted, pictures[::4], target)
            measure(target, wanted, counted)


if __name__ == "__main__":
    main()
