"""Supervisor: the hub's side of the cameras. It keeps the workers running and tells each which cameras are its own.

A change of the Community reaches only the cameras that changed: no other loses a packet. A worker that dies takes no
other with it and is started again; those that outlived the hub before are taken over with the cameras they run. Must
not load PyAV or OpenCV.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cameras.errors import SourceProblem
from cameras.health import CameraState
from cameras.link import VERSION
from cameras.link_words import (
    Answer,
    Assign,
    CameraStatus,
    PictureTaken,
    PictureWanted,
    Question,
    Setup,
    Still,
    StillTaken,
    StillWanted,
)
from cameras.moves import Moved, MoveWanted
from cameras.reaching import Problem
from cameras.recordings.media import Segment
from cameras.supervision.adoption import send_home
from cameras.supervision.keeper import WORKER_COMMAND, Keeper, Listeners, WorkerState, WorkerStatus
from cameras.supervision.placement import place
from cameras.supervision.reading import read_by
from cameras.traces.keeping import TRACES, Traces
from config.analysing import Analyse
from config.calendars import Dates
from config.community import Camera, Community
from config.machine import Machine
from config.plates import HeldPlates
from hub.clock import Clock
from hub.events import Event, FieldValue, new_event_id

__all__ = [
    "TRACES",
    "CameraStatus",
    "MoveWanted",
    "Moved",
    "PictureTaken",
    "PictureWanted",
    "Still",
    "Supervisor",
    "WorkerStatus",
    "worker_settings",
]

_WATCH_EVERY_S = 1.0
_HUNG_AFTER_S = 10.0


class Supervisor:
    """Runs the cameras of a Community in worker processes. `start` and `stop` once, the rest from any thread.

    Attributes:
        traces: Where what cameras followed was.
    """

    def __init__(
        self,
        machine: Machine,
        clock: Clock,
        on_events: Callable[[list[Event]], None],
        *,
        on_segments: Callable[[list[Segment]], None] = lambda _segments: None,
        on_removed: Callable[[str, tuple[str, ...]], None] = lambda _disk, _paths: None,
        command: Sequence[str] = WORKER_COMMAND,
        hung_after_s: float = _HUNG_AFTER_S,
    ) -> None:
        """Prepare.

        Args:
            machine: How many workers, and what they are to know.
            clock: The hub's.
            on_events: Takes Events, from any thread; may wait, and is called again with the same when it raises.
            on_segments: Takes segments that were opened or closed, likewise; each until it did not raise.
            on_removed: Takes the id of a disk and paths of recordings that were removed to make room, likewise.
            command: Starts a worker.
            hung_after_s: Seconds without a sign of life after which a worker is killed.
        """
        self._clock = clock
        self._hung_after_s = hung_after_s
        self._applying = threading.Lock()
        self._cameras: dict[str, _Wanted] = {}
        self._places: dict[str, int] = {}
        self._requests = itertools.count(1)
        self._started_at = clock.now()
        self._data = machine.data.absolute()
        self.traces = Traces(self._data / TRACES)
        self._setup = Setup(VERSION, "", worker_settings(machine), _program())
        self._is_gathered = False
        listeners = Listeners(on_events, on_segments, on_removed, self._traced, self._worker_up, self._worker_down)
        self._keepers = tuple(
            Keeper(replace(self._setup, worker=f"worker-{number}"), clock=clock, listeners=listeners, command=command)
            for number in range(machine.workers.count)
        )
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._watch_workers, name="watch-workers", daemon=True)

    def start(self) -> None:
        """Start the workers, or take over those that run; cameras come with `apply`, before or after."""
        with self._applying:
            self._gather()
        for keeper in self._keepers:
            keeper.start()
        self._watch.start()

    def stop(self) -> None:
        """Stop all workers side by side, with their last events; bounded in time. More than once does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        stops = [threading.Thread(target=keeper.stop, name=f"stop-{keeper.worker}") for keeper in self._keepers]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()

    def apply(self, community: Community) -> None:
        """Run the enabled cameras of `community`: new ones start, changed ones restart, the others do not notice."""
        with self._applying:
            for keeper in self._keepers:
                keeper.let_read(read_by(community))
            self._gather()
            areas = {site.id: site.area for site in community.sites}
            cameras = {
                camera.id: _Wanted(
                    camera,
                    areas.get(camera.site),
                    community.policy_of(camera).streams,
                    community.plates_for(camera),
                    community.dates_for(camera),
                )
                for camera in community.cameras
            }
            enabled = [camera.id for camera in community.cameras if camera.enabled]
            # What no worker that was taken over runs, one that cannot be reached may run still: nobody else gets it.
            unreached = [number for number, keeper in enumerate(self._keepers) if keeper.unreached]
            places = place(self._places, enabled, len(self._keepers), rather=unreached)
            for camera_id, worker in self._places.items():
                if camera_id not in places:
                    self._keepers[worker].unassign(camera_id)
            for camera_id, worker in places.items():
                before = self._cameras.get(camera_id) if camera_id in self._places else None
                if before is None or not cameras[camera_id].is_same(before):
                    self._keepers[worker].assign(cameras[camera_id].assign())
            self._cameras, self._places = cameras, places
            agreed = [each.id for each in community.cameras if each.analyse is Analyse.ALL]
            self.traces.keep_only(agreed)
            for keeper in self._keepers:
                keeper.settle()

    def still(
        self, camera_id: str, *, event_id: str | None = None, width_px: int | None = None, timeout_s: float = 2.0
    ) -> Still | None:
        """The newest picture of a camera, or that of the moment of an event.

        Args:
            camera_id: Which camera.
            event_id: An Event with phase began or moment; None for the newest picture.
            width_px: The newest picture is made no wider than that, for thin lines; None as it was taken.
            timeout_s: Longest wait.

        Returns:
            None when there is none: nothing came from the camera yet, the event's picture is not kept any more, or the
            worker does not answer in time.
        """
        place_of = self._places.get(camera_id)
        if place_of is None:
            return None
        wanted = StillWanted(next(self._requests), camera_id, event_id, width_px)
        taken = _answer_of(self._keepers[place_of], wanted, timeout_s)
        return taken.still if isinstance(taken, StillTaken) else None

    def picture(self, camera_id: str, wanted: PictureWanted, *, timeout_s: float = 5.0) -> PictureTaken:
        """Pictures out of a recorded file, decoded by a worker.

        Args:
            camera_id: Whose worker is asked; any other when there is none.
            wanted: What is wanted; its `request` is set here.
            timeout_s: Longest wait.

        Returns:
            As many as were wanted, None in place of each that is not to be had; never raises.
        """
        wanted = replace(wanted, request=next(self._requests))
        place_of = self._places.get(camera_id)
        others = sorted(self._keepers, key=lambda keeper: keeper.status.state is not WorkerState.RUNNING)
        keeper = others[0] if place_of is None else self._keepers[place_of]
        taken = _answer_of(keeper, wanted, timeout_s)
        if isinstance(taken, PictureTaken):
            return taken
        return PictureTaken(wanted.request, (None,) * len(wanted.at_ms), "no_answer")

    def move(self, camera_id: str, wanted: MoveWanted, *, timeout_s: float = 12.0) -> Moved:
        """Turn a camera, or ask where it looks and which positions it keeps.

        Args:
            camera_id: Which.
            wanted: What; its `request` and `camera` are set here.
            timeout_s: Longest wait.

        Returns:
            What came of it; its `problem` is None when it was done. Never raises.
        """
        wanted = replace(wanted, request=next(self._requests), camera=camera_id)
        place_of = self._places.get(camera_id)
        if place_of is None:
            return Moved(wanted.request, Problem.GONE.value)
        moved = _answer_of(self._keepers[place_of], wanted, timeout_s)
        return moved if isinstance(moved, Moved) else Moved(wanted.request, Problem.TIMED_OUT.value, "no answer")

    def status(self) -> list[CameraStatus]:
        """How every camera of the Community does, in its order."""
        cameras, places = self._cameras, self._places
        reports = [keeper.reports for keeper in self._keepers]
        found: list[CameraStatus] = []
        for camera_id in cameras:
            worker = places.get(camera_id)
            if worker is None:
                found.append(CameraStatus(camera_id, CameraState.DISABLED, self._started_at))
                continue
            name = self._keepers[worker].worker
            report = reports[worker].get(camera_id)
            if report is None:
                since = self._keepers[worker].status.since
                found.append(CameraStatus(camera_id, CameraState.CONNECTING, since, worker=name))
            else:
                found.append(replace(report, worker=name))
        return found

    def worker_of(self, camera_id: str) -> str | None:
        """The worker that is to run a camera, None when none is; takes no lock, and may be asked in an event loop."""
        place_of = self._places.get(camera_id)
        return None if place_of is None else self._keepers[place_of].worker

    def workers(self) -> list[WorkerStatus]:
        """How every worker does."""
        return [keeper.status for keeper in self._keepers]

    def _gather(self) -> None:
        """Once: take over the workers that outlived the hub before, and leave each the cameras that it runs."""
        if self._is_gathered:
            return
        self._is_gathered = True
        send_home(self._data, self._setup, but={keeper.worker for keeper in self._keepers})
        for number, keeper in enumerate(self._keepers):
            self._places |= dict.fromkeys(keeper.adopt(self._data), number)

    def _watch_workers(self) -> None:
        while not self._clock.wait(self._stopping, _WATCH_EVERY_S):
            for keeper in self._keepers:
                keeper.kill_if_hung(self._hung_after_s)

    def _traced(self, camera: str, chunk: bytes) -> None:
        wanted = self._cameras.get(camera)
        if wanted is not None and wanted.camera.analyse is Analyse.ALL:
            self.traces.take(camera, chunk, self._clock.now())

    def _worker_up(self, keeper: Keeper) -> None:
        keeper.deliver([self._event("worker.health", keeper.worker, {"state": "online"})])

    def _worker_down(self, keeper: Keeper, lost: list[Assign]) -> None:
        events = [self._event("worker.health", keeper.worker, {"state": "offline", "reason": "died"})]
        for assign in lost:
            camera = assign.camera["id"]
            fields: dict[str, FieldValue] = {"state": "offline", "reason": SourceProblem.WORKER_LOST.value}
            event = self._event("camera.health", camera, fields)
            events.append(replace(event, camera=camera, site=assign.camera["site"], area=assign.area))
        keeper.deliver(events)

    def _event(self, kind: str, source: str, fields: dict[str, FieldValue]) -> Event:
        now = self._clock.now()
        return Event(
            id=new_event_id(), kind=kind, at=now, arrived=now, source=source, driver="supervisor", fields=fields
        )


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A camera as it is to run."""

    camera: Camera
    area: str | None
    record: tuple[str, ...]
    plates: tuple[HeldPlates, ...]
    dates: Dates | None

    def is_same(self, other: _Wanted) -> bool:
        """Whether a running camera may stay as it is: its name, where it stands and how long is kept do not matter."""
        away = {"name": None, "location": None, "heading_deg": None, "view_deg": None, "record": None}
        return replace(self, camera=self.camera.model_copy(update=away)) == replace(
            other, camera=other.camera.model_copy(update=away)
        )

    def assign(self) -> Assign:
        """For the worker: with the references of its secrets (or, where it was written so, the secret itself)."""
        settings = self.camera.model_dump(mode="json", context={"secrets": True})
        plates = tuple(one.model_dump(mode="json") for one in self.plates)
        dates = None if self.dates is None else self.dates.model_dump(mode="json")
        return Assign(settings, self.area, self.record, plates, dates)


def worker_settings(machine: Machine) -> dict[str, Any]:
    """What a worker may know of machine.yaml: no database, no broker, no password. Folders are absolute."""
    body = machine.model_dump(mode="json", include={"workers", "log_level", "recordings", "networks"})
    for disk in body["recordings"]["disks"] or ():
        disk["path"] = str(Path(disk["path"]).absolute())
    return body | {"data": str(machine.data.absolute()), "models": str(machine.models_folder.absolute())}


def _answer_of(keeper: Keeper, wanted: Question, timeout_s: float) -> Answer | None:
    answer = keeper.ask(wanted)
    if answer is None:
        return None
    try:
        return answer.result(timeout_s)
    except (FutureTimeoutError, CancelledError):
        keeper.forget(wanted.request)
        return None


def _program() -> str:
    try:
        return version("community-hub")
    except PackageNotFoundError:
        return ""
