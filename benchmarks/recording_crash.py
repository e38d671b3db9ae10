"""How much of each camera is lost when the recording process is killed, and when the power is cut; and what then plays.

    python -m benchmarks.recording_crash [--rounds 20] [--cuts 20] [--cameras 16] [--seed 1] [--spinning] [--folder TMP]

Each round a process of its own records the cameras (some 400 kbit/s each, groups of two seconds, segments of a few
seconds so that borders are hit too) and meets its end at a moment of chance. `--rounds`: SIGKILL. `--cuts`: it records
onto an ext4 image over a loop device, and the file system is shut down without its journal being flushed
(EXT4_IOC_SHUTDOWN): what was not synced never reaches the device, as when the power goes; then it is mounted anew. That
needs root, else it is skipped. What was handed in up to that moment stands in shared memory. ffprobe plays every file
to its end as it was left, and again after the repair of the next start. Exits with 1 when more is lost than promised or
a file does not play.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pickle
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cameras.recordings.media import VIDEO_TICKS
from hub.clock import SystemClock
from tests.fakes.clips import write_clip
from tests.fakes.recording_process import Clip, Ledger, Left, left_of, recording
from tests.fakes.recordings import samples_in

CLOCK = SystemClock()
FPS = 15
KILL_MAY_LOSE_S = 1.0
CUT_MAY_LOSE_S = {"ssd": 2.0, "spinning": 10.0}
SEGMENT_S = 4.0
IMAGE_BYTES = 2**30
_EXT4_IOC_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = struct.pack("I", 2)


def make_clip(folder: Path) -> Clip:
    """Eight seconds of about 400 kbit/s, in groups of two seconds."""
    path = write_clip(
        folder / "clip.mp4", seconds=8, fps=FPS, width=320, height=180, moves_from_s=0, key_every=2 * FPS, grain=4.0
    )
    form, samples = samples_in(path)
    clip = Clip(form, samples, VIDEO_TICKS // FPS)
    (folder / "clip").write_bytes(pickle.dumps(clip))
    return clip


def _lives(chance: random.Random, ledger: Ledger, process: subprocess.Popen[bytes]) -> None:
    """Let the process record for a while of chance, counted from when all cameras do."""
    never = threading.Event()
    while min(ledger.read()) == 0.0:
        if process.poll() is not None:
            raise SystemExit("the recording process ended by itself")
        CLOCK.wait(never, 0.01)
    CLOCK.wait(never, chance.uniform(0.2, 6.0))


def kill(folder: Path, clip: Clip, *, cameras: int, chance: random.Random) -> list[Left]:
    """One SIGKILL."""
    disk, ledger = folder / "disk", Ledger(folder / "ledger", cameras)
    with recording(
        disk, folder / "data", folder.parent / "clip", ledger=folder / "ledger", cameras=cameras, segment_s=SEGMENT_S
    ) as process:
        _lives(chance, ledger, process)
        process.kill()
        process.wait()
    return left_of(disk, ledger.read(), clip)


def cut(folder: Path, clip: Clip, *, cameras: int, chance: random.Random, kind: str) -> list[Left]:
    """One power cut."""
    image, ledger = folder / "image", Ledger(folder / "ledger", cameras)
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    subprocess.run(("mkfs.ext4", "-q", str(image)), check=True)
    with (
        _mounted(image, folder / "mnt") as disk,
        recording(
            disk,
            folder / "data",
            folder.parent / "clip",
            ledger=folder / "ledger",
            cameras=cameras,
            segment_s=SEGMENT_S,
            kind=kind,
        ) as process,
    ):
        _lives(chance, ledger, process)
        if kind == "spinning":
            CLOCK.wait(threading.Event(), chance.uniform(5.0, 15.0))
        handle = os.open(disk, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.ioctl(handle, _EXT4_IOC_SHUTDOWN, _NO_LOG_FLUSH)
        handed_in_s = ledger.read()
        os.close(handle)
    with _mounted(image, folder / "mnt") as disk:
        return left_of(disk, handed_in_s, clip)


@contextmanager
def _mounted(image: Path, folder: Path) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    subprocess.run(("mount", "-o", "loop", str(image), str(folder)), check=True)
    try:
        yield folder
    finally:
        subprocess.run(("umount", str(folder)), check=True)


def _in_turn(folder: Path, once: Callable[[Path], list[Left]]) -> list[Left]:
    """Do it once, in a folder of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        return once(Path(name))


def report(name: str, rounds: Sequence[Sequence[Left]], *, may_lose_s: float) -> bool:
    """Print what was lost; whether it is what was promised."""
    left = [one for each in rounds for one in each]
    lost = sorted(one.lost_s for one in left)
    files = sum(one.files for one in left)
    plays, repaired = all(one.plays for one in left), all(one.plays_repaired for one in left)
    p95_s = lost[int(0.95 * (len(lost) - 1))]
    print(f"{name}: {len(rounds)} times, {len(left)} camera recordings, {files} files")
    print(f"  lost per camera: max {lost[-1]:.2f} s, p95 {p95_s:.2f} s, median {lost[len(lost) // 2]:.2f} s", end="")
    print(f" (promised: {may_lose_s:.0f} s)")
    said = f"{'yes' if plays else 'NO'} as it was left, {'yes' if repaired else 'NO'} repaired"
    print(f"  every file plays to its end: {said}", flush=True)
    # What a power cut leaves may end in the midst of a fragment; it has to play once it is repaired.
    return lost[-1] <= may_lose_s and repaired


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="kills")
    parser.add_argument("--cuts", type=int, default=20, help="power cuts")
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--spinning", action="store_true", help="power cuts with the profile of a spinning disk")
    parser.add_argument("--folder", type=Path, help="where to record; a temporary folder unless told")
    arguments = parser.parse_args()
    if shutil.which("ffprobe") is None:
        print("ffprobe is not installed: nothing can say what plays", file=sys.stderr)
        return 1
    chance = random.Random(arguments.seed)  # noqa: S311 - moments, no secrets
    kind = "spinning" if arguments.spinning else "ssd"
    good = True
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        clip = make_clip(folder)
        size = sum(len(one.data) for one in clip.samples) * 8 / 1000 / 8
        print(f"{arguments.cameras} cameras, {size:.0f} kbit/s each", flush=True)
        killed = [
            _in_turn(folder, lambda place: kill(place, clip, cameras=arguments.cameras, chance=chance))
            for _ in range(arguments.rounds)
        ]
        if killed:
            good = report("killed (SIGKILL)", killed, may_lose_s=KILL_MAY_LOSE_S)
        if arguments.cuts and (os.geteuid() != 0 or shutil.which("mkfs.ext4") is None):
            print("power cuts are skipped: they need root and mkfs.ext4")
        else:
            cuts = [
                _in_turn(folder, lambda place: cut(place, clip, cameras=arguments.cameras, chance=chance, kind=kind))
                for _ in range(arguments.cuts)
            ]
            if cuts:
                good = report(f"power cut ({kind})", cuts, may_lose_s=CUT_MAY_LOSE_S[kind]) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
