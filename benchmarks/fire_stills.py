"""Still pictures through the fire verifier: how many fires it finds, what it takes for one, and what a look costs.

    python -m benchmarks.fire_stills FOLDER [--weights FILE] [--mistakes DIR]

FOLDER holds folders of pictures; one whose name begins with `fire` holds fires, all others hold none. Each picture is
seen whole, squeezed into a square, as the detector sees a whole camera picture. With --mistakes, DIR gets a sheet of
the fires that were missed and one of what was taken for fire, each with its score, worst first.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from cameras.vision.fire_verifier import WEIGHTS, FireVerifier

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
FIRE_AT = 0.8
SHEET_PX = 200
ACROSS = 6
MOST_SHOWN = 48
SUFFIXES = {".jpg", ".jpeg", ".png"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture and what was said of it."""

    path: Path
    is_fire: bool
    fire: float
    smoke: float


def look(folder: Path, verifier: FireVerifier) -> tuple[list[Seen], float]:
    """Every picture below `folder`, and the milliseconds that one look took."""
    seen, spent_s = [], 0.0
    for path in sorted(each for each in folder.rglob("*") if each.suffix.lower() in SUFFIXES):
        picture = cv2.imread(str(path))
        if picture is None:
            continue
        begun_s = time.perf_counter()
        ((fire, smoke),) = verifier.look([np.asarray(picture, np.uint8)])
        spent_s += time.perf_counter() - begun_s
        seen.append(Seen(path, path.relative_to(folder).parts[0].startswith("fire"), fire, smoke))
    return seen, spent_s / max(1, len(seen)) * 1000


def table(folder: Path, seen: list[Seen]) -> str:
    """Shares at several thresholds, folder by folder and together."""
    groups: dict[str, list[Seen]] = {}
    for each in seen:
        groups.setdefault(each.path.relative_to(folder).parts[0], []).append(each)
    groups["all fires"] = [each for each in seen if each.is_fire]
    groups["all others"] = [each for each in seen if not each.is_fire]
    lines = [
        "pictures                n  fire at " + "".join(f"{least:8.2f}" for least in THRESHOLDS) + "   smoke at .75"
    ]
    for name, group in groups.items():
        if group:
            shares = "".join(f"{np.mean([each.fire >= least for each in group]):8.1%}" for least in THRESHOLDS)
            smoke = np.mean([each.smoke >= 0.75 for each in group])  # noqa: PLR2004
            lines.append(f"{name:20} {len(group):4}          {shares}   {smoke:6.1%}")
    return "\n".join(lines)


def sheet(mistakes: list[Seen], path: Path) -> None:
    """A picture of pictures, with their scores."""
    tiles = []
    for each in mistakes[:MOST_SHOWN]:
        tile = cv2.resize(cv2.imread(str(each.path)), (SHEET_PX, SHEET_PX), interpolation=cv2.INTER_AREA)
        words = f"{each.fire:.2f} {each.path.stem[:18]}"
        cv2.putText(tile, words, (4, SHEET_PX - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 3)
        cv2.putText(tile, words, (4, SHEET_PX - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
        tiles.append(tile)
    blank = np.zeros((SHEET_PX, SHEET_PX, 3), np.uint8)
    tiles += [blank] * (-len(tiles) % ACROSS)
    rows = [np.hstack(tiles[at : at + ACROSS]) for at in range(0, len(tiles), ACROSS)]
    cv2.imwrite(str(path), np.vstack(rows) if rows else blank)


def main() -> int:
    """Look, print, show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="without one there is nothing to measure")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--mistakes", type=Path, help="folder for the sheets")
    asked = parser.parse_args()
    if asked.folder is None:
        print("fire_stills needs a folder of pictures; see its --help")
        return 0
    seen, cost_ms = look(asked.folder, FireVerifier(asked.weights))
    print(table(asked.folder, seen))
    print(f"{cost_ms:.1f} ms a look, one thread, squeezing included")
    if asked.mistakes:
        asked.mistakes.mkdir(parents=True, exist_ok=True)
        missed = sorted((each for each in seen if each.is_fire and each.fire < FIRE_AT), key=lambda each: each.fire)
        false = sorted(
            (each for each in seen if not each.is_fire and each.fire >= FIRE_AT), key=lambda each: -each.fire
        )
        sheet(missed, asked.mistakes / "missed.png")
        sheet(false, asked.mistakes / "false.png")
        print(f"{len(missed)} missed and {len(false)} false at {FIRE_AT}, worst first, in {asked.mistakes}")
        for each in (*missed, *false):
            print(f"  {each.fire:.2f} {each.path.relative_to(asked.folder)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
