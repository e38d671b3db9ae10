"""Draws the scenes: `python -m cameras.scenes FOLDER [--seconds N]`.

A program of its own because the hub's process never loads OpenCV. Writes one line of JSON to standard output: per scene
the file, and the zones that belong into its picture.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from cameras.scenes.encoding import build_scenes
from cameras.scenes.road import LANE


def main() -> None:
    """Draw what is not there yet and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m cameras.scenes", description=__doc__)
    parser.add_argument("folder", type=Path, help="cache folder for the files")
    parser.add_argument("--seconds", type=float, default=75.0, help="length of each scene")
    arguments = parser.parse_args()
    files = build_scenes(arguments.folder, seconds=arguments.seconds)
    zones = {"road": {"lane": [[round(share, 4) for share in point] for point in LANE]}}
    answer = {name: {"file": str(path), "zones": zones.get(name, {})} for name, path in files.items()}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
