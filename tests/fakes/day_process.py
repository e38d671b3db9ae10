"""A hub's inner half as a process of its own, on SQLite with fsync, that lives through a day until it is killed.

    python -m tests.fakes.day_process FOLDER SEED EVENTS STRETCHES

Reads numbers of stretches from its standard input, lives through each, and says so; ends with its input. Whoever
starts it is the world outside: after a kill it asks the next process for the same stretch again.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

from hub.clock import SetClock
from hub.store.database import Database, sqlite_url
from tests.fakes.crashes import DEADLINE_S, Hub, dumped
from tests.fakes.days import START, rules_of_the_day, simulated_day

ROOT = Path(__file__).resolve().parents[2]
_LONGEST_S = 0.25
"""A kill comes at most so long after the order; most stretches take less."""


class HubProcess:
    """The process that is killed."""

    def __init__(self, folder: Path, *, seed: int, events: int, stretches: int) -> None:
        """Start it and wait until it listens."""
        self.child = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.day_process", *map(str, (folder, seed, events, stretches))],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self.heard() != "ready":
            raise RuntimeError("the hub process did not start")

    def order(self, number: int) -> None:
        """Have it live through a stretch."""
        assert self.child.stdin is not None
        self.child.stdin.write(f"{number}\n")
        self.child.stdin.flush()

    def heard(self) -> str:
        """The next line it says, empty when it is gone."""
        assert self.child.stdout is not None
        return self.child.stdout.readline().strip()

    def end(self, *, kill: bool) -> str:
        """SIGKILL, or the end of its input; what it had still said."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        if kill:
            self.child.kill()
        self.child.stdin.close()
        self.child.wait(DEADLINE_S)
        with self.child.stdout:
            return self.child.stdout.read().strip()


def live_through_kills(
    folder: Path, *, seed: int, events: int, stretches: int, kills: int, chance: random.Random
) -> tuple[bytes, int]:
    """A day on a fresh database in `folder`, with so many kills at moments of chance.

    Returns:
        What is stored then, and how many of the kills interrupted a stretch; the others came right after one.
    """
    killed_at = {*chance.sample(range(stretches), kills)}
    hub = HubProcess(folder, seed=seed, events=events, stretches=stretches)
    never, interrupted = threading.Event(), 0
    for number in range(stretches):
        hub.order(number)
        if number in killed_at:
            never.wait(_LONGEST_S * chance.random() ** 3)
            interrupted += not hub.end(kill=True)
            hub = HubProcess(folder, seed=seed, events=events, stretches=stretches)
            hub.order(number)
        if hub.heard() != f"{number}":
            raise RuntimeError("the hub process is gone")
    hub.end(kill=False)
    database = Database(sqlite_url(folder))
    database.start()
    try:
        return dumped(database), interrupted
    finally:
        database.stop()


def main() -> None:
    """Be that process."""
    folder, seed, events, stretches = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    day = simulated_day(seed, events=events, stretches=stretches)
    hub: Hub | None = None
    clock = SetClock(START)
    _say("ready")
    for line in sys.stdin:
        number = int(line)
        if hub is None:
            if number:
                clock.set(day[number - 1].until)
            url, book = sqlite_url(folder), rules_of_the_day()
            hub = Hub(url, book=book, clock=clock, batch=number % 20 + 1, durability="full")
        hub.live(day[number], at_once=number % 9 + 1)
        _say(f"{number}")
    if hub is not None:
        hub.stop()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
