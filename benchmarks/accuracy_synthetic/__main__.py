"""Accuracy on drawn footage: tampering of each kind, and what is none, over drawn scenes and over ordinary clips.

    python -m benchmarks.accuracy_synthetic [FOLDER] [--only TEXT] [--longest SECONDS]

FOLDER holds clips to draw over besides; without it only the project's own scenes are taken, by day and in infra-red.
Prints per kind of tampering how often it was told within 30 s, how late, and what was told wrongly, and exits with 1
if anything of the project's own scenes was missed or told wrongly.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.accuracy_synthetic.ordinary import ORDINARY
from benchmarks.accuracy_synthetic.pictures import Base, drawn, filmed, night
from benchmarks.accuracy_synthetic.tampering import TAMPERS
from benchmarks.accuracy_synthetic.trial import Light, Outcome, ordinary, tampered
from cameras.scenes.encoding import SCENES

TARGET_S = 30.0
_CLIPS = ("*.mp4", "*.avi", "*.gif")


def settings(folder: Path | None) -> Iterator[tuple[Base, Base, str, Light]]:
    """Scenes, each with another one, by day and in infra-red; then the clips."""
    scenes = [drawn(name) for name in SCENES]
    for number, base in enumerate(scenes):
        other = scenes[(number + 1) % len(scenes)]
        yield base, other, "day", lambda image: image
        yield base, other, "infra-red", night
    files = sorted(file for pattern in _CLIPS for file in folder.glob(pattern)) if folder else []
    for file in files:
        yield filmed(file), scenes[0], "clip", lambda image: image


def outcomes(folder: Path | None, *, only: str, longest_s: float) -> Iterator[tuple[str, Outcome, bool, str]]:
    """The name of each piece, what was said of it, whether it is tampering, and in which light."""
    for base, other, light_name, light in settings(folder):
        for tamper in TAMPERS:
            if only in f"{base.name} {light_name}: {tamper.name}":
                yield tamper.name, tampered(base, other, tamper, light), True, light_name
        for one in ORDINARY:
            if only in f"{base.name} {light_name}: {one.name}" and one.seconds <= longest_s:
                yield one.name, ordinary(base, other, one, light), False, light_name


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy_synthetic", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--only", default="", help="pieces whose name holds this text")
    parser.add_argument("--longest", type=float, default=1000.0, help="leave out ordinary pieces longer than this")
    arguments = parser.parse_args()
    told: dict[str, list[float]] = defaultdict(list)
    shown: dict[str, int] = defaultdict(int)
    faults, cpu_s, pictures = 0, 0.0, 0
    for name, outcome, is_tamper, light in outcomes(arguments.folder, only=arguments.only, longest_s=arguments.longest):
        shown[name] += 1
        cpu_s += outcome.cpu_s
        pictures += outcome.pictures
        told[name] += [] if outcome.told is None else [outcome.told]
        late = is_tamper and (outcome.told is None or outcome.told > TARGET_S)
        if late or outcome.wrong or not outcome.ended:
            faults += light != "clip"
            fault = f"told after {outcome.told} s, over at the end: {outcome.ended}, wrong: {outcome.wrong}"
            print(f"{outcome.name} ({light}): {fault}", flush=True)
    for tamper in TAMPERS:
        if shown[tamper.name]:
            found = [one for one in told[tamper.name] if one <= TARGET_S]
            delay = f"median {median(found):.0f} s, last {max(found):.0f} s" if found else "-"
            print(f"{tamper.name}: told {len(found)} of {shown[tamper.name]} within {TARGET_S:.0f} s, {delay}")
    print(f"{faults} faults on own scenes; {cpu_s / max(pictures, 1) * 1e3:.2f} ms of CPU per picture, motion included")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
