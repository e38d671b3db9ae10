"""What receiving RTSP costs: the reading loop against FFmpeg with a thread for each camera.

    python -m benchmarks.reading [--cameras 40 159] [--seconds 30]

Cameras of 640x360 at 10 pictures a second, a tenth of them busy, from a farm in a process of its own. A process for
each of the two ways reads all of them and does nothing with what comes, one after the other on the same farm. Told
per camera: processor time (which hardly depends on what else the machine does), and of the process: threads, resident
memory before and after, how long until all were open, and how many of the pictures came that were sent meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.farm.cameras import CameraFarm, FarmClips
from cameras.health import Health
from cameras.streams.packet_queue import Opened, StreamItem
from cameras.streams.packets import Packet, SoundPacket
from cameras.streams.rtsp.loop import Loop
from cameras.streams.sources import Sources
from config.community import Stream
from hub.clock import SystemClock
from tests.fakes.clips import write_clip

CLOCK = SystemClock()
NEVER = threading.Event()
PATIENCE_S = 90.0
SETTLE_S = 5.0
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Row:
    """What one way of reading cost.

    Attributes:
        reader: `ffmpeg` or `loop`.
        cameras: How many.
        cpu_pct: Percent of a core per camera.
        threads: Of the process.
        memory_mb: Of the process, resident.
        before_mb: The same, before the first camera.
        open_s: Until all were open.
        packets_s: That came, in a second; ten a camera were sent.
    """

    reader: str
    cameras: int
    cpu_pct: float
    threads: int
    memory_mb: float
    before_mb: float
    open_s: float
    packets_s: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What receiving RTSP costs.")
    parser.add_argument("--cameras", type=int, nargs="+", default=[40, 159])
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each is measured")
    parser.add_argument("--rounds", type=int, default=1, help="how often both take their turn")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--read", nargs=2, metavar=("READER", "URLS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        print(json.dumps(asdict(read(*arguments.read, seconds=arguments.seconds))))
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before")
    print("cameras  reader   % of a core per camera   threads   memory (before)   all open   came / sent a second")
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = _clips(folder)
        for count in arguments.cameras:
            with CameraFarm(clips, cameras=count, busy=round(count / 10), folder=folder) as farm:
                urls = folder / "urls.json"
                urls.write_text(json.dumps([farm.urls(camera)["main"] for camera in farm.ids]), encoding="utf-8")
                for _ in range(arguments.rounds):
                    pair = [_measured(reader, urls, arguments.seconds) for reader in ("ffmpeg", "loop")]
                    rows += pair
                    print(f"         ratio    {pair[0].cpu_pct / pair[1].cpu_pct:.1f}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=2), encoding="utf-8")


def _clips(folder: Path) -> FarmClips:
    still = write_clip(folder / "still.mp4", seconds=20, width=640, height=360, key_every=20, grain=2.0)
    busy = write_clip(folder / "busy.mp4", seconds=20, width=640, height=360, key_every=20, grain=2.0, moves_from_s=0.0)
    return FarmClips([still], [busy])


def _measured(reader: str, urls: Path, seconds: float) -> Row:
    """In a process of its own."""
    command = [sys.executable, "-m", "benchmarks.reading", "--seconds", str(seconds), "--read", reader, str(urls)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[1])
    row = Row(**json.loads(done.stdout.splitlines()[-1]))
    came = f"{row.packets_s:.0f} of {row.cameras * 10}"
    print(
        f"{row.cameras:7}  {row.reader:7}  {row.cpu_pct:22.3f}   {row.threads:7}"
        f"   {row.memory_mb:6.0f} MB ({row.before_mb:.0f})   {row.open_s:6.1f} s   {came}",
        flush=True,
    )
    return row


def read(reader: str, urls: str, *, seconds: float) -> Row:
    """Read all of them for so long."""
    addresses = json.loads(Path(urls).read_text(encoding="utf-8"))
    loop = Loop(CLOCK) if reader == "loop" else None
    before_mb = _memory_mb()
    if loop is not None:
        loop.start()
    sources = Sources(CLOCK, loop=loop)
    counts = {"opened": 0, "packets": 0}

    def put(item: StreamItem | SoundPacket) -> None:
        if isinstance(item, Packet):
            counts["packets"] += 1
        elif isinstance(item, Opened):
            counts["opened"] += 1

    readers = [
        sources.reader(f"cam-{number}", Stream(url=url), put=put, health=Health(CLOCK))
        for number, url in enumerate(addresses)
    ]
    began_s = CLOCK.monotonic_s()
    for each in readers:
        each.start()
    while counts["opened"] < len(addresses):
        if CLOCK.monotonic_s() - began_s > PATIENCE_S:
            raise SystemExit(f"{len(addresses) - counts['opened']} of {len(addresses)} did not open")
        CLOCK.wait(NEVER, 0.1)
    open_s = CLOCK.monotonic_s() - began_s
    CLOCK.wait(NEVER, SETTLE_S)
    cpu_s, came, at_s = sum(os.times()[:2]), counts["packets"], CLOCK.monotonic_s()
    CLOCK.wait(NEVER, seconds)
    lasted_s = CLOCK.monotonic_s() - at_s
    row = Row(
        reader=reader,
        cameras=len(addresses),
        cpu_pct=100 * (sum(os.times()[:2]) - cpu_s) / lasted_s / len(addresses),
        threads=threading.active_count(),
        memory_mb=_memory_mb(),
        before_mb=before_mb,
        open_s=open_s,
        packets_s=(counts["packets"] - came) / lasted_s,
    )
    for each in readers:
        each.stop(timeout_s=0.0)
    if loop is not None:
        loop.stop()
    return row


def _memory_mb() -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES / 1e6


if __name__ == "__main__":
    main()
