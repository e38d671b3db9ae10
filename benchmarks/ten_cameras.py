"""What ten cameras cost on one core: `python -m benchmarks.ten_cameras`.

Ten cameras of 640x360 at 10 frames per second come over real RTSP into one real worker that may use one core; the RTSP
server may not use it. Prints, for scenes in which nothing moves and in which something always does, the processor time
per camera (percent of one core, everything in the worker), its memory, and what was dropped.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from cameras.health import CameraState
from cameras.link import CameraStatus
from cameras.streams.serving import VideoServer
from cameras.supervisor import Supervisor
from config.community import Camera, Community, Stream
from config.machine import Machine, Workers
from config.networks import Networks
from hub.clock import SystemClock
from tests.fakes.clips import write_clip

CLOCK = SystemClock()
NEVER = threading.Event()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="CPU and memory per camera.")
    parser.add_argument("--cameras", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long is measured")
    parser.add_argument("--models", type=Path, help="folder of the object models; without it nothing is recognised")
    parser.add_argument("--clip", type=Path, help="an H.264 MP4 to show in place of the drawn ones")
    arguments = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    print(f"{arguments.cameras} cameras, worker on core {cores[0]}, everything else on {cores[1:] or cores}")
    with tempfile.TemporaryDirectory() as folder:
        clips = Path(folder)
        if arguments.clip:
            shutil.copy(arguments.clip, clips)
            scenes = {arguments.clip.stem: arguments.clip.name}
        else:
            draw(clips / "idle.mp4", moves_from_s=None)
            draw(clips / "moving.mp4", moves_from_s=0.0)
            scenes = {"idle": "idle.mp4", "moving": "moving.mp4"}
        os.sched_setaffinity(0, cores[1:] or cores)
        with VideoServer(clips) as server:
            for scene, name in scenes.items():
                measure(scene, server.url(name), arguments, core=cores[0], folder=clips)


def draw(path: Path, *, moves_from_s: float | None) -> None:
    """A clip with a key frame every 2 s and a sensor's noise."""
    write_clip(path, seconds=20, width=640, height=360, key_every=20, grain=2.0, moves_from_s=moves_from_s)


def measure(scene: str, url: str, arguments: argparse.Namespace, *, core: int, folder: Path) -> None:
    """Run the cameras on one clip and print what they cost."""
    machine = Machine(
        data=folder,
        models=arguments.models or folder / "no models",
        workers=Workers(count=1, linger_s=0),
        networks=Networks(cameras=("loopback",)),
    )
    events: list[object] = []
    supervisor = Supervisor(machine, CLOCK, events.extend)
    supervisor.start()
    wait_for(lambda: supervisor.workers()[0].rss_bytes > 0, "the worker")
    pid = supervisor.workers()[0].pid
    assert pid is not None
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})
    idle_rss = supervisor.workers()[0].rss_bytes
    cameras = tuple(
        Camera(id=f"camera-{number}", site="bench", main=Stream(url=url)) for number in range(arguments.cameras)
    )
    supervisor.apply(Community(cameras=cameras))
    wait_for(lambda: all(each.state is CameraState.LIVE for each in supervisor.status()), "all cameras live")
    CLOCK.wait(NEVER, 20.0)  # longer than a quiet camera takes to fall asleep
    before, cpu_s, begun_s = supervisor.status(), supervisor.workers()[0].cpu_s, CLOCK.monotonic_s()
    CLOCK.wait(NEVER, arguments.seconds)
    after, worker, took_s = supervisor.status(), supervisor.workers()[0], CLOCK.monotonic_s() - begun_s
    supervisor.stop()

    def grown(count: Callable[[CameraStatus], int]) -> int:
        return sum(map(count, after)) - sum(map(count, before))

    share = (worker.cpu_s - cpu_s) / took_s * 100
    print(
        f"{scene:8} {share / len(cameras):5.2f} % of a core per camera ({share:5.1f} % together), "
        f"{worker.rss_bytes / 1e6:4.0f} MB ({(worker.rss_bytes - idle_rss) / len(cameras) / 1e6:.1f} MB per camera); "
        f"per camera and second: {grown(lambda each: each.packets) / len(cameras) / took_s:.1f} packets, "
        f"{grown(lambda each: each.decoded) / len(cameras) / took_s:.1f} decoded, "
        f"{grown(lambda each: each.analysed) / len(cameras) / took_s:.1f} analysed; "
        f"dropped {grown(lambda each: each.dropped)}, wakes {grown(lambda each: each.wakes)}, events {len(events)}"
    )


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait for a minute at most."""
    end_s = CLOCK.monotonic_s() + 60
    while not condition():
        if CLOCK.monotonic_s() > end_s:
            raise SystemExit(f"{what} did not come up")
        CLOCK.wait(NEVER, 0.1)


if __name__ == "__main__":
    main()
