"""Processes: the worker process that a keeper has, whether it started it or found it running.

One that was found is no child, so it is watched and signalled through a pidfd, which stays that process's own even when
its number is given to another.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import struct
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, Self

from cameras.supervision.reading import passed_on


def environment(reads: Iterable[str]) -> dict[str, str]:
    """The worker finds the same packages, and computes in one thread: there is one worker per core.

    Its threads share two heaps: of one each, which is what the C library makes, most would lie idle.

    Args:
        reads: What its cameras are read from; `env:NAME` are passed on.
    """
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    own = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    return passed_on(reads) | own


def bound_sending(connection: socket.socket, timeout_s: float) -> None:
    """Have what is sent over a connection fail when nobody takes it for so long."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", int(timeout_s), 0))


class WorkerProcess(Protocol):
    """What a keeper needs of a process."""

    @property
    def pid(self) -> int:
        """Its number."""

    def kill(self) -> None:
        """End it at once; does nothing when it has ended."""

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; whether it came."""

    @property
    def ended_by(self) -> str:
        """What ended it, in words; after its end."""


class StartedProcess:
    """A child."""

    def __init__(self, command: Sequence[str], *, pass_fd: int, reads: Iterable[str] = ()) -> None:
        """Start it; it inherits `pass_fd`, and of the environment what it needs and `reads` names."""
        self._process = subprocess.Popen(command, pass_fds=[pass_fd], stdin=subprocess.DEVNULL, env=environment(reads))

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def kill(self) -> None:
        """End it at once; does nothing when it has ended."""
        self._process.kill()

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; whether it came."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    @property
    def ended_by(self) -> str:
        """What ended it, in words; after its end."""
        code = self._process.poll()
        if code is None:
            return "nothing yet"
        return signal.Signals(-code).name if code < 0 else f"exit {code}"


class FoundProcess:
    """Somebody else's child, found at its socket."""

    def __init__(self, pid: int) -> None:
        """Hold on to the process.

        Raises:
            OSError: There is none of this number, or it is another user's.
        """
        self._pid = pid
        self._handle = -1
        self._handle = os.pidfd_open(pid)

    @classmethod
    def behind(cls, connected: socket.socket) -> Self:
        """The process that listens at the other end of a Unix socket.

        Raises:
            OSError: It is gone, or it is another user's, so none that a hub of this one started.
        """
        size = struct.calcsize("3i")
        pid, user, _ = struct.unpack("3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        if user != os.geteuid():
            raise PermissionError(errno.EPERM, f"process {pid} is another user's")
        return cls(pid)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._pid

    def kill(self) -> None:
        """End it at once; does nothing when it has ended."""
        try:
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        except ProcessLookupError:
            return

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; whether it came."""
        waiting = select.poll()  # the handle may be a number that `select` does not take
        waiting.register(self._handle, select.POLLIN)
        return bool(waiting.poll(timeout_s * 1000))

    @property
    def ended_by(self) -> str:
        """What ended it, in words; its parent alone could know more."""
        return "unknown"

    def __del__(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
