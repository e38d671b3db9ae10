"""BrokerProcess: the broker's process, started by this hub or taken over from one that was killed.

Files in the broker's folder say what runs: `owner` (the hub), `tether` (our process around the broker), `nats.pid`.
Each process is known by its id and the time of its start, so a stranger under an old id is never touched.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

from hub.clock import Clock
from hub.errors import BrokerError
from hub.sensors.tether import birth_of, owner_lives

_STEP_S = 0.05
_POLL_S = 0.2
_TAIL_CHARACTERS = 400
_NEVER = threading.Event()


class BrokerProcess:
    """The tether around a running nats-server."""

    def __init__(self, pid: int, birth: str, child: subprocess.Popen[bytes] | None = None) -> None:
        """Know a tether by its id and birth; `child` when this process started it."""
        self._pid = pid
        self._birth = birth
        self._child = child

    def alive(self) -> bool:
        """Whether it runs."""
        if self._child is not None:
            return self._child.poll() is None
        return birth_of(self._pid) == self._birth

    def end(self, order: signal.Signals = signal.SIGTERM) -> None:
        """Tell it to end; by SIGTERM in order."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, order)

    def wait(self, clock: Clock, *, timeout_s: float | None = None) -> bool:
        """Wait until it has ended, at most `timeout_s` seconds; whether it has."""
        if self._child is not None:
            if timeout_s is not None and not _ends_within(self._child.pid, timeout_s):
                return False
            self._child.wait()
            return True
        deadline_s = None if timeout_s is None else clock.monotonic_s() + timeout_s
        while self.alive():
            if deadline_s is not None and clock.monotonic_s() > deadline_s:
                return False
            clock.wait(_NEVER, _POLL_S)
        return True


def start_broker(folder: Path, program: Path, config: Path, *, linger_s: float) -> BrokerProcess:
    """Start `program` with `config` in `folder`, tied to the owner written there and ending `linger_s` after it."""
    child = subprocess.Popen(
        [
            sys.executable, "-I", "-S", str(Path(__file__).with_name("tether.py")),
            str(folder / "owner"), str(linger_s), str(program), "--config", str(config),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # a pipe would break with the hub and end the broker in mid-stop
        cwd=folder,
        start_new_session=True,  # Ctrl-C goes to the hub alone, which stops the broker last
    )  # fmt: skip
    birth = birth_of(child.pid) or "gone"
    (folder / "tether").write_text(f"{child.pid} {birth}\n", encoding="ascii")
    return BrokerProcess(child.pid, birth, child)


def own(folder: Path) -> None:
    """Write down that this process owns the broker of the folder.

    Raises:
        BrokerError: Another hub that is alive does.
    """
    owner = folder / "owner"
    if owner_lives(owner):
        pid = owner.read_text(encoding="ascii").split()[0]
        if pid != str(os.getpid()):
            raise BrokerError(f"the hub with process id {pid} runs the broker in {folder}; stop it first")
    new = folder / "owner.new"
    new.write_text(f"{os.getpid()} {birth_of(os.getpid())}\n", encoding="ascii")
    new.replace(owner)


def find_running(folder: Path) -> BrokerProcess | None:
    """The broker that a killed hub left running in the folder, with its tether."""
    pid, birth = _written(folder / "tether")
    if pid is None or birth_of(pid) != birth or _server(folder) is None:
        return None
    return BrokerProcess(pid, birth)


def end_leftover(folder: Path, *, stop_s: float, clock: Clock) -> None:
    """End whatever broker runs in the folder, first in order; waits at most twice `stop_s` seconds."""
    for order in (signal.SIGTERM, signal.SIGKILL):
        running = find_running(folder)
        if running is not None:
            running.end(order)
        server = _server(folder)
        if server is not None and (running is None or order is signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(server, order)
        deadline_s = clock.monotonic_s() + stop_s
        while _server(folder) is not None and clock.monotonic_s() < deadline_s:
            clock.wait(_NEVER, _STEP_S)


def server_pid(folder: Path) -> int | None:
    """Process id of the nats-server that runs in the folder."""
    return _server(folder)


def ended_in_order(folder: Path) -> bool:
    """Whether the last run of the broker ended in order, and so wrote down what it had sent; True when there was none.

    It says so in the last lines of its log; a killed one, or one whose machine lost power, does not.
    """
    log = folder / "nats.log"
    return not log.exists() or "Server Exiting" in log.read_text(encoding="utf-8", errors="replace")[-_TAIL_CHARACTERS:]


def _ends_within(pid: int, timeout_s: float) -> bool:
    """Wait for the end of a child that was not waited for yet, without asking again and again."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        waiting = select.poll()
        waiting.register(handle, select.POLLIN)
        return bool(waiting.poll(timeout_s * 1000))
    finally:
        os.close(handle)


def _server(folder: Path) -> int | None:
    """The process in `nats.pid`, if it runs with this folder's configuration; a zombie has no command line."""
    try:
        pid = int((folder / "nats.pid").read_text(encoding="ascii"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if os.fsencode(folder / "nats.conf") in command.split(b"\0") else None


def _written(path: Path) -> tuple[int | None, str]:
    try:
        pid, birth = path.read_text(encoding="ascii").split()
        return int(pid), birth
    except (OSError, ValueError):
        return None, ""
