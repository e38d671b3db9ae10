"""Trials: backtests of rules and of zones that somebody asked the hub for, one at a time, each in its own process.

The hub itself only hands over the order and reads what came of it, so that no alarm waits for a backtest. A trial ends
by itself, when it is cancelled, when its time is up, or with the hub. The newest few are remembered, in memory alone.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from api.errors import TooManyError
from hub.clock import Clock
from hub.errors import NotFoundError
from hub.events import time_to_text

logger = logging.getLogger(__name__)

LONGEST_S = 600.0
KEPT = 20
_BACKTEST = (sys.executable, "-m", "api.commands.backtesting")
_ZONES = (sys.executable, "-m", "api.commands.trying_zones")
_END_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Trial:
    """One backtest.

    Attributes:
        id: Of this run of the hub.
        rule: Id of the rule; empty where zones are tried.
        since: Events that arrived since.
        until: Not included.
        who: Account name.
        began: Hub time.
        state: `running`, `done`, `failed` or `cancelled`.
        progress: 0..1, how far it has come in time.
        events: How many it has seen.
        found: What came of it; empty until it is done.
        error: Why it failed.
        camera: Id of the camera whose zones are tried.
    """

    id: str
    rule: str
    since: datetime
    until: datetime
    who: str
    began: datetime
    state: str = "running"
    progress: float = 0.0
    events: int = 0
    found: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    error: str = ""
    camera: str = ""


class Trials:
    """The backtests of one hub. Safe from any thread."""

    def __init__(self, url: str, clock: Clock, *, traces: Path = Path("traces"), longest_s: float = LONGEST_S) -> None:
        """Prepare to try rules on the database at `url` and zones on `traces`, each within `longest_s` seconds."""
        self._url = url
        self._traces = traces
        self._clock = clock
        self._longest_s = longest_s
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._trials: dict[str, Trial] = {}
        self._process: subprocess.Popen[str] | None = None
        self._running: str | None = None
        self._thread: threading.Thread | None = None
        self._stopped = False

    def begin(self, rule: str, text: str, *, since: datetime, until: datetime, who: str) -> Trial:
        """Begin to try a rule as it is written in `text`.

        Raises:
            TooManyError: Another one runs.
        """
        order = {"url": self._url, "text": text, "since": time_to_text(since), "until": time_to_text(until)}
        return self._begin(_BACKTEST, order, Trial("", rule, since, until, who, self._clock.now()))

    def begin_zones(
        self, camera: str, change: Mapping[str, Any], *, since: datetime, until: datetime, who: str
    ) -> Trial:
        """Begin to try what is changed of a camera, as JSON types by its fields.

        Raises:
            TooManyError: Another one runs.
        """
        order = {
            "url": self._url,
            "traces": str(self._traces.absolute()),
            "camera": camera,
            "change": dict(change),
            "since": time_to_text(since),
            "until": time_to_text(until),
        }
        return self._begin(_ZONES, order, Trial("", "", since, until, who, self._clock.now(), camera=camera))

    def _begin(self, command: Sequence[str], order: Mapping[str, Any], trial: Trial) -> Trial:
        self._settle()
        with self._lock:
            if self._running is not None or self._stopped:
                raise TooManyError("another backtest runs; only one at a time", retry_after_s=10)
            trial = replace(trial, id=f"t{next(self._numbers)}")
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self._process, self._running = process, trial.id
            self._trials[trial.id] = trial
            for old in list(self._trials)[:-KEPT]:
                del self._trials[old]
            thread = threading.Thread(target=self._follow, args=(trial.id, process, order), name="trial", daemon=True)
            self._thread = thread
        thread.start()
        return trial

    def get(self, trial: str, *, camera: str = "") -> Trial:
        """How it stands with one of a rule, or of a camera.

        Raises:
            NotFoundError: There is none with this id, or it is forgotten.
        """
        found = self._trials.get(trial)
        if found is None or found.camera != camera:
            raise NotFoundError(f"no backtest {trial!r}")
        return found

    def all(self) -> tuple[Trial, ...]:
        """Those of rules that are remembered, the newest first."""
        with self._lock:
            return tuple(each for each in reversed(self._trials.values()) if not each.camera)

    def cancel(self, trial: str) -> Trial:
        """End it; one that is over stays as it is.

        Raises:
            NotFoundError: There is none with this id.
        """
        self._end(self.get(trial).id, "cancelled")
        return self.get(trial)

    def stop(self) -> None:
        """End the one that runs, and begin no more."""
        self._stopped = True
        running, thread = self._running, self._thread
        if running is not None:
            self._end(running, "cancelled")
        if thread is not None:
            thread.join()

    def _settle(self) -> None:
        """Wait for the process of one that is over."""
        running, thread = self._running, self._thread
        if running is not None and thread is not None and self._trials[running].state != "running":
            thread.join(_END_WITHIN_S)

    def _end(self, trial: str, state: str, error: str = "") -> None:
        with self._lock:
            if self._trials[trial].state != "running":
                return
            self._trials[trial] = replace(self._trials[trial], state=state, error=error)
            process = self._process
        if process is not None:
            process.kill()

    def _follow(self, trial: str, process: subprocess.Popen[str], order: Mapping[str, Any]) -> None:
        """Hand over the order and take what comes, in a thread of its own."""
        assert process.stdin is not None
        assert process.stdout is not None
        limit = threading.Timer(self._longest_s, self._end, (trial, "failed", f"not done within {self._longest_s:g} s"))
        limit.daemon = True
        limit.start()
        try:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(order) + "\n")
                process.stdin.flush()
            for line in process.stdout:
                self._take(trial, json.loads(line))
                if self._trials[trial].state != "running":
                    break
        except Exception:
            logger.exception("a backtest was not understood", extra={"trial": trial})
        finally:
            limit.cancel()
            self._clean(process)
            self._end(trial, "failed", "its process ended before it was done")
            with self._lock:
                self._process, self._running = None, None

    def _take(self, trial: str, said: Mapping[str, Any]) -> None:
        with self._lock:
            now = self._trials[trial]
            if now.state != "running":
                return
            if "progress" in said:
                progress = min(max(float(said["progress"]), 0.0), 1.0)
                now = replace(now, progress=progress, events=int(said["events"]))
            elif "done" in said:
                now = replace(now, state="done", progress=1.0, events=said["done"]["events"], found=said["done"])
            else:
                now = replace(now, state="failed", error=str(said.get("failed", "")))
            self._trials[trial] = now

    @staticmethod
    def _clean(process: subprocess.Popen[str]) -> None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()  # type: ignore[union-attr]
        try:
            process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()  # type: ignore[union-attr]
