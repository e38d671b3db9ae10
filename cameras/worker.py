"""The worker: one process that runs cameras, `python -m cameras.worker --link FD`.

Started by the supervisor with one end of a socket pair; everything else it is told over that link. It ends when the
link does, so a hub that is killed leaves none behind; on SIGTERM it ends tidily, and SIGINT is for the hub alone (a
terminal sends it to both). It restores nothing and opens no database. `run` is its composition root.
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

import av
import cv2

from cameras.camera import RunningCamera, Tuning
from cameras.link import VERSION, Assign, Link, Ready, Setup, StillTaken, StillWanted, Stop, Unassign, WorkerHealth
from cameras.outbox import Outbox
from cameras.pipeline import Analysis
from cameras.rota import Rota
from cameras.sources import Sources
from config.community import Camera
from config.machine import Machine
from hub.clock import Clock, SystemClock
from hub.errors import HubError, LinkError
from hub.lifecycle import Lifecycle
from hub.logs import set_up

logger = logging.getLogger("cameras.worker")  # run as a program it is called __main__

_TICK_S = 0.5
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

Shared = TypeVar("Shared")
Shared_contra = TypeVar("Shared_contra", contravariant=True)


class BuildAnalysis(Protocol[Shared_contra]):
    """Makes the analysis of one camera."""

    def __call__(self, camera: Camera, *, area: str | None, shared: Shared_contra, clock: Clock) -> Analysis:
        """The analysis, from the camera's settings. Raises HubError when they ask for what there is not."""


class _Desk(Generic[Shared]):
    """Does what the hub's messages say; called from the link's receiving thread alone."""

    def __init__(
        self,
        *,
        rota: Rota,
        outbox: Outbox,
        sources: Sources,
        clock: Clock,
        tuning: Tuning,
        shared: Shared,
        build_analysis: BuildAnalysis[Shared],
    ) -> None:
        self._rota = rota
        self._outbox = outbox
        self._sources = sources
        self._clock = clock
        self._tuning = tuning
        self._shared = shared
        self._build_analysis = build_analysis

    def handle(self, message: object) -> None:
        """Do what one message asks for."""
        match message:
            case Assign(body, area):
                self._assign(Camera.model_validate(dict(body)), area)
            case Unassign(camera):
                self._rota.remove(camera)
            case StillWanted():
                self._outbox.still(self._still(message))
            case _:
                raise LinkError(f"a worker is not sent {type(message).__name__}")

    def _assign(self, camera: Camera, area: str | None) -> None:
        trouble: str | None = None
        analysis: Analysis
        try:
            analysis = self._build_analysis(camera, area=area, shared=self._shared, clock=self._clock)
        except Exception as error:
            # The camera runs without its analysis: its stream, its stills and its health do not depend on it.
            logger.exception("a camera is not analysed", extra={"camera": camera.id})
            analysis, trouble = _Blind(), str(error) if isinstance(error, HubError) else "analysis_failed"
        self._rota.add(
            RunningCamera(
                camera,
                analysis,
                area=area,
                sources=self._sources,
                clock=self._clock,
                wake=self._rota.wake,
                tuning=self._tuning,
                trouble=trouble,
            )
        )

    def _still(self, wanted: StillWanted) -> StillTaken:
        camera = self._rota.find(wanted.camera)
        if camera is None:
            return StillTaken(wanted.request, None)
        event_id = wanted.event_id
        still = camera.stills.newest() if event_id is None else camera.stills.of_event(event_id)
        return StillTaken(wanted.request, still)


class _Blind:
    """The analysis of a camera whose own could not be made: sees nothing."""

    moving = False
    troubles: Mapping[str, str] = MappingProxyType({})

    def feed(self, _frame: object) -> list[Any]:
        return []

    def reset(self, _at: object) -> list[Any]:
        return []


def run(
    link: Link,
    *,
    build_shared: Callable[[Machine, Path], Shared],
    build_analysis: BuildAnalysis[Shared],
    stopping: threading.Event,
    tuning: Tuning | None = None,
) -> None:
    """Run cameras until the link ends, the hub says so, or `stopping` is set.

    Args:
        link: To the hub, which sends Setup first.
        build_shared: Makes what the cameras of this worker share, from the settings and the folder of models.
        build_analysis: Makes a camera's analysis from it.
        stopping: Ends the worker from outside.
        tuning: In place of what the settings say.

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
    lifecycle = Lifecycle(timeout_s=3.0)
    outbox = Outbox(link)
    outbox.start()
    lifecycle.push("outbox", outbox.stop)
    rota = Rota(outbox.events, clock)
    rota.start()
    lifecycle.push("rota", rota.stop)
    desk = _Desk(
        rota=rota,
        outbox=outbox,
        sources=Sources(clock),
        clock=clock,
        tuning=tuning or Tuning(analysis_fps=machine.workers.analysis_fps),
        shared=build_shared(machine, machine.models_folder),
        build_analysis=build_analysis,
    )
    threading.Thread(target=_receive, args=(link, desk, stopping), name="link", daemon=True).start()
    link.send(Ready(VERSION, os.getpid()))
    logger.info("worker started", extra={"worker": setup.worker})
    try:
        while not clock.wait(stopping, _TICK_S):
            for camera in rota.cameras:
                outbox.events(camera.check())
            outbox.health(_health(rota, outbox))
    finally:
        lifecycle.stop()


def _receive(link: Link, desk: _Desk[Any], stopping: threading.Event) -> None:
    try:
        while (message := link.receive()) is not None and not isinstance(message, Stop):
            try:
                desk.handle(message)
            except Exception:
                logger.exception("a message of the hub was passed over", extra={"kind": type(message).__name__})
    except LinkError:
        logger.exception("the link does not hold messages any more")
    finally:
        stopping.set()


def _health(rota: Rota, outbox: Outbox) -> WorkerHealth:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return WorkerHealth(
        cameras=tuple(camera.status() for camera in rota.cameras),
        stalled_s=round(rota.stalled_s, 3),
        cpu_s=round(used.ru_utime + used.ru_stime, 3),
        rss_bytes=int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES,
        lost_events=outbox.lost_events,
    )


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
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    link = Link(socket.socket(fileno=arguments.link))
    code = 0
    try:
        run(link, build_shared=build_shared, build_analysis=build_analysis, stopping=stopping, tuning=tuning)
    except HubError:
        logger.exception("the worker cannot go on")
        code = 1
    finally:
        link.close()
        logging.shutdown()
        # Readers may still wait inside FFmpeg; tearing the interpreter down under them crashes.
        os._exit(code)


def main() -> None:
    """The program."""
    from cameras.analysis import build_analysis, build_shared  # noqa: PLC0415 - loads models, which tests go without

    start_process(build_shared, build_analysis)


if __name__ == "__main__":
    main()
