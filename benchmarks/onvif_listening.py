"""What it costs to listen to many cameras over ONVIF: `python -m benchmarks.onvif_listening [CAMERAS] [SECONDS]`.

The cameras are those of the tests, in a process of their own; this one runs what a worker runs. Two halves: nothing
happens, and every camera tells motion every ten seconds. Counted is the processor time of this process alone. Both are
measured with cameras that close the connection after each answer, and then with such that keep it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from cameras.running.noticing import Noticing
from cameras.running.task import Task
from config.community import Camera, Stream
from config.onvif import Onvif
from config.secrets import Secret
from hub.clock import SystemClock
from hub.events import Event
from hub.networks import Allowed
from tests.fakes.onvif_camera import OnvifCamera

_TELL_EVERY_S = 10.0


def serve(count: int, keeps: int) -> None:
    """Run cameras until standard input closes; a line on it makes them tell motion from then on."""
    clock = SystemClock()
    stopping = threading.Event()
    with ExitStack() as stack:
        cameras = [stack.enter_context(OnvifCamera(login="token", keeps=keeps)) for _ in range(count)]
        sys.stdout.write(json.dumps([camera.url for camera in cameras]) + "\n")
        sys.stdout.flush()
        sys.stdin.readline()

        def tell() -> None:
            moving = True
            while not stopping.is_set():
                for camera in cameras:
                    camera.tell("VideoSource/MotionAlarm", {"State": str(moving).lower()}, {"VideoSource": "1"})
                    clock.wait(stopping, _TELL_EVERY_S / count)
                moving = not moving

        threading.Thread(target=tell, daemon=True).start()
        sys.stdin.read()
        stopping.set()


def _task(number: int, url: str) -> Task:
    onvif = Onvif(url=url, username="hub", password=Secret("s3cret"))
    camera = Camera(id=f"cam-{number}", site="village", main=Stream(url="rtsp://192.0.2.1/"), onvif=onvif)
    return Task(camera, None)


def _measure(name: str, seconds: float, events: Sequence[Event]) -> None:
    clock = SystemClock()
    before, came = resource.getrusage(resource.RUSAGE_SELF), len(events)
    begun_s = clock.monotonic_s()
    clock.wait(threading.Event(), seconds)
    after, took_s = resource.getrusage(resource.RUSAGE_SELF), clock.monotonic_s() - begun_s
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{name}: {100 * cpu_s / took_s:.2f} % of a core, {(len(events) - came) / took_s:.1f} events a second, "
        f"{after.ru_maxrss // 1024} MiB at most"
    )


def main() -> None:
    """Measure, and print it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 159
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0  # noqa: PLR2004 - the second of two
    for keeps, words in ((1, "which close each connection"), (1_000_000, "which keep it open")):
        print(f"{count} cameras {words}")
        _listen(count, seconds, keeps)


def _listen(count: int, seconds: float, keeps: int) -> None:
    cameras = subprocess.Popen(
        [sys.executable, "-c", f"from benchmarks.onvif_listening import serve; serve({count}, {keeps})"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
        text=True,
    )
    assert cameras.stdin is not None
    assert cameras.stdout is not None
    urls = json.loads(cameras.stdout.readline())
    events: list[Event] = []
    made = Noticing(Allowed.of(("loopback",)), SystemClock(), emit=events.extend, answer=lambda _moved: None)
    for number, url in enumerate(urls):
        made.assign(_task(number, url))
    SystemClock().wait(threading.Event(), 10.0)
    if troubles := sum(bool(made.troubles(f"cam-{number}")) for number in range(count)):
        print(f"{troubles} of them in trouble")
    _measure("  nothing happens", seconds, events)
    cameras.stdin.write("\n")
    cameras.stdin.flush()
    _measure(f"  each tells motion every {_TELL_EVERY_S:g} s", seconds, events)
    made.stop()
    cameras.stdin.close()
    cameras.wait()


if __name__ == "__main__":
    main()
