"""Ends a broker that an earlier hub left running in the same folder, and nothing else.

The tether ends the broker with its hub on Linux, so a left-over one is rare. It is known by its pid file, by its
command line naming this folder's configuration, and by its hub being gone: a broker whose hub lives belongs to it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from pathlib import Path

from hub.clock import Clock
from hub.errors import BrokerError

_STEP_S = 0.05
_TAIL_CHARACTERS = 400


def remember_owner(folder: Path) -> None:
    """Write down which process runs the broker of this folder."""
    (folder / "owner").write_text(f"{os.getpid()} {_birth(os.getpid())}\n", encoding="ascii")


def end_leftover(folder: Path, *, stop_s: float, clock: Clock) -> None:
    """End what an earlier hub left, waiting at most twice `stop_s` seconds.

    Raises:
        BrokerError: Another hub that is alive runs it.
    """
    pid_file = folder / "nats.pid"
    try:
        pid = int(pid_file.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return
    if _is_ours(pid, folder):
        owner = _living_owner(folder)
        if owner is not None:
            raise BrokerError(f"the hub with process id {owner} runs the broker in {folder}; stop it first")
        for order in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, order)
            if _gone(pid, folder, stop_s=stop_s, clock=clock):
                break
    pid_file.unlink()


def ended_in_order(folder: Path) -> bool:
    """Whether the last run of the broker ended in order, and so wrote down what it had sent; True when there was none.

    It says so in the last lines of its log; a killed one, or one whose machine lost power, does not.
    """
    log = folder / "nats.log"
    return not log.exists() or "Server Exiting" in log.read_text(encoding="utf-8", errors="replace")[-_TAIL_CHARACTERS:]


def _gone(pid: int, folder: Path, *, stop_s: float, clock: Clock) -> bool:
    deadline_s = clock.monotonic_s() + stop_s
    never = threading.Event()
    while _is_ours(pid, folder):
        if clock.monotonic_s() > deadline_s:
            return False
        clock.wait(never, _STEP_S)
    return True


def _is_ours(pid: int, folder: Path) -> bool:
    """Whether the process runs with this folder's configuration; a zombie has no command line and does not."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return os.fsencode(folder / "nats.conf") in command.split(b"\0")


def _living_owner(folder: Path) -> int | None:
    try:
        pid_text, birth = (folder / "owner").read_text(encoding="ascii").split()
        pid = int(pid_text)
    except (FileNotFoundError, ValueError):
        return None
    return pid if pid != os.getpid() and _birth(pid) == birth else None


def _birth(pid: int) -> str:
    """When the process was started, in clock ticks since boot; tells it from a later one with the same id."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "unknown"
    return stat.rpartition(")")[2].split()[19]
