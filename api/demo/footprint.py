"""Footprint: what the hub and all its child processes cost, read from /proc; nothing is known on other systems.

Memory is what the processes hold alone plus their share of what several hold (PSS), so that shared libraries are
counted once. One thread samples; the figures of children that end between two samples are lost.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from hub.clock import Clock

_PROC = Path("/proc")
_SAMPLE_S = 2.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME, _PARENT = 11, 12, 1  # fields of /proc/PID/stat behind the name (man 5 proc, counted from the state)


@dataclass(frozen=True, slots=True)
class Cost:
    """What was used.

    Attributes:
        peak_memory_mb: The most at any sample, all processes together.
        cpu_s: Processor seconds of all processes since the start of sampling.
        wall_s: How long was sampled.
    """

    peak_memory_mb: float
    cpu_s: float
    wall_s: float


class Footprint:
    """Samples this process and its descendants."""

    def __init__(self, clock: Clock) -> None:
        """Take the clock that times the samples."""
        self._clock = clock
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="footprint", daemon=True)
        self._begun_s = clock.monotonic_s()
        self._before_s = 0.0
        self._cpu_s: dict[int, float] = {}
        self._peak_kb = 0

    def start(self) -> None:
        """Begin to sample."""
        self._begun_s = self._clock.monotonic_s()
        self._before_s = _cpu_s(os.getpid())
        self._thread.start()

    @property
    def peak_memory_mb(self) -> float:
        """The most at any sample so far."""
        return self._peak_kb / 1024

    def stop(self) -> Cost | None:
        """End, and say what was used; None where there is no /proc."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
        if not self._peak_kb:
            return None
        wall_s = self._clock.monotonic_s() - self._begun_s
        return Cost(self.peak_memory_mb, sum(self._cpu_s.values()) - self._before_s, wall_s)

    def _run(self) -> None:
        while not self._ended.is_set() and _PROC.joinpath("self", "stat").exists():
            self._sample()
            self._clock.wait(self._ended, _SAMPLE_S)
        if self._peak_kb:
            self._sample()

    def _sample(self) -> None:
        memory_kb = 0
        for process in descendants(os.getpid()):
            memory_kb += _memory_kb(process)
            self._cpu_s[process] = max(self._cpu_s.get(process, 0.0), _cpu_s(process))
        self._peak_kb = max(self._peak_kb, memory_kb)


def descendants(root: int) -> list[int]:
    """The process ids of `root` and of all that it has started, directly or not."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[_PARENT]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        waiting += children.get(process, [])
    return found


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty when the process is gone."""
    try:
        text = _PROC.joinpath(str(process), "stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _cpu_s(process: int) -> float:
    fields = _stat(process)
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_PER_S if fields else 0.0


def _memory_kb(process: int) -> int:
    try:
        lines = _PROC.joinpath(str(process), "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
