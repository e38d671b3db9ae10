"""Noticing: what cameras notice themselves becomes Events, and those with motors are turned; over ONVIF.

One thread with one loop for all cameras of a worker, started with the first that needs it. It waits at each camera for
half a minute at a time, so a camera costs two questions a minute. A subscription that breaks is made anew, soon at
first and less often then; what does not work stands in the camera's troubles, and neither its streams nor other cameras
notice. A camera that talks without end is slowed down.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cameras.moves import Moved, MoveWanted
from cameras.onvif.events import Notification, PullPoint
from cameras.onvif.exchange import Exchange
from cameras.onvif.ptz import Turning
from cameras.onvif.session import Access, Session
from cameras.onvif.topics import Told, Translator
from cameras.reaching import AskingError, Problem, words
from cameras.running.task import Task
from config.analysing import Analyse
from config.onvif import Onvif
from hub.clock import Clock
from hub.events import Event, new_event_id
from hub.networks import Allowed

logger = logging.getLogger(__name__)

DRIVER = "onvif"

_MOST_MOVES = 8
"""Under way at once in a worker; one more is told `busy`. A stop is never."""

_MOST_REFUSALS = 3
"""Of a password, before it is tried once in a long while alone."""

_UNTOLD: Mapping[Analyse, frozenset[str]] = {
    Analyse.ALL: frozenset(),
    Analyse.SAFETY: frozenset({"camera.motion", "camera.onvif_event"}),
    Analyse.NOTHING: frozenset({"camera.motion", "camera.onvif_event", "tamper"}),
}
"""What is kept back where a household wants less of its pictures to be looked at; by the camera, too."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, and how long.

    Attributes:
        wait_s: A camera holds its answer back for so long while nothing happens.
        life_s: A camera keeps a subscription for so long when nobody renews it.
        first_s: Before a broken subscription is made anew, the first time.
        longest_s: And later.
        login_s: After a wrong password: cameras lock their door after a few.
        locked_s: After a third one in a row; a password that is changed is tried at once.
        lost_s: When a subscription stays broken for so long, the states that it told of are over.
        none_s: Where a camera tells no events at all.
        least_s: Between two questions, whatever it answers.
    """

    wait_s: float = 30.0
    life_s: float = 120.0
    first_s: float = 1.0
    longest_s: float = 60.0
    login_s: float = 120.0
    locked_s: float = 1800.0
    lost_s: float = 60.0
    none_s: float = 900.0
    least_s: float = 0.5


class Noticing:
    """All of a worker's cameras with ONVIF. `start` and `stop` once; the rest from one other thread."""

    def __init__(
        self,
        allowed: Allowed,
        clock: Clock,
        *,
        emit: Callable[[Sequence[Event]], None],
        answer: Callable[[Moved], None],
        pace: Pace | None = None,
    ) -> None:
        """Prepare.

        Args:
            allowed: Where cameras may be.
            clock: The worker's.
            emit: Takes Events, in the loop's thread; must not wait.
            answer: Takes what came of a move, likewise.
            pace: How often, and how long.
        """
        self._clock = clock
        self._emit = emit
        self._answer = answer
        self._pace = pace or Pace()
        self._exchange = Exchange(allowed)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._cameras: dict[str, _Camera] = {}
        self._moves = 0
        self._is_stopped = False

    def assign(self, task: Task) -> None:
        """Listen to a camera, in place of how it was listened to before."""
        before = self._cameras.get(task.camera.id)
        if before is not None and before.is_same(task):
            before.task = task
            return
        self.remove(task.camera.id)
        onvif = task.camera.onvif
        if onvif is None or self._is_stopped:
            return
        camera = _Camera(task, onvif)
        self._cameras[task.camera.id] = camera
        if onvif.events:
            camera.listening = asyncio.run_coroutine_threadsafe(self._listen(camera), self._running_loop())

    def remove(self, camera_id: str) -> None:
        """Listen to a camera no more."""
        camera = self._cameras.pop(camera_id, None)
        if camera is not None and camera.listening is not None:
            camera.listening.cancel()

    def move(self, wanted: MoveWanted) -> None:
        """Turn a camera; the answer comes by itself."""
        camera = self._cameras.get(wanted.camera)
        if camera is None:
            self._answer(Moved(wanted.request, Problem.UNSUPPORTED.value, "the camera has no ONVIF address"))
        else:
            asyncio.run_coroutine_threadsafe(self._move(camera, wanted), self._running_loop())

    def troubles(self, camera_id: str) -> Mapping[str, str]:
        """What of a camera's ONVIF does not work, in words for an operator; empty when all does."""
        camera = self._cameras.get(camera_id)
        if camera is None:
            return {}
        if camera.problem is not None:
            error = camera.problem
            return {DRIVER: f"{error.problem}: {words(error.problem)[1]}"}
        left_out = camera.translator.suppressed
        return {DRIVER: f"it told too much: {left_out} notifications were left out"} if left_out else {}

    def stop(self, *, timeout_s: float = 2.0) -> None:
        """Let all cameras go; bounded in time."""
        self._is_stopped = True
        for camera_id in tuple(self._cameras):
            self.remove(camera_id)
        loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout_s)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._run, args=(self._loop,), name="noticing", daemon=True)
            self._thread.start()
        return self._loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            waiting = asyncio.all_tasks(loop)
            for task in waiting:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
        finally:
            loop.close()

    async def _listen(self, camera: _Camera) -> None:
        delay_s = self._pace.first_s
        try:
            await asyncio.sleep(random.uniform(0.0, self._pace.first_s))  # noqa: S311 - spreads, guards nothing
            while True:
                heard = False
                try:
                    heard = await self._subscribe(camera)
                except AskingError as error:
                    heard = camera.problem is None and camera.has_heard
                    camera.problem = error
                    logger.debug(
                        "a camera does not tell what it notices",
                        extra={"camera": camera.id, "reason": error.problem, "detail": error.detail},
                    )
                except Exception:
                    # A defect here must cost one camera one subscription, not the worker all of them.
                    logger.exception("listening failed in a way that is not foreseen", extra={"camera": camera.id})
                    camera.problem = AskingError(Problem.FAILED)
                camera.has_heard = False
                if camera.lost_s is None:
                    camera.lost_s = self._clock.monotonic_s()
                delay_s = self._pace.first_s if heard else min(self._pace.longest_s, 2.0 * delay_s)
                wait_s = self._rest_of(camera, delay_s) * random.uniform(0.75, 1.0)  # noqa: S311 - likewise
                left_s = max(0.0, camera.lost_s + self._pace.lost_s - self._clock.monotonic_s())
                if left_s <= wait_s:
                    await asyncio.sleep(left_s)
                    self._tell(camera, camera.translator.end(self._clock.now()))
                    wait_s -= left_s
                await asyncio.sleep(wait_s)
        finally:
            self._tell(camera, camera.translator.end(self._clock.now()))

    def _rest_of(self, camera: _Camera, delay_s: float) -> float:
        problem = None if camera.problem is None else camera.problem.problem
        if problem is Problem.WRONG_PASSWORD:
            camera.refusals += 1
            return self._pace.login_s if camera.refusals < _MOST_REFUSALS else self._pace.locked_s
        return self._pace.none_s if problem is Problem.UNSUPPORTED else delay_s

    async def _subscribe(self, camera: _Camera) -> bool:
        """Listen until it breaks, which raises."""
        session = self._session(camera, keeps=True)
        pull = PullPoint(session, self._clock, wait_s=self._pace.wait_s, life_s=self._pace.life_s)
        try:
            await pull.begin()
            while True:
                asked_s = self._clock.monotonic_s()
                notes = await pull.pull()
                camera.problem, camera.has_heard = None, True
                camera.lost_s, camera.refusals = None, 0
                self._take(camera, notes, session.offset_s or 0.0)
                took_s = self._clock.monotonic_s() - asked_s
                await asyncio.sleep(max(0.0, self._pace.least_s - took_s) if took_s < self._pace.least_s else 0.0)
        finally:
            try:
                with suppress(asyncio.CancelledError):
                    await asyncio.shield(pull.end())
            finally:
                session.close()

    def _take(self, camera: _Camera, notes: Sequence[Notification], offset_s: float) -> None:
        self._tell(camera, camera.translator.take(notes, arrived=self._clock.now(), offset_s=offset_s))

    def _tell(self, camera: _Camera, told: Sequence[Told]) -> None:
        task = camera.task
        untold = _UNTOLD[task.camera.analyse]
        arrived = self._clock.now()
        events = [
            Event(
                id=new_event_id(),
                kind=each.kind,
                at=each.at,
                arrived=arrived,
                source=task.camera.id,
                driver=DRIVER,
                site=task.camera.site,
                area=task.area,
                camera=task.camera.id,
                subject=each.subject,
                fields=each.fields,
                quality=each.quality,
            )
            for each in told
            if each.kind not in untold
        ]
        if events:
            self._emit(events)

    async def _move(self, camera: _Camera, wanted: MoveWanted) -> None:
        if self._moves >= _MOST_MOVES and wanted.move != "stop":
            self._answer(Moved(wanted.request, Problem.BUSY.value))
            return
        self._moves += 1
        try:
            if camera.turning is None:
                camera.turning = Turning(self._session(camera), camera.onvif.profile)
            moved = await self._in_turn(camera, camera.turning, wanted)
        except AskingError as error:
            camera.turning = None  # what was learned of it may be old
            moved = Moved(wanted.request, error.problem.value, error.detail)
        except Exception:
            logger.exception("turning failed in a way that is not foreseen", extra={"camera": camera.id})
            moved = Moved(wanted.request, Problem.FAILED.value)
        finally:
            self._moves -= 1
        self._answer(moved)

    async def _in_turn(self, camera: _Camera, turning: Turning, wanted: MoveWanted) -> Moved:
        """One after another: what still waits when a stop comes is not done, so that the stop is the last."""
        if wanted.move == "stop":
            camera.stops += 1
        stops = camera.stops
        async with camera.turn:
            if stops != camera.stops and wanted.move in ("move", "go"):
                return Moved(wanted.request, Problem.BUSY.value, "it was stopped meanwhile")
            return await _moved(turning, wanted)

    def _session(self, camera: _Camera, *, keeps: bool = False) -> Session:
        onvif = camera.onvif
        try:
            password = None if onvif.password is None else onvif.password.reveal()
        except ValueError as error:
            raise AskingError(Problem.WRONG_PASSWORD, str(error)) from None
        return Session(Access(onvif.url, onvif.username, password), self._exchange, self._clock, keeps=keeps)


