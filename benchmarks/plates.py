"""Which plates of a folder of pictures are found and read, and what one costs.

    .venv/bin/python benchmarks/plates.py FOLDER [--models DIR]

FOLDER holds pictures and a `plates.csv` or `labels.csv` with the columns file, plate, and if there are such kind and
rows. One picture is one look: the finder over the whole picture, both readers at three margins. A line per picture:
found, what was read, by which reader how often, whether one picture alone is enough to say it, and milliseconds. Then
how many of the ordinary one-row plates and of the special ones are read exactly.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from cameras.vision.plates.grammar import plain
from cameras.vision.plates.loaded import PlateNetworks, load_plates
from cameras.vision.plates.votes import Verdict, Votes
from config.machine import Machine
from hub.clock import SystemClock

_LEAST = 0.4
_ORDINARY = ("blue", "green", "yellow", "civil", "new_energy")


@dataclass(frozen=True, slots=True)
class _Result:
    found: int
    width_px: float
    verdict: Verdict | None
    find_ms: float
    read_ms: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--models", type=Path, default=Machine().models_folder, help="where `hub models fetch` put them"
    )
    given = parser.parse_args()
    networks = load_plates(given.models)
    table = next(given.folder / name for name in ("plates.csv", "labels.csv") if (given.folder / name).is_file())
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if (given.folder / row["file"]).is_file()]
    counts: dict[str, list[int]] = {"ordinary": [0, 0], "special": [0, 0]}
    found = said = 0
    print(
        f"{'picture':16} {'kind':20} {'plate':10} {'px':>4} {'read':10} {'':5} {'said':4} readers       find  read ms"
    )
    for row in rows:
        picture = cv2.imread(str(given.folder / row["file"]))
        if picture is None:
            continue
        result = _look(networks, np.asarray(picture, dtype=np.uint8), plain(row["plate"]))
        verdict = result.verdict
        kind = row.get("kind") or "blue"
        special = row.get("rows", "1") != "1" or kind.split()[0] not in _ORDINARY
        exact = verdict is not None and verdict.text == plain(row["plate"])
        right, alone = "exact" if exact else "", "yes" if verdict and verdict.agreed else ""
        found += verdict is not None
        said += exact and verdict is not None and verdict.agreed
        count = counts["special" if special else "ordinary"]
        count[0] += exact
        count[1] += 1
        text, agree = ("-", "") if verdict is None else (verdict.text, _words(verdict))
        print(
            f"{row['file']:16} {kind:20} {row['plate']:10} {result.width_px:4.0f} {text:10} {right:5}"
            f" {alone:4} {agree:20} {result.find_ms:5.0f} {result.read_ms:5.0f}"
        )
    print(f"found {found} of {len(rows)}; on one picture alone said {said}")
    for name, (well, of) in counts.items():
        print(f"{name}: {well} of {of} read exactly")


def _look(networks: PlateNetworks, picture: np.ndarray, wanted: str) -> _Result:
    """The plate that was asked for, where several are found; else the one that is read most surely."""
    clock = SystemClock()
    begun_s = clock.monotonic_s()
    plates = networks.find(picture, least=_LEAST)
    found_s = clock.monotonic_s()
    verdicts: list[tuple[float, Verdict]] = []
    for one in plates:
        votes = Votes()
        votes.add(networks.read(picture, one))
        verdict = votes.verdict()
        if verdict is not None:
            verdicts.append((one.width_px, verdict))
    read_s = clock.monotonic_s()
    verdicts.sort(key=lambda pair: (pair[1].text != wanted, -pair[1].score))
    width_px, best = verdicts[0] if verdicts else (0.0, None)
    reading_ms = (read_s - found_s) * 1000 / max(1, len(plates))
    return _Result(len(plates), width_px, best, (found_s - begun_s) * 1000, reading_ms)


def _words(verdict: Verdict) -> str:
    return " ".join(f"{reader} {times}" for reader, times in sorted(verdict.agree.items()))


if __name__ == "__main__":
    main()
