"""Accuracy on drawn footage: tampering of each kind, what is none, and whole films through the whole path.

    python -m benchmarks.accuracy_synthetic [FOLDER] [--only TEXT] [--longest SECONDS] [--gate] [--annotate DIR]

FOLDER holds clips to draw over besides; without it only the project's own scenes are taken, by day and in infra-red.
Prints per kind of tampering how often it was told within 30 s, how late, and what was told wrongly; then what was told
of films of fires, crashes and wrong ways, and of rain, noise, headlights and idle hours, and exits with 1 if anything
of it was missed or told wrongly. `--gate` takes the short part of it, which takes a minute.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.accuracy.drawing import Draw
from benchmarks.accuracy.gate import broken, read_limits
from benchmarks.accuracy.running import Job, Result, run
from benchmarks.accuracy.settings import Settings
from benchmarks.accuracy.table import line, print_table
from benchmarks.accuracy_synthetic.films import FILMS
from benchmarks.accuracy_synthetic.ordinary import ORDINARY
from benchmarks.accuracy_synthetic.pictures import Base, drawn, filmed, night
from benchmarks.accuracy_synthetic.tampering import TAMPERS
from benchmarks.accuracy_synthetic.trial import Light, Outcome, ordinary, tampered
from cameras.scenes.encoding import SCENES

TARGET_S = 30.0
LIMITS = Path(__file__).with_name("limits.yaml")
QUICK = (
    "yard day: covered: hand",
    "yard day: blurred: 4 px",
    "yard day: moved: 20 % aside",
    "yard day: frozen: the clock runs",
    "yard day: dark: the light goes out",
    "yard day: glare: white-out",
    "house infra-red: covered: paint 70 %",
    "yard day: lorry over three quarters, a minute",
    "yard day: a mast in the wind",
)
"""The pieces of the short gate: each kind of tampering, and what was once taken for one."""
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


def outcomes(
    folder: Path | None, *, only: tuple[str, ...], longest_s: float
) -> Iterator[tuple[str, Outcome, bool, str]]:
    """The name of each piece, what was said of it, whether it is tampering, and in which light."""
    for base, other, light_name, light in settings(folder):
        for tamper in TAMPERS:
            if any(part in f"{base.name} {light_name}: {tamper.name}" for part in only):
                yield tamper.name, tampered(base, other, tamper, light), True, light_name
        for one in ORDINARY:
            wanted = any(part in f"{base.name} {light_name}: {one.name}" for part in only)
            if wanted and one.seconds <= longest_s:
                yield one.name, ordinary(base, other, one, light), False, light_name


def views(folder: Path | None, *, only: tuple[str, ...], longest_s: float) -> int:
    """Print what was told of the view; how many faults there were on own scenes."""
    told: dict[str, list[float]] = defaultdict(list)
    shown: dict[str, int] = defaultdict(int)
    faults, cpu_s, pictures = 0, 0.0, 0
    for name, outcome, is_tamper, light in outcomes(folder, only=only, longest_s=longest_s):
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
    return faults


def films(*, only: str, longest_s: float, quick: bool, models: Path, annotate: Path | None) -> int:
    """Print what was told of the films; how many limits do not hold."""
    chosen = [one for one in FILMS if only in one.name and (one.quick or not quick)]
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as folder:
        for film in chosen:
            clip = film.made(Path(folder))
            own = Settings("films", clips={clip.name: film.view})
            result = run(Job(own, models, None if annotate is None else Draw(annotate, own)), clip)
            if result.video_s <= longest_s:
                results.append(result)
                print(line(result), flush=True)
    if not results:
        return 0
    print_table(results)
    faults = broken(results, read_limits(LIMITS), whole=not only)
    print("\n".join(f"gate: {fault}" for fault in faults) or "gate: every limit of the films holds")
    return len(faults)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy_synthetic", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--only", default="", help="pieces whose name holds this text")
    parser.add_argument("--longest", type=float, default=1000.0, help="leave out ordinary pieces longer than this")
    parser.add_argument("--gate", action="store_true", help="the short part of it")
    parser.add_argument("--models", type=Path, default=Path("none"), help="with the object model in this folder")
    parser.add_argument("--annotate", type=Path, metavar="DIR", help="draw what was seen and told into films")
    arguments = parser.parse_args()
    only = QUICK if arguments.gate and not arguments.only else (arguments.only,)
    faults = views(arguments.folder, only=only, longest_s=arguments.longest)
    faults += films(
        only=arguments.only, longest_s=arguments.longest, quick=arguments.gate, models=arguments.models,
        annotate=arguments.annotate,
    )  # fmt: skip
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
