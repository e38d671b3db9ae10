"""Supervisor: the hub's side of the cameras. It keeps the workers running and tells each which cameras are its own.

A change of the Community reaches only the cameras that changed: no other loses a packet. A worker that dies takes no
other with it and is started again. Must not load PyAV or OpenCV.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import replace
from typing import Any

from cameras.errors import SourceProblem
from cameras.health import CameraState
from cameras.keeper import WORKER_COMMAND, Keeper, WorkerStatus
from cameras.link import Assign, CameraStatus, Still, StillWanted
from cameras.placement import place
from config.community import Camera, Community
from config.machine import Machine
from hub.clock import Clock
from hub.events import Event, FieldValue, new_event_id

__all__ = ["CameraStatus", "Still", "Supervisor", "WorkerStatus", "worker_settings"]

_WATCH_EVERY_S = 1.0
_HUNG_AFTER_S = 10.0


class Supervisor:
    """Runs the cameras of a Community in worker processes. `start` and `stop` once, the rest from any thread."""

    def __init__(
        self,
        machine: Machine,
        clock: Clock,
        on_events: Callable[[list[Event]], None],
        *,
        command: Sequence[str] = WORKER_COMMAND,
        hung_after_s: float = _HUNG_AFTER_S,
    ) -> None:
        """Prepare.

        Args:
            machine: How many workers, and what they are to know.
            clock: The hub's.
            on_events: Takes Events, from any thread; may wait, and is called again with the same when it raises.
            command: Starts a worker.
            hung_after_s: Seconds without a sign of life after which a worker is killed.
        """
        self._clock = clock
        self._hung_after_s = hung_after_s
        self._applying = threading.Lock()
        self._cameras: dict[str, tuple[Camera, str | None]] = {}
        self._places: dict[str, int] = {}
        self._requests = itertools.count(1)
        self._started_at = clock.now()
        settings = worker_settings(machine)
        self._keepers = tuple(
            Keeper(
                f"worker-{number}",
                settings,
                clock=clock,
                on_events=on_events,
                on_up=self._worker_up,
                on_down=self._worker_down,
                command=command,
            )
            for number in range(machine.workers.count)
        )
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._watch_workers, name="watch-workers", daemon=True)

    def start(self) -> None:
        """Start the workers; cameras come with `apply`, before or after."""
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
            areas = {site.id: site.area for site in community.sites}
            cameras = {camera.id: (camera, areas.get(camera.site)) for camera in community.cameras}
            enabled = [camera.id for camera in community.cameras if camera.enabled]
            places = place(self._places, enabled, len(self._keepers))
            for camera_id, worker in self._places.items():
                if camera_id not in places:
                    self._keepers[worker].unassign(camera_id)
            for camera_id, worker in places.items():
                camera, area = cameras[camera_id]
                before = self._cameras.get(camera_id) if camera_id in self._places else None
                if before is None or not _same(before, (camera, area)):
                    self._keepers[worker].assign(Assign(_with_secrets(camera), area))
            self._cameras, self._places = cameras, places

    def still(self, camera_id: str, *, event_id: str | None = None, timeout_s: float = 2.0) -> Still | None:
        """The newest picture of a camera, or that of the moment of an event.

        Args:
            camera_id: Which camera.
            event_id: An Event with phase began or moment; None for the newest picture.
            timeout_s: Longest wait.

        Returns:
            None when there is none: nothing came from the camera yet, the event's picture is not kept any more, or the
            worker does not answer in time.
        """
        place_of = self._places.get(camera_id)
        if place_of is None:
            return None
        keeper = self._keepers[place_of]
        request = next(self._requests)
        answer = keeper.ask_still(StillWanted(request, camera_id, event_id))
        try:
            taken = answer.result(timeout_s)
        except (FutureTimeoutError, CancelledError):
            keeper.forget_still(request)
            return None
        return taken.still

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

    def workers(self) -> list[WorkerStatus]:
        """How every worker does."""
        return [keeper.status for keeper in self._keepers]

    def _watch_workers(self) -> None:
        while not self._clock.wait(self._stopping, _WATCH_EVERY_S):
            for keeper in self._keepers:
                keeper.kill_if_hung(self._hung_after_s)

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


def worker_settings(machine: Machine) -> dict[str, Any]:
    """What a worker may know of machine.yaml: no database, no broker, no password. Folders are absolute."""
    body = machine.model_dump(mode="json", include={"workers", "log_level"})
    return body | {"data": str(machine.data.absolute()), "models": str(machine.models_folder.absolute())}


def _with_secrets(camera: Camera) -> dict[str, Any]:
    """The camera as JSON types, with the references of its secrets (or, where it was written so, the secret itself)."""
    return camera.model_dump(mode="json", context={"secrets": True})


def _same(one: tuple[Camera, str | None], other: tuple[Camera, str | None]) -> bool:
    """Whether a running camera may stay as it is; a new name does not concern it."""
    return (one[0].model_copy(update={"name": None}), one[1]) == (other[0].model_copy(update={"name": None}), other[1])
