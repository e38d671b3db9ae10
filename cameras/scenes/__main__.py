"""Draws the scenes: `python -m cameras.scenes FOLDER [--seconds N]`.

A program of its own because the hub's process never loads OpenCV. Writes lines of JSON to standard output:
`{"drawing": NAME}` before each scene that has to be drawn, and last, per scene, its file and the zones for its picture.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from pathlib import Path

from cameras.scenes.encoding import build_scenes
from cameras.scenes.road import LANE


def main() -> None:
    """Draw what is not there yet and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m cameras.scenes", description=__doc__)
    parser.add_argument("folder", type=Path, help="cache folder for the files")
    parser.add_argument("--seconds", type=float, default=75.0, help="length of each scene")
    parser.add_argument("--tied", action="store_true", help="end when standard input closes, as a parent's death does")
    arguments = parser.parse_args()
    if arguments.tied:
        threading.Thread(target=_watch_parent, daemon=True).start()
    files = build_scenes(arguments.folder, seconds=arguments.seconds, on_drawing=lambda name: _say({"drawing": name}))
    zones = {"road": {"lane": [[round(share, 4) for share in point] for point in LANE]}}
    answer = {name: {"file": str(path), "zones": zones.get(name, {})} for name, path in files.items()}
    _say({"scenes": answer})


def _say(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _watch_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # nothing is ever written: it returns at the end
    os._exit(1)


if __name__ == "__main__":
    main()
