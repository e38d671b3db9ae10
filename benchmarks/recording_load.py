"""What recording a village costs one process: 159 streams of 400 kbit/s, as packets, at their own pace.

    python -m benchmarks.recording_load [--seconds 60] [--streams 159] [--kbit 400] [--spinning] [--folder TMP]

Packets of H.264 come from a generator (one encoded clip, over and over, each stream out of step with the others) and go
through what a worker has: sampler, recorder, writer, syncs. The generator's own processor time is measured apart, by
running it alone, and taken off. At the end every stream's files are counted against what was handed in. Exits with 1
when a picture is missing or a fragment was dropped.
"""

from __future__ import annotations

import argparse
import heapq
import resource
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av

from cameras.errors import SourceProblem
from cameras.recordings.media import Segment, StreamName
from cameras.recordings.mp4.index import read_segment
from cameras.recordings.mp4.sampler import Sampler
from cameras.recordings.writing.disks import Disks
from cameras.recordings.writing.recorder import StreamRecorder
from cameras.streams.packets import Packet, StreamInfo
from config.machine import Disk
from hub.clock import SystemClock
from tests.fakes.clips import write_clip

CLOCK = SystemClock()
FPS = 15
CLIP_S = 8
_GRAIN_PER_KBIT = 4.2 / 600.0


@dataclass(slots=True)
class Peak:
    """The most that was seen.

    Attributes:
        waiting_bytes: In the writer's queue.
        late_s: That a packet was handed in after its time.
    """

    waiting_bytes: int = 0
    late_s: float = 0.0


def packets_of(folder: Path, kbit: int) -> tuple[StreamInfo, list[Packet]]:
    """Eight seconds of packets in groups of two seconds, as RTSP brings them, of about so many kbit/s."""
    path = write_clip(
        folder / "clip.ts",
        seconds=CLIP_S,
        fps=FPS,
        width=320,
        height=180,
        moves_from_s=0,
        key_every=2 * FPS,
        grain=1.0 + kbit * _GRAIN_PER_KBIT,
    )
    found: list[Packet] = []
    with av.open(str(path)) as container:
        info = StreamInfo("h264", 320, 180, FPS)
        for raw in container.demux(video=0):
            if raw.size:
                number = len(found)
                at_s, now = number / FPS, datetime.fromtimestamp(0, UTC)
                data: Any = raw
                found.append(Packet(number, at_s, at_s, now, raw.is_keyframe, raw.size, data, dts_s=at_s))
    return info, found


def generate(clip: Sequence[Packet], takers: Sequence[Callable[[Packet], None]], seconds: float, peak: Peak) -> int:
    """Hand every taker its packets at their times; how many each got."""
    never = threading.Event()
    begun_s = CLOCK.monotonic_s()
    many = round(seconds * FPS)
    due = [(begun_s + 2.0 * number / len(takers), number, 0) for number in range(len(takers))]
    heapq.heapify(due)
    while due:
        at_s, number, picture = heapq.heappop(due)
        wait_s = at_s - CLOCK.monotonic_s()
        if wait_s > 0:
            CLOCK.wait(never, wait_s)
        else:
            peak.late_s = max(peak.late_s, -wait_s)
        stream_s = picture / FPS
        packet = replace(
            clip[picture % len(clip)], number=picture, pts_s=stream_s, stream_s=stream_s, dts_s=stream_s, at=CLOCK.now()
        )
        takers[number](packet)
        if picture + 1 < many:
            heapq.heappush(due, (at_s + 1 / FPS, number, picture + 1))
    return many


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _written_bytes() -> int:
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("write_bytes")).split()[1])


def _rss_mib() -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 2**20