class _Camera:
    def __init__(self, task: Task, onvif: Onvif) -> None:
        self.id = task.camera.id
        self.task = task
        self.onvif = onvif
        self.translator = Translator()
        self.listening: Any = None
        self.turning: Turning | None = None
        self.problem: AskingError | None = None
        self.has_heard = False
        self.lost_s: float | None = None
        self.refusals = 0
        self.turn = asyncio.Lock()
        self.stops = 0

    def is_same(self, task: Task) -> bool:
        before, after = self.task.camera, task.camera
        return (before.onvif, before.site, before.analyse, self.task.area) == (
            after.onvif,
            after.site,
            after.analyse,
            task.area,
        )


async def _moved(turning: Turning, wanted: MoveWanted) -> Moved:
    match wanted.move:
        case "presets":
            return Moved(wanted.request, presets=tuple((each.token, each.name) for each in await turning.presets()))
        case "position":
            at = await turning.position()
            return Moved(wanted.request, pan=at.pan, tilt=at.tilt, zoom=at.zoom, moving=at.moving)
        case "store":
            return Moved(wanted.request, preset=await turning.store(wanted.name or "", wanted.preset))
        case "move":
            await turning.move(pan=wanted.pan, tilt=wanted.tilt, zoom=wanted.zoom, for_s=wanted.for_s)
        case "stop":
            await turning.stop()
        case "go" if wanted.preset is not None:
            await turning.go(wanted.preset)
        case "remove" if wanted.preset is not None:
            await turning.remove(wanted.preset)
        case _:
            raise AskingError(Problem.UNSUPPORTED, f"no such move: {wanted.move[:40]}")
    return Moved(wanted.request)
