"""What watching costs: the wall of live pictures in a browser, and the hub that feeds it.

    python -m benchmarks.wall [--cameras 16] [--seconds 60] [--size 3840x2160] [--picture wall.png]

A hub as it is run (`hub run`) records cameras of the farm, each with a main stream of 640x360 at 10 pictures a second
and a sub stream of 640x360 at 15. Told of hub and workers: processor time while nobody watches, and while Debian's
Chromium (headless, beside them on the same machine) shows the sub streams of all on the wall; the difference is what
watching costs. Of each tile: when its first picture was shown, counted from the opening of the page, and how far its
pictures are behind the moment at which the camera sent them, by the numbers in the pictures. Processor times of the hub
hold on a busy machine too, for they are its own; those of the browser and the delays do not. Ends with 1 where the hub
needs a core or more.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.capacity import Running, clips, cpu_s, hub_on
from benchmarks.farm.cameras import CameraFarm, FarmClips
from hub.access import Role
from hub.clock import SystemClock
from hub.store.database import Database, sqlite_url
from hub.store.people.accounts import Accounts
from tests.browser.browsing import DESK, PROGRAM, Visit, chromium
from tests.fakes.numbered import READ_NUMBER, Tap, write_numbered

CLOCK = SystemClock()
NEVER = threading.Event()
FPS = 15
PICTURES = 40 * FPS
SETTLE_S = 40.0
PATIENCE_S = 120.0
LOOKS_MS = 4_000
ONE_CORE = 100.0
NAME, PASSWORD = "bench", "three words and a river"

FIRST_SHOWN = """window.firstShown = {};
new MutationObserver(() => {
  for (const video of document.querySelectorAll('.tile[data-camera] video')) {
    const { camera } = video.closest('.tile').dataset;
    if (camera in window.firstShown) continue;
    window.firstShown[camera] = null;
    video.requestVideoFrameCallback(() => { window.firstShown[camera] = performance.now(); });
  }
}).observe(document, { childList: true, subtree: true });"""
SHOWN = """async () => {
  const all = [...document.querySelectorAll('.tile[data-camera] video')].map(async (video) => {
    const read = (%s)(video);
    const reads = [];
    const until = performance.now() + %d;
    while (performance.now() < until) {
      await new Promise((done) => video.requestVideoFrameCallback(done));
      reads.push([read(), performance.timeOrigin + performance.now()]);
    }
    return [video.closest('.tile').dataset.camera, video.videoWidth, reads];
  });
  return Promise.all(all);
}"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor time of a while, percent of one core.

    Attributes:
        hub: The hub's own process.
        workers: Those of the cameras.
        browser: All of Chromium's.
    """

    hub: float
    workers: float
    browser: float


class TappedFarm(CameraFarm):
    """A farm whose sub streams go by a tap each, which knows when a picture was sent."""

    def __init__(self, given: FarmClips, *, cameras: int, folder: Path) -> None:
        """Plan so many cameras, a tenth of them busy."""
        super().__init__(given, cameras=cameras, busy=round(cameras / 10), folder=folder)
        self.taps: dict[str, Tap] = {}

    def tap(self, stack: ExitStack) -> None:
        """Put a tap before each sub stream, until `stack` ends."""
        for name in self.ids:
            port = int(super().urls(name)["sub"].split(":")[2].partition("/")[0])
            self.taps[name] = stack.enter_context(Tap(port, fps=FPS))

    def urls(self, camera: str) -> dict[str, str]:
        """The addresses of its streams."""
        return {**super().urls(camera), "sub": f"rtsp://127.0.0.1:{self.taps[camera].port}/{camera}/sub"}


def main() -> int:
    """Measure and print; gives the status to end with."""
    parser = argparse.ArgumentParser(description="The wall of live pictures.")
    parser.add_argument("--cameras", type=int, default=16, help="tiles on the wall, at most 25")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each half is measured")
    parser.add_argument("--size", type=size, default=DESK, metavar="WIDTHxHEIGHT", help="of the screen, pixels")
    parser.add_argument("--picture", type=Path, help="where a PNG of the wall as it was watched is written")
    arguments = parser.parse_args()
    if PROGRAM is None:
        print("no Chromium on this machine (apt-get install chromium)")
        return 0
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} before")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        return measure(Path(folder), stack, arguments)


def size(text: str) -> tuple[int, int]:
    """Width and height as they are written: `3840x2160`."""
    width, height = text.split("x")
    return int(width), int(height)


def measure(folder: Path, stack: ExitStack, asked: argparse.Namespace) -> int:
    """One hub, first alone and then watched."""
    cameras: int = asked.cameras
    seconds: float = asked.seconds
    sub = write_numbered(folder / "sub.mp4", seconds=PICTURES / FPS, fps=FPS, width=640, height=360, grain=3.0)
    print(f"sub streams of {sub.stat().st_size * 8 / PICTURES * FPS / 1000:.0f} kbit/s")
    made = clips(folder)
    farm = stack.enter_context(TappedFarm(FarmClips(made.quiet, made.busy, [sub]), cameras=cameras, folder=folder))
    farm.tap(stack)
    sign_up(folder / "data")
    hub = stack.enter_context(hub_on(folder, farm))
    await_all(hub, cameras)
    CLOCK.wait(NEVER, SETTLE_S)
    alone = cost(hub, seconds)
    browser = stack.enter_context(chromium())
    somebody = Visit(browser, hub.url, size=asked.size, language="en")
    stack.callback(somebody.close)
    somebody.page.add_init_script(FIRST_SHOWN)
    somebody.sign_in(NAME, PASSWORD, "/desk/tours")
    page = somebody.open(f"/desk/wall/2#{','.join(farm.ids)}")
    page.wait_for_function(
        f"() => Object.values(window.firstShown).filter(Boolean).length === {cameras}", timeout=PATIENCE_S * 1000
    )
    first_ms: dict[str, float] = page.evaluate("window.firstShown")
    CLOCK.wait(NEVER, seconds / 6)
    watched = cost(hub, seconds)
    if asked.picture is not None:
        page.screenshot(path=asked.picture)
    shown: list[list[Any]] = page.evaluate(SHOWN % (READ_NUMBER, LOOKS_MS))
    print(f"load {os.getloadavg()[0]:.1f} while it was watched")
    print_costs(alone, watched)
    print_tiles(first_ms, {camera: (width, late_ms(farm.taps[camera], reads)) for camera, width, reads in shown})
    return 0 if watched.hub < ONE_CORE else 1


def sign_up(data: Path) -> None:
    """Make the account that looks, before the hub starts."""
    data.mkdir()
    database = Database(sqlite_url(data))
    database.start()
    try:
        Accounts(database, CLOCK).create(NAME, PASSWORD, Role.OPERATOR)
    finally:
        database.stop()


def await_all(hub: Running, cameras: int) -> None:
    """Wait until each camera records."""
    until_s = CLOCK.monotonic_s() + PATIENCE_S
    while hub.recording() < cameras:
        if CLOCK.monotonic_s() > until_s:
            raise SystemExit(f"{cameras - hub.recording()} of {cameras} cameras do not record after {PATIENCE_S:g} s")
        CLOCK.wait(NEVER, 0.2)


def cost(hub: Running, seconds: float) -> Cost:
    """What is used in so many seconds from now on."""
    workers, browser = [each for each in hub.pids() if each != hub.pid], browser_pids()
    began_s = CLOCK.monotonic_s()
    used_s = [sum(map(cpu_s, pids)) for pids in ([hub.pid], workers, browser)]
    CLOCK.wait(NEVER, seconds)
    took_s = CLOCK.monotonic_s() - began_s
    of_hub, of_workers, of_browser = (
        (sum(map(cpu_s, pids)) - was_s) / took_s * 100
        for pids, was_s in zip(([hub.pid], workers, browser), used_s, strict=True)
    )
    return Cost(of_hub, of_workers, of_browser)


def browser_pids() -> list[int]:
    """The processes of the browser that this program has started."""
    parents: dict[int, int] = {}
    browsers: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text(encoding="utf-8").partition("(")[2].rpartition(")")
        except OSError:
            continue
        parents[int(folder.name)] = int(rest.split()[1])
        if "chrom" in name:
            browsers.add(int(folder.name))

    def ours(pid: int) -> bool:
        while pid > 1 and pid != os.getpid():
            pid = parents.get(pid, 0)
        return pid == os.getpid()

    return [pid for pid in browsers if ours(pid)]


def late_ms(tap: Tap, reads: list[tuple[int, float]]) -> list[float]:
    """How far behind its sending each picture was shown, milliseconds."""
    sent = sorted(tap.sent.items(), reverse=True)
    newest: dict[int, float] = {}
    for number, at_ms in sent:
        newest.setdefault(number % PICTURES, at_ms)
    return [at_ms - newest[number] for number, at_ms in reads if number in newest]


def print_costs(alone: Cost, watched: Cost) -> None:
    """The table of processor times."""
    print("percent of one core      hub   workers   browser")
    for name, each in (("nobody watches", alone), ("on the wall", watched)):
        print(f"{name:20} {each.hub:7.1f} {each.workers:9.1f} {each.browser:9.1f}")
    print(f"{'watching costs':20} {watched.hub - alone.hub:7.1f} {watched.workers - alone.workers:9.1f}")


def print_tiles(first_ms: dict[str, float], shown: dict[str, tuple[int, list[float]]]) -> None:
    """What each tile did, and all of them together."""
    print("camera   wide  first picture   behind (median)  pictures/s")
    for camera in sorted(shown, key=lambda name: int(name.partition("-")[2])):
        width, late = shown[camera]
        behind = f"{statistics.median(late):8.0f} ms" if late else "       - "
        print(f"{camera:8} {width:4}  {first_ms[camera]:9.0f} ms   {behind:>15}  {len(late) / LOOKS_MS * 1000:10.1f}")
    every = [each for _, late in shown.values() for each in late]
    print(
        f"all: the last first picture after {max(first_ms.values()):.0f} ms, behind {statistics.median(every):.0f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())
