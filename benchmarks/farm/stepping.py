"""Stepping: a hub and its workers on a clock that the benchmark sets, while the machine's own stays as it is.

Everything in the hub takes its time from `hub.clock.SystemClock`, so that is where the offset goes in: a file of eight
bytes, mapped into every process. The monotonic clock is left alone, as it is when a real machine's clock is set.
"""

from __future__ import annotations

import mmap
import struct
import sys
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from unittest import mock

from hub.clock import SystemClock

_FORM = struct.Struct("<d")


class SetOffset:
    """The offset, for who sets it."""

    def __init__(self, path: Path) -> None:
        """Make the file, at no offset."""
        self.path = path
        path.write_bytes(_FORM.pack(0.0))

    def set(self, seconds: float) -> None:
        """Have the hub's clock this much ahead of the machine's."""
        with self.path.open("r+b") as file:
            file.write(_FORM.pack(seconds))


def hub_words(offset: Path, machine: Path, community: Path) -> list[str]:
    """The command of a hub on that clock."""
    code = "from benchmarks.farm.stepping import be_hub; be_hub()"
    return [sys.executable, "-c", code, str(offset), str(machine), str(community)]


def be_hub() -> None:
    """The program `hub run` on that clock, with workers on it too."""
    offset, machine_path, community_path = map(Path, sys.argv[1:4])
    _follow(offset)
    from api import main, running  # noqa: PLC0415 - each program loads what it needs
    from cameras.supervisor import Supervisor  # noqa: PLC0415
    from config.load import load_machine  # noqa: PLC0415
    from hub import logs  # noqa: PLC0415

    code = f"from benchmarks.farm.stepping import be_worker; be_worker({str(offset)!r})"
    machine = load_machine(machine_path)
    logs.set_up(machine.log_level)
    build = partial(main.build, make_cameras=partial(Supervisor, command=(sys.executable, "-c", code)))
    with mock.patch.object(running, "build", build):
        running.run_hub(machine, community_path=community_path)


def be_worker(offset: str) -> None:
    """The worker's program on that clock; the mapping stands before the worker is confined."""
    _follow(Path(offset))
    from cameras.worker import main  # noqa: PLC0415 - not in the hub's process

    main()


def _follow(path: Path) -> None:
    with path.open("rb") as file:
        held = mmap.mmap(file.fileno(), _FORM.size, access=mmap.ACCESS_READ)
    real = SystemClock.now

    def now(clock: SystemClock) -> datetime:
        return real(clock) + timedelta(seconds=_FORM.unpack(held[: _FORM.size])[0])

    SystemClock.now = now  # type: ignore[assignment, method-assign]
