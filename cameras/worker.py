"""The worker: one process that runs cameras, `python -m cameras.worker --link FD`.

Started by the supervisor with one end of a socket pair; everything else it is told over that link. When its hub is
killed it goes on recording and waits for the next one (`cameras/running/bond.py`); on SIGTERM it ends tidily, and
SIGINT is for the hub alone (a terminal sends it to both). It opens no database. `run` is its composition root.
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import av
import cv2

from cameras.confinement import Confinement, confine_worker
from cameras.confining.granted import watch_folders
from cameras.link import VERSION, Link
from cameras.link_words import CameraStatus, Setup, WorkerHealth
from cameras.live.server import LiveServer
from cameras.live.wire import socket_of as live_socket_of
from cameras.recordings.media import StreamName
from cameras.recordings.mp4.sampler import Sampler
from cameras.recordings.writing.disks import Disks
from cameras.recordings.writing.recorder import StreamRecorder
from cameras.running.bond import Bond
from cameras.running.desk import Desk, guarded
from cameras.running.ears import Ears
from cameras.running.outbox import Outbox
from cameras.running.pictures import Pictures
from cameras.running.rota import Rota
from cameras.running.task import Means, Task, Tuning
from cameras.streams.rtsp.loop import Loop
from cameras.streams.sources import Sources
from cameras.vision.pipeline import Analysis
from config.calendars import Dates
from config.community import Camera
from config.machine import Machine
from config.plates import HeldPlates
from hub.clock import Clock, SystemClock
from hub.errors import LinkError
from hub.lifecycle import Lifecycle
from hub.logs import set_up
from hub.networks import cameras_allowed

if TYPE_CHECKING:
    from cameras.running.noticing import Noticing
    from cameras.vision.shared import Shared as _Shared

logger = logging.getLogger("cameras.worker")  # run as a program it is called __main__

_TICK_S = 0.5
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

Confine = Callable[[Machine, Sequence[Path]], Confinement]
"""Gives up what a worker does not need; gets the files that stand in for cameras."""

Shared = TypeVar("Shared")
Shared_contra = TypeVar("Shared_contra", contravariant=True)


class BuildAnalysis(Protocol[Shared_contra]):
    """Makes the analysis of one camera."""

    def __call__(
        self,
        camera: Camera,
        *,
        area: str | None,
        shared: Shared_contra,
        clock: Clock,
        plates: Sequence[HeldPlates],
        dates: Dates | None,
    ) -> Analysis:
        """The analysis, from the camera's settings. Raises HubError when they ask for what there is not."""


