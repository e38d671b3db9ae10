"""Desk: does what the hub's messages say, in the worker; called from the link's thread alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from cameras.link_words import (
    Assign,
    EventsKept,
    Message,
    PictureWanted,
    Roster,
    SegmentsKept,
    StillTaken,
    StillWanted,
    Unassign,
)
from cameras.moves import TURNS, MoveWanted
from cameras.recordings.media import StreamName
from cameras.running.camera import RunningCamera
from cameras.running.ears import Ears
from cameras.running.outbox import Outbox
from cameras.running.pictures import Pictures
from cameras.running.rota import Rota
from cameras.running.task import Means, Task
from cameras.vision.pipeline import Analysis
from config.calendars import Dates
from config.community import Camera
from config.plates import HeldPlates
from hub.errors import HubError, LinkError

logger = logging.getLogger(__name__)


class Desk:
    """Hands each message to what it concerns."""

    def __init__(
        self,
        *,
        rota: Rota,
        outbox: Outbox,
        means: Means,
        pictures: Pictures,
        ears: Ears,
        on_gone: Callable[[str], None] = lambda _camera: None,
    ) -> None:
        """Prepare; `on_gone` hears of cameras that this worker runs no more."""
        self._rota = rota
        self._outbox = outbox
        self._means = means
        self._pictures = pictures
        self._ears = ears
        self._on_gone = on_gone

    def handle(self, message: Message) -> None:  # noqa: C901 - one for each message
        """Do what one message asks for.

        Raises:
            LinkError: A worker is not told such a thing.
        """
        match message:
            case Assign():
                self._assign(_task(message))
            case Unassign(camera):
                self._remove(camera)
            case Roster(cameras):
                for running in self._rota.cameras:
                    if running.id not in cameras:
                        self._remove(running.id)
            case EventsKept():
                self._outbox.events_kept(message.count)
            case SegmentsKept():
                self._outbox.kept(message)
            case StillWanted():
                self._outbox.answer(self._still(message))
            case PictureWanted():
                self._pictures.want(message)
            case MoveWanted():
                self._move(message)
            case _:
                raise LinkError(f"a worker is not sent {type(message).__name__}")

    def _move(self, wanted: MoveWanted) -> None:
        camera = self._rota.find(wanted.camera)
        if camera is not None and wanted.move in TURNS:
            camera.turned()
        self._ears.move(wanted)

    def cameras(self) -> tuple[str, ...]:
        """Ids of the cameras that run."""
        return tuple(camera.id for camera in self._rota.cameras)

    def _assign(self, task: Task) -> None:
        running = self._rota.find(task.camera.id)
        if running is None:
            self._rota.add(RunningCamera(task, self._means))
        elif running.task != task:
            running.change(task)
        self._ears.assign(task)

    def _remove(self, camera_id: str) -> None:
        self._ears.remove(camera_id)
        self._rota.remove(camera_id)
        self._on_gone(camera_id)

    def _still(self, wanted: StillWanted) -> StillTaken:
        camera = self._rota.find(wanted.camera)
        if camera is None:
            return StillTaken(wanted.request, None)
        event_id = wanted.event_id
        still = camera.stills.newest(wanted.width_px) if event_id is None else camera.stills.of_event(event_id)
        return StillTaken(wanted.request, still)


def _task(assign: Assign) -> Task:
    camera = Camera.model_validate(dict(assign.camera))
    plates = tuple(HeldPlates.model_validate(dict(one)) for one in assign.plates)
    dates = None if assign.dates is None else Dates.model_validate(dict(assign.dates))
    return Task(camera, assign.area, frozenset(StreamName(name) for name in assign.record), plates, dates)


def guarded(build: Callable[[Task], Analysis]) -> Callable[[Task], tuple[Analysis, str | None]]:
    """`build`, or an analysis that sees nothing and why: stream, stills, recordings and health do not depend on it."""

    def built(task: Task) -> tuple[Analysis, str | None]:
        try:
            return build(task), None
        except Exception as error:
            logger.exception("a camera is not analysed", extra={"camera": task.camera.id})
            return _Blind(), str(error) if isinstance(error, HubError) else "analysis_failed"

    return built


class _Blind:
    """The analysis of a camera whose own could not be made: sees nothing."""

    moving = False
    troubles: Mapping[str, str] = MappingProxyType({})

    def feed(self, _frame: object) -> list[Any]:
        return []

    def reset(self, _at: object) -> list[Any]:
        return []
