"""Still pictures through the fire verifier: how many fires it finds, what it takes for one, and what a look costs.

    python -m benchmarks.fire_stills FOLDER [--weights FILE] [--closer] [--mistakes DIR]

FOLDER holds folders of pictures; one whose name begins with `fire` holds fires, all others hold none. Each picture is
seen whole, squeezed into a square, as the detector sees a whole camera picture. With --closer, it is also
seen closer at its two largest warm or white-hot places, as the detector sees candidates, and the surest look counts.
With --mistakes, DIR gets a sheet of the fires that were missed and one of what was taken for fire, worst first.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.vision.fire.verifier import WEIGHTS, FireVerifier

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
FIRE_AT = 0.8
FALSE_SHARE = 0.02
CLOSER = 2
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


def closer(picture: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Squares around the largest warm or white-hot places."""
    height, width = picture.shape[:2]
    scale = max(height, width) / 320
    size = (max(8, int(width / scale)), max(8, int(height / scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.int16)
    blue, green, red = small[..., 0], small[..., 1], small[..., 2]
    hot = ((red >= 150) & (red - blue >= 45) & (red >= green)) | (small.min(axis=2) >= 235)  # noqa: PLR2004
    joined = cv2.dilate(hot.astype(np.uint8), np.ones((9, 9), np.uint8))
    _, _, places, _ = cv2.connectedComponentsWithStats(joined)
    found = []
    for left, top, w, h, _ in sorted(places[1:].tolist(), key=lambda place: -place[4])[:CLOSER]:
        side = int(min(max(w, h) * scale * 1.3, height, width))
        x = int(min(max((left + w / 2) * scale - side / 2, 0), width - side))
        y = int(min(max((top + h / 2) * scale - side / 2, 0), height - side))
        found.append(picture[y : y + side, x : x + side])
    return found


def look(folder: Path, verifier: FireVerifier, *, near: bool) -> tuple[list[Seen], float]:
    """Every picture below `folder`, and the milliseconds of one core that one look took."""
    seen, spent_s, looks = [], 0.0, 0
    for path in sorted(each for each in folder.rglob("*") if each.suffix.lower() in SUFFIXES):
        picture = cv2.imread(str(path))
        if picture is None:
            continue
        whole = np.asarray(picture, np.uint8)
        views = [whole, *(closer(whole) if near else [])]
        begun_s = time.thread_time()
        scores = verifier.look(views)
        spent_s += time.thread_time() - begun_s
        looks += len(views)
        fire, smoke = max(score for score, _ in scores), scores[0][1]
        seen.append(Seen(path, path.relative_to(folder).parts[0].startswith("fire"), fire, smoke))
    return seen, spent_s / max(1, looks) * 1000


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
    fires = np.array([each.fire for each in seen if each.is_fire])
    others = np.sort([each.fire for each in seen if not each.is_fire])[::-1]
    if len(fires) and len(others):
        limit = float(others[int(len(others) * FALSE_SHARE)])
        lines.append(
            f"{(fires > limit).sum()} of {len(fires)} fires above {limit:.2f}, where {FALSE_SHARE:.0%} are false"
        )
    return "\n".join(lines)


def sheet(mistakes: list[Seen], path: Path) -> None:
    """A picture of pictures, with their scores."""
    tiles = []
    for each in mistakes[:MOST_SHOWN]:
        tile = cv2.resize(
            np.asarray(cv2.imread(str(each.path)), np.uint8), (SHEET_PX, SHEET_PX), interpolation=cv2.INTER_AREA
        )
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
    parser.add_argument("--closer", action="store_true", help="look at warm places too")
    parser.add_argument("--mistakes", type=Path, help="folder for the sheets")
    asked = parser.parse_args()
    if asked.folder is None:
        print("fire_stills needs a folder of pictures; see its --help")
        return 0
    seen, cost_ms = look(asked.folder, FireVerifier(asked.weights), near=asked.closer)
    print(table(asked.folder, seen))
    print(f"{cost_ms:.1f} ms of one core a look, squeezing included")
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
