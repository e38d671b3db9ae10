"""What freezing the evidence of an incident costs, and what a download of it keeps in memory.

    python -m benchmarks.evidence [--cameras 8] [--mbit 4]

Each camera has five minutes of a main stream in one segment, of random bytes in real fragments; an alert wants half a
minute of each. Then every file is checked, and the .zip is read to its end.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cameras.recordings.evidence.bundle import Bundle, Packed
from cameras.recordings.evidence.freezing import freeze
from cameras.recordings.evidence.manifest import Item, Manifest, sealed
from cameras.recordings.evidence.signing import key_of
from cameras.recordings.evidence.verifying import verify
from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.keeping.holdings import Holdings
from cameras.recordings.keeping.removing import Removing
from cameras.recordings.keeping.shelves import Shelves
from cameras.recordings.media import (
    VIDEO_TICKS,
    Because,
    Format,
    Mark,
    Sample,
    SegmentHead,
    StreamName,
    VideoFormat,
)
from cameras.recordings.mp4.closing import closing_bytes
from cameras.recordings.mp4.fragments import fragment_bytes
from cameras.recordings.mp4.header import init_bytes
from cameras.recordings.mp4.index import read_segment
from cameras.recordings.mp4.naming import usual_path
from cameras.recordings.playback.cutting import cut_out
from config.machine import Disk
from hub.clock import SystemClock
from hub.store.database import Database, sqlite_url

BEGAN = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
FPS, SECONDS, GOP_S = 25, 300, 2
FORM = Format(VideoFormat("h264", 2560, 1440, bytes.fromhex("0164001effe1")))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--mbit", type=float, default=4.0)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), wanted.cameras, wanted.mbit)


def measure(folder: Path, cameras: int, mbit: float) -> None:
    """Record, freeze, check, download and delete in `folder`."""
    disk = folder / "recordings"
    disk.mkdir()
    (folder / "memory").mkdir()
    database = Database(sqlite_url(folder / "data"))
    database.start()
    catalog = Catalog(database, {"data": disk})
    for number in range(cameras):
        _record(catalog, disk, f"cam-{number}", mbit)
    frozen, since, until = folder / "evidence", BEGAN + timedelta(seconds=140), BEGAN + timedelta(seconds=170)
    items: list[Item] = []
    tracemalloc.start()
    began, cpu = time.perf_counter(), time.process_time()
    for number in range(cameras):
        items += freeze(catalog, frozen, camera=f"cam-{number}", since=since, until=until, have=items).items
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = sum(each.size_bytes for each in items)
    print(f"{cameras} cameras of {mbit:g} Mbit/s, half a minute each: {size / 1e6:.0f} MB")
    print(f"frozen in {wall_s:.2f} s wall, {cpu_s:.2f} s CPU; {peak / 1e6:.1f} MB of memory at most")
    key = key_of(folder / "data")
    done = sealed(Manifest(1, until, "benchmark", {}, {}, files=tuple(items)), key)
    (frozen / "manifest-1.json").write_bytes(done.content)
    (frozen / "manifest-1.json.sig").write_bytes(done.signature)
    began = time.perf_counter()
    assert verify(frozen, key=key.fingerprint).is_good
    print(f"checked in {time.perf_counter() - began:.2f} s")
    tracemalloc.start()
    began = time.perf_counter()
    bundle = Bundle(
        [Packed(each.name, frozen / each.name, each.size_bytes, each.about["crc32"]) for each in items],
        made=until,
        tag="",
    )
    total = sum(len(piece) for piece in bundle.read())
    print(f"read as .zip ({total / 1e6:.0f} MB) in {time.perf_counter() - began:.2f} s", end="")
    print(f", {tracemalloc.get_traced_memory()[1] / 1e6:.1f} MB of memory at most")
    tracemalloc.stop()
    shelves = Shelves([Disk(id="data", path=disk)], memory=folder / "memory", clock=SystemClock())
    removing = Removing(Holdings(database), shelves)
    began = time.perf_counter()
    cut = cut_out(catalog, removing, camera="cam-0", since=since, until=until)
    print(f"half a minute deleted from five ({cut.size_bytes / 1e6:.1f} MB) in {time.perf_counter() - began:.2f} s")
    print(f"process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB at most")
    database.stop()


def _record(catalog: Catalog, disk: Path, camera: str, mbit: float) -> None:
    """Five minutes of a camera, as a worker writes them."""
    head = SegmentHead(f"{camera:_<22}", "site", camera, StreamName.MAIN, BEGAN, Because.STARTED)
    pixels = random.Random(camera).randbytes(round(mbit * 1e6 / 8 / FPS))  # noqa: S311 - any bytes will do
    data, marks, ticks = init_bytes(FORM, head), [], VIDEO_TICKS // FPS
    path = disk / usual_path(head)
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.write(data)
        for second in range(SECONDS):
            first = second * FPS
            samples = [
                Sample(pixels, n * ticks, n * ticks, second % GOP_S == 0 and n == first, is_sound=False, at=BEGAN)
                for n in range(first, first + FPS)
            ]
            made = fragment_bytes(second + 1, FORM, samples, ends_dts=(first + FPS) * ticks, begins=(0, 0))
            marks.append(Mark(second * 1000, 1000, file.tell(), len(made), second % GOP_S == 0))
            file.write(made)
        file.write(closing_bytes(marks, drift_ms=0, because=Because.ROLLED))
    catalog.keep_all([read_segment(disk, usual_path(head), disk="data")], timeout_s=10)


if __name__ == "__main__":
    main()