def run(
    link: Link,
    *,
    build_shared: Callable[[Machine, Path], Shared],
    build_analysis: BuildAnalysis[Shared],
    stopping: threading.Event,
    tuning: Tuning | None = None,
    confine: Confine = lambda _machine, _files: Confinement(),
) -> None:
    """Run cameras until the hub says so, none comes after one that was killed, or `stopping` is set.

    Args:
        link: To the hub, which sends Setup first.
        build_shared: Makes what the cameras of this worker share, from the settings and the folder of models.
        build_analysis: Makes a camera's analysis from it.
        stopping: Ends the worker from outside.
        tuning: In place of what the settings say.
        confine: Gives up what the worker does not need, before anything is started.

    Raises:
        LinkError: The hub speaks another version.
    """
    clock = SystemClock()
    setup = link.receive()
    if setup is None:
        return
    if not isinstance(setup, Setup) or setup.version != VERSION:
        raise LinkError(f"this worker speaks version {VERSION} of the link, and got {setup!r}")
    machine = Machine.model_validate(dict(setup.machine))
    logging.getLogger().setLevel(machine.log_level.upper())
    confinement = confine(machine, [Path(one.removeprefix("file:")) for one in setup.reads if one.startswith("file:")])
    if confinement.missing:
        logger.warning(
            "the worker is confined less than it should be", extra={"missing": "; ".join(confinement.missing)}
        )
    if confinement.in_force:
        watch_folders([disk.path for disk in machine.recording_disks], clock, stopping)
    tuning = tuning or Tuning(analysis_fps=machine.workers.analysis_fps)
    lifecycle = Lifecycle(timeout_s=4.0)
    outbox = Outbox()
    outbox.start()
    lifecycle.push("outbox", outbox.stop)
    disks = _disks(machine, outbox, clock)
    lifecycle.push("disks", lambda: _stop_disks(disks))
    pictures = Pictures({disk.id: disk.path for disk in machine.recording_disks}, outbox.answer)
    pictures.start()
    lifecycle.push("pictures", pictures.stop)
    rota = Rota(outbox.events, clock, hung_after_s=tuning.hung_after_s)
    live = LiveServer(
        live_socket_of(machine.data, setup.worker),
        clock,
        on_watched=partial(_watch, rota),
        linger_s=tuning.live_linger_s,
    )
    shared = build_shared(machine, machine.models_folder)
    loop = Loop(clock) if machine.workers.rtsp == "loop" else None
    if loop is not None:
        loop.start()
        lifecycle.push("reading", partial(_stop_loop, loop))
    means = Means(
        sources=Sources(clock, cameras_allowed(machine.networks), loop=loop),
        clock=clock,
        wake=rota.wake,
        wake_soon=rota.wake_soon,
        tuning=tuning,
        build=guarded(
            lambda task: build_analysis(
                task.camera, area=task.area, shared=shared, clock=clock, plates=task.plates, dates=task.dates
            )
        ),
        make_sampler=Sampler,
        make_recorder=_recorders(tuning.segment_s or machine.recordings.segment_s, disks, outbox, clock),
        cache=live.cache,
    )
    ears = _ears(machine, outbox, clock)
    lifecycle.push("ears", ears.stop)
    desk = Desk(rota=rota, outbox=outbox, means=means, pictures=pictures, ears=ears, on_gone=live.forget)
    live.start()
    lifecycle.push("live", live.stop)
    rota.start()
    lifecycle.push("rota", rota.stop)
    bond = Bond(
        link,
        setup,
        data=machine.data,
        linger_s=machine.workers.linger_s,
        outbox=outbox,
        handle=desk.handle,
        cameras=desk.cameras,
        clock=clock,
        stopping=stopping,
    )
    bond.start()
    logger.info("worker started", extra={"worker": setup.worker})
    try:
        while not clock.wait(stopping, _TICK_S):
            rota.look()
            for camera in rota.cameras:
                outbox.events(camera.check())
                outbox.trace(camera.id, camera.take_trace())
            outbox.health(_health(rota, ears=ears, outbox=outbox, disks=disks, confinement=confinement))
    finally:
        lifecycle.stop()


def _watch(rota: Rota, camera_id: str, stream: StreamName, wanted: bool) -> bool:  # noqa: FBT001 - as it is called
    camera = rota.find(camera_id)
    if camera is None or camera.task.stream(stream) is None:
        return False
    camera.watch(stream, wanted=wanted)
    return True


def _ears(machine: Machine, outbox: Outbox, clock: Clock) -> Ears:
    def make() -> Noticing:
        from cameras.running.noticing import Noticing  # noqa: PLC0415 - asyncio, HTTP and XML, for ONVIF alone

        return Noticing(cameras_allowed(machine.networks), clock, emit=outbox.events, answer=outbox.answer)

    return Ears(make, answer=outbox.answer)


def _disks(machine: Machine, outbox: Outbox, clock: Clock) -> Disks:
    disks = Disks(
        machine.recording_disks,
        data=machine.data,
        queue_bytes=machine.recordings.queue_mib * 1024 * 1024,
        clock=clock,
        sync_s=machine.recordings.sync_s,
        on_removed=outbox.removed,
    )
    disks.start()
    return disks


