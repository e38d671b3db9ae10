"""Hardening: what keeps what the hub says and holds from others, as the API shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from api.backup.scheduling import Backups
from api.certificates import certificate_warnings
from api.serving import warnings_of
from cameras.supervision.worker_status import WorkerStatus
from config.machine import Machine
from hub.clock import Clock
from hub.lifecycle import Lifecycle


class Hardening:
    """What is in force, and what is not."""

    def __init__(
        self, machine: Machine, clock: Clock, backups: Backups, workers: Callable[[], Sequence[WorkerStatus]]
    ) -> None:
        self.backups = backups
        self.every_h = machine.backup.every_h
        self._machine = machine
        self._clock = clock
        self._workers = workers

    def confined(self) -> tuple[str, ...]:
        """What workers gave up, in words."""
        return tuple(dict.fromkeys(words for worker in self._workers() for words in worker.confined))

    def warnings(self) -> tuple[str, ...]:
        """What is not as it should be, in words."""
        missing = (f"workers are not confined: {words}" for worker in self._workers() for words in worker.unconfined)
        certificate = certificate_warnings(self._machine, self._clock.now())
        return (*warnings_of(self._machine), *certificate, *dict.fromkeys(missing), *self.backups.warnings())


def start_hardening(
    machine: Machine, clock: Clock, *, workers: Callable[[], Sequence[WorkerStatus]], lifecycle: Lifecycle
) -> Hardening:
    """With the schedule of backups begun."""
    backups = Backups(machine, clock)
    lifecycle.push("backups", backups.stop)
    backups.start()
    return Hardening(machine, clock, backups, workers)