def record(folder: Path, info: StreamInfo, clip: Sequence[Packet], arguments: argparse.Namespace) -> bool:
    """Record, print what it took, and say whether nothing is missing."""
    closed: list[Segment] = []
    disk = Disk(id="data", path=folder / "disk", kind="spinning" if arguments.spinning else "ssd", keep_free_pct=0)
    disks = Disks([disk], data=folder, queue_bytes=64 * 2**20, clock=CLOCK)
    disks.start()
    recorders = [
        StreamRecorder(
            site="hall",
            camera=f"cam-{number}",
            stream=StreamName.SUB,
            disks=disks,
            clock=CLOCK,
            on_segment=lambda segment: None if segment.is_open else closed.append(segment),
        )
        for number in range(arguments.streams)
    ]
    samplers = [Sampler([recorder], CLOCK) for recorder in recorders]
    for sampler in samplers:
        sampler.opened(info)
    peak, done = Peak(), threading.Event()

    def watch() -> None:
        while not CLOCK.wait(done, 0.1):
            peak.waiting_bytes = max(peak.waiting_bytes, disks.writers[0].waiting_bytes)

    watcher = threading.Thread(target=watch)
    alone_s = _cpu_s()
    generate(clip, [lambda _: None] * arguments.streams, 10.0, Peak())
    alone = (_cpu_s() - alone_s) / 12.0
    before_mib, cpu_s, written, begun_s = _rss_mib(), _cpu_s(), _written_bytes(), CLOCK.monotonic_s()
    watcher.start()
    pictures = generate(clip, [sampler.take for sampler in samplers], arguments.seconds, peak)
    took_s = CLOCK.monotonic_s() - begun_s
    cpu_share, rss_mib = (_cpu_s() - cpu_s) / took_s, _rss_mib()
    for sampler, recorder in zip(samplers, recorders, strict=True):
        sampler.broke(CLOCK.now(), SourceProblem.ENDED)
        recorder.stop()
    disks.stop(timeout_s=60.0)
    written = _written_bytes() - written
    done.set()
    watcher.join()
    missing = _missing(folder / "disk", closed, arguments.streams, pictures)
    (status,) = disks.status()
    media = sum(segment.size_bytes for segment in closed)
    rate = sum(one.size_bytes for one in clip) * 8 / 1000 / CLIP_S
    dropped = sum(recorder.status.dropped for recorder in recorders)
    marks = sum(len(segment.marks) for segment in closed)
    for line in (
        f"{arguments.streams} streams of {rate:.0f} kbit/s for {took_s:.0f} s",
        f"  kept {media / 2**20:.0f} MiB in {len(closed)} files, {marks} fragments",
        f"  processor {100 * (cpu_share - alone):.0f} % of a core (and {100 * alone:.0f} % for the generator)",
        f"  memory {rss_mib:.0f} MiB, {rss_mib - before_mib:.0f} more than before",
        f"  written to the disk {written / 2**20 / took_s:.1f} MiB/s, {written / media:.2f} of what is kept",
        f"  {status.syncs} syncs, the longest {status.longest_sync_s:.2f} s",
        f"  longest write {status.longest_write_s:.2f} s; {peak.waiting_bytes / 2**20:.1f} MiB waited at most",
        f"  packets up to {peak.late_s:.2f} s late; missing pictures {missing}, dropped fragments {dropped}",
    ):
        print(line, flush=True)
    return missing == dropped == 0


def _missing(folder: Path, closed: Sequence[Segment], streams: int, pictures: int) -> int:
    """Pictures that were handed in and are in no file, by what the files themselves say."""
    recorded = dict.fromkeys((f"cam-{number}" for number in range(streams)), 0)
    for segment in closed:
        there = read_segment(folder, segment.path, disk="data")
        recorded[segment.head.camera] += round(there.duration_ms * FPS / 1000)
    return sum(pictures - count for count in recorded.values())


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--streams", type=int, default=159)
    parser.add_argument("--kbit", type=int, default=400)
    parser.add_argument("--spinning", action="store_true", help="with the profile of a spinning disk")
    parser.add_argument("--folder", type=Path, help="where to record; a temporary folder unless told")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        info, clip = packets_of(Path(name), arguments.kbit)
        return 0 if record(Path(name), info, clip, arguments) else 1


if __name__ == "__main__":
    sys.exit(main())
