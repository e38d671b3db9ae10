"""What a covered copy costs: CPU seconds for each second of video, by what is covered.

.venv/bin/python benchmarks/blurring.py VIDEO [--models DIR]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from pathlib import Path

import av

from cameras.blurring.copying import What, copy_covered
from cameras.blurring.coverings import covering_of
from config.machine import Machine

_KINDS: tuple[tuple[What, ...], ...] = ((), ("faces",), ("plates",), ("faces", "plates"))


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument(
        "--models", type=Path, default=Machine().models_folder, help="where `hub models fetch` put them"
    )
    given = parser.parse_args()
    with av.open(str(given.video)) as source:
        stream = source.streams.video[0]
        print(f"{given.video.name}: {stream.width}x{stream.height}, {float(stream.average_rate or 0):.0f} a second")
    for words in _KINDS:
        covering = covering_of(words, given.models, None)
        with tempfile.TemporaryDirectory() as folder:
            began_s = _cpu_s()
            done = copy_covered(given.video, Path(folder) / "copy.mp4", covering)
            took_s = _cpu_s() - began_s
        what = ", ".join(words) or "written anew alone"
        cost = took_s / max(done.duration_s, 1e-3)
        print(f"{what:20} {cost:5.2f} CPU s a second, found in {done.covered} of {done.pictures}")


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