def _stop_loop(loop: Loop) -> None:
    if not loop.stop(timeout_s=2.0):
        logger.warning("the loop that reads cameras hangs, going on without")


def _stop_disks(disks: Disks) -> None:
    if not disks.stop(timeout_s=3.5):
        logger.warning("a disk does not take what waits for it, going on without")


def _recorders(
    segment_s: float, disks: Disks, outbox: Outbox, clock: Clock
) -> Callable[[Task, StreamName], StreamRecorder]:
    def make(task: Task, stream: StreamName) -> StreamRecorder:
        return StreamRecorder(
            site=task.camera.site,
            camera=task.camera.id,
            stream=stream,
            disks=disks,
            clock=clock,
            on_segment=outbox.segment,
            segment_s=segment_s,
        )

    return make


def _health(rota: Rota, *, ears: Ears, outbox: Outbox, disks: Disks, confinement: Confinement) -> WorkerHealth:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return WorkerHealth(
        cameras=tuple(_with_troubles(camera.status(), ears) for camera in rota.cameras),
        stalled_s=round(rota.stalled_s, 3),
        cpu_s=round(used.ru_utime + used.ru_stime, 3),
        rss_bytes=int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES,
        lost_events=outbox.lost_events,
        left_behind=rota.left_behind,
        lost_segments=outbox.lost_segments,
        disks=disks.status(),
        confined=confinement.in_force,
        unconfined=confinement.missing,
    )


def _with_troubles(status: CameraStatus, ears: Ears) -> CameraStatus:
    troubles = ears.troubles(status.camera)
    return replace(status, troubles={**status.troubles, **troubles}) if troubles else status


def start_process(
    build_shared: Callable[[Machine, Path], Shared],
    build_analysis: BuildAnalysis[Shared],
    tuning: Tuning | None = None,
) -> None:
    """The worker's process from its command line to its end; does not return."""
    parser = argparse.ArgumentParser(description="Runs cameras for the hub that started it.")
    parser.add_argument("--link", type=int, required=True, metavar="FD", help="the socket to the hub")
    arguments = parser.parse_args()
    set_up("info")
    av.logging.set_level(None)  # FFmpeg's own log repeats addresses with their passwords
    cv2.setNumThreads(1)  # one core per worker: threads of OpenCV would take it from other workers
    stopping = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: stopping.set())
    link = Link(socket.socket(fileno=arguments.link))
    code = 1
    try:
        run(
            link,
            build_shared=build_shared,
            build_analysis=build_analysis,
            stopping=stopping,
            tuning=tuning,
            confine=_confine,
        )
        code = 0
    except Exception:
        logger.exception("the worker cannot go on")
    finally:
        link.close()
        logging.shutdown()
        # Readers may still wait inside FFmpeg; tearing the interpreter down under them crashes.
        os._exit(code)


def _confine(machine: Machine, files: Sequence[Path]) -> Confinement:
    return confine_worker(machine, files=files)


def _build_shared(machine: Machine, models: Path) -> _Shared:
    # Not before it is confined: libraries of models start threads, and Landlock holds none that already runs.
    from cameras.vision.analysis import build_analysis  # noqa: F401, PLC0415 - before the first camera asks for it
    from cameras.vision.shared import build_worker_shared  # noqa: PLC0415

    return build_worker_shared(machine, models)


def _build_analysis(
    camera: Camera,
    *,
    area: str | None,
    shared: _Shared,
    clock: Clock,
    plates: Sequence[HeldPlates],
    dates: Dates | None,
) -> Analysis:
    from cameras.vision.analysis import build_analysis  # noqa: PLC0415 - likewise

    return build_analysis(camera, area=area, shared=shared, clock=clock, plates=plates, dates=dates)


def main() -> None:
    """The program."""
    start_process(_build_shared, _build_analysis)


if __name__ == "__main__":
    main()
