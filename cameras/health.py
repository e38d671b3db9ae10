"""Health: whether a camera is live, decided on silence and not on errors.

A connection that breaks and is back within seconds is nobody's business; a camera that sends nothing for
OFFLINE_AFTER_S is, whatever the connection says. One change, one event. Told by the reader's thread, asked by the
worker's main thread.
"""

from __future__ import annotations

import enum
import threading
from dataclasses import dataclass
from datetime import datetime

from cameras.errors import SourceProblem
from hub.clock import Clock

OFFLINE_AFTER_S = 8.0
"""Seconds of silence; with the worker's tick this keeps the promise of 10 s."""


class CameraState(enum.StrEnum):
    """How a camera stands."""

    CONNECTING = "connecting"
    """Started, and nothing came yet."""
    LIVE = "live"
    OFFLINE = "offline"
    DISABLED = "disabled"
    """Switched off in the settings."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A camera's state.

    Attributes:
        state: How it stands.
        since: From when on, UTC.
        reason: Why it is not live; the newest problem while it is connecting or offline, else None.
    """

    state: CameraState
    since: datetime
    reason: SourceProblem | None = None


class Health:
    """The health of one camera. Safe from any thread."""

    def __init__(self, clock: Clock, *, offline_after_s: float = OFFLINE_AFTER_S) -> None:
        self._clock = clock
        self._offline_after_s = offline_after_s
        self._lock = threading.Lock()
        self._heard_s = clock.monotonic_s()
        self._problem: SourceProblem | None = None
        self._standing = Standing(CameraState.CONNECTING, clock.now())
        self._told: Standing | None = None

    def heard(self) -> None:
        """A packet came."""
        with self._lock:
            self._heard_s = self._clock.monotonic_s()
            self._problem = None
            if self._standing.state is not CameraState.LIVE:
                self._standing = Standing(CameraState.LIVE, self._clock.now())

    def failed(self, problem: SourceProblem) -> None:
        """Opening or reading failed."""
        with self._lock:
            self._problem = problem

    def check(self) -> Standing | None:
        """The new standing when it changed since the last call, else None."""
        with self._lock:
            silent_s = self._clock.monotonic_s() - self._heard_s
            if silent_s >= self._offline_after_s and self._standing.state is not CameraState.OFFLINE:
                self._standing = Standing(
                    CameraState.OFFLINE, self._clock.now(), self._problem or SourceProblem.TIMED_OUT
                )
            if self._standing.state is CameraState.CONNECTING or self._standing == self._told:
                return None
            self._told = self._standing
            return self._standing

    @property
    def standing(self) -> Standing:
        """How the camera stands; the reason is the newest one."""
        with self._lock:
            if self._standing.state is CameraState.LIVE:
                return self._standing
            return Standing(self._standing.state, self._standing.since, self._problem or self._standing.reason)
