"""Runs a program for as long as somebody owns it: `python -I -S tether.py OWNER_FILE LINGER_S PROGRAM ARGUMENT...`.

A process of its own, because only that outlives a hub that is killed: the program goes on for LINGER_S seconds, and a
hub that starts meanwhile writes itself into OWNER_FILE and takes it over. When nobody does, the program is ended in
order, so nothing is left behind. SIGTERM ends the program in order and then this; on Linux the program ends too when
this is killed. Standard library only, nothing of ours; one wake-up a second.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECK_S = 1.0
_PR_SET_PDEATHSIG = 1


class Tether:
    """One program and the file that says who owns it."""

    def __init__(self, owner_file: Path, linger_s: float, command: list[str]) -> None:
        """Run `command` for the owner in `owner_file`, and `linger_s` seconds more."""
        self._owner_file = owner_file
        self._linger_s = linger_s
        self._command = command
        self._alone_s = 0.0
        self._ending = False
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Until the program ends; its exit code."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGALRM, self._check)
        me = os.getpid()
        self._child = subprocess.Popen(self._command, preexec_fn=lambda: _end_with(me))  # noqa: PLW1509 - no threads here
        signal.setitimer(signal.ITIMER_REAL, CHECK_S, CHECK_S)
        if self._ending:
            self._child.terminate()
        return self._child.wait()

    def _end(self, *_: Any) -> None:
        self._ending = True
        if self._child is not None:
            self._child.terminate()

    def _check(self, *_: Any) -> None:
        self._alone_s = 0.0 if owner_lives(self._owner_file) else self._alone_s + CHECK_S
        if self._alone_s >= self._linger_s:
            self._end()


def owner_lives(owner_file: Path) -> bool:
    """Whether the process that wrote itself into the file is still there, and not another one with its id."""
    try:
        pid, birth = owner_file.read_text(encoding="ascii").split()
        return birth_of(int(pid)) == birth
    except (OSError, ValueError):
        return False


def birth_of(pid: int) -> str | None:
    """When a process was started, in clock ticks since boot; None when there is none, or only its zombie.

    Where there is no /proc, `alive` stands for it.
    """
    if not Path("/proc/self/stat").exists():
        try:
            os.kill(pid, 0)
        except OSError:
            return None
        return "alive"
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else fields[19]


def _end_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


if __name__ == "__main__":
    sys.exit(Tether(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]).run())
