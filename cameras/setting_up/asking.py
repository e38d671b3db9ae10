"""Asking: runs the set-up process for one request and hears its answer; what the hub uses.

The child looks at devices that nobody trusts yet, so it is not trusted either: its lines are bounded and read strictly,
and it is killed when its time is over. The request goes over its standard input alone, for it holds a password.
Whatever happens comes back as an answer. Must not load PyAV or OpenCV: the hub imports this.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cameras.reaching import Problem, words
from cameras.setting_up.strict_json import as_json, read
from cameras.setting_up.words import LINES, REQUESTS, Answer, Discover, Failed, Progress, Request, Said, TakeStill
from hub.clock import Clock, SystemClock

__all__ = ["COMMAND", "ask", "failed", "line_of", "read_line", "read_request", "request_of", "said"]

logger = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "cameras.setting_up")

_MOST_LINE_BYTES = 12 * 2**20
"""A picture in base64 is the longest there is."""

_MOST_LINES = 10_000
_KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH")
_MARGIN_S = 20.0
"""For the start of the process, and for what a request does besides waiting."""

_PROBE_S = 90.0
"""A recorder has many streams, and each is watched for seconds."""


def said(problem: Problem, detail: str = "") -> Said:
    """A problem as a person reads it."""
    zh, en = words(problem)
    return Said(problem.value, zh, en, detail)


def failed(problem: Problem, detail: str = "") -> Failed:
    """A problem as an answer."""
    zh, en = words(problem)
    return Failed(problem, zh, en, detail)


def request_of(request: Request) -> bytes:
    """The request as the child reads it; holds the password."""
    name = next(name for name, kind in REQUESTS.items() if isinstance(request, kind))
    return json.dumps({"ask": name, **as_json(request)}, ensure_ascii=True).encode() + b"\n"


def read_request(data: bytes) -> Request:
    """The request that `request_of` wrote.

    Raises:
        ValueError: It is none.
    """
    kind, body = _taken_apart(data, "ask")
    if kind not in REQUESTS:
        raise ValueError("no such request")
    return read(REQUESTS[kind], body)


def line_of(line: Answer | Progress) -> bytes:
    """A line of the answer."""
    name = next(name for name, kind in LINES.items() if isinstance(line, kind))
    return json.dumps({"line": name, **as_json(line)}, ensure_ascii=True).encode() + b"\n"


def read_line(data: bytes) -> Answer | Progress:
    """The line that `line_of` wrote.

    Raises:
        ValueError: It is none.
    """
    kind, body = _taken_apart(data, "line")
    if kind not in LINES:
        raise ValueError("no such line")
    return read(LINES[kind], body)


def _taken_apart(data: bytes, key: str) -> tuple[str, dict[str, object]]:
    try:
        body = json.loads(data)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(body, dict) or not isinstance(kind := body.pop(key, None), str):
        raise ValueError(f"no object with {key!r}")  # noqa: TRY004 - whatever is wrong with it
    return kind, body


def ask(
    request: Request,
    *,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
    stopping: threading.Event | None = None,
    timeout_s: float | None = None,
    command: Sequence[str] = COMMAND,
    clock: Clock | None = None,
) -> Answer:
    """Have a request answered by a process of its own.

    Args:
        request: What is wanted.
        on_progress: Hears how far it is, in the caller's thread.
        stopping: Ends it early, with the answer `busy`.
        timeout_s: Longest wait; None as the request needs.
        command: Starts the process.
        clock: For the wait.

    Returns:
        What it answered; Failed with `timed_out` or `failed` when it did not, in time or in order.
    """
    clock = clock or SystemClock()
    until_s = clock.monotonic_s() + (_time_of(request) if timeout_s is None else timeout_s)
    child = subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
        env=_environment(),
        close_fds=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(request_of(request))
        child.stdin.flush()  # it stays open: the child ends when it closes
        return _Hearing(child.stdout, on_progress, stopping, clock).until(until_s)
    except BrokenPipeError:
        return failed(Problem.FAILED, "the process ended at once")
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        try:
            child.stdin.close()
        except BrokenPipeError:
            logger.debug("the set-up process went before it was told to")


@dataclass(frozen=True, slots=True)
class _Hearing:
    output: IO[bytes]
    on_progress: Callable[[Progress], None]
    stopping: threading.Event | None
    clock: Clock

    def until(self, until_s: float) -> Answer:
        waiting = bytearray()
        lines = 0
        with selectors.DefaultSelector() as selector:
            selector.register(self.output, selectors.EVENT_READ)
            while (left_s := until_s - self.clock.monotonic_s()) > 0:
                if self.stopping is not None and self.stopping.is_set():
                    return failed(Problem.BUSY, "it was stopped")
                if not selector.select(min(left_s, 0.25)):
                    continue
                piece = os.read(self.output.fileno(), 1 << 20)
                if not piece:
                    return failed(Problem.FAILED, "the process ended without an answer")
                waiting += piece
                if b"\n" in piece:
                    *whole, waiting = waiting.split(b"\n")
                    for data in whole:
                        if (answer := self._take(bytes(data))) is not None:
                            return answer
                    lines += len(whole)
                if len(waiting) > _MOST_LINE_BYTES or lines > _MOST_LINES:
                    return failed(Problem.FAILED, "the process said too much")
        return failed(Problem.TIMED_OUT, "it took too long")

    def _take(self, data: bytes) -> Answer | None:
        try:
            line = read_line(data)
        except ValueError as error:
            logger.warning("the set-up process said what is none of its words", extra={"detail": str(error)})
            return failed(Problem.FAILED, "the process answered in words that are none")
        if not isinstance(line, Progress):
            return line
        self.on_progress(line)
        return None


def _environment() -> dict[str, str]:
    """Enough to find its packages; passwords in the hub's environment are none of its business."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return kept | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def _time_of(request: Request) -> float:
    match request:
        case Discover():
            return request.timeout_s + _MARGIN_S
        case TakeStill():
            return _MARGIN_S
        case _:
            return _PROBE_S + 4 * request.seconds
