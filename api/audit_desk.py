"""Audit desk: the audit log of a hub with its signed heads, and the check of all of it, which may take a while.

A check of a million entries takes seconds, so it runs by itself, one at a time, and is asked for; its verdict names the
first entry that does not fit.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from cameras.recordings.evidence.signing import fingerprint_of, is_signed, key_of
from config.machine import Machine
from hub.audit import FAULTS, Action, Entry, Head, Verdict
from hub.audit_heads import FILE, HeadFile, read_heads
from hub.clock import Clock
from hub.errors import HubError
from hub.lifecycle import Lifecycle
from hub.metrics import Metrics, Values
from hub.store.audit import AuditLog
from hub.store.database import Database
from hub.store.revisions import Revision

logger = logging.getLogger(__name__)

State = Literal["running", "done", "failed"]


class HeadsError(HubError):
    """A file of signed heads that cannot be relied on; says which line and why."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check of the whole log.

    Attributes:
        state: Whether it is over.
        began: When.
        checked: Entries that fit so far.
        entries: How many there were when it began.
        ended: When, if it is over.
        verdict: What it found, if it is over.
        problem: What is wrong with the file of heads, or why the check failed.
        keys: Fingerprints of the keys that signed heads.
    """

    state: State
    began: datetime
    checked: int = 0
    entries: int = 0
    ended: datetime | None = None
    verdict: Verdict | None = None
    problem: str = ""
    keys: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool | None:
        """Whether log and heads are whole; None while nobody knows."""
        return None if self.verdict is None else self.verdict.is_good and not self.problem

    @property
    def words(self) -> str:
        """What is wrong, empty when nothing is."""
        if self.verdict is not None and self.verdict.fault is not None:
            return f"{self.verdict.broken}: {FAULTS[self.verdict.fault]}"
        return self.problem


class AuditDesk:
    """The audit log, and who checks it."""

    def __init__(self, log: AuditLog, clock: Clock, *, heads: Path) -> None:
        """Check `log` against the signed heads in a file."""
        self.log = log
        self._clock = clock
        self._heads = heads
        self._changed = threading.Condition()
        self._newest: Check | None = None

    def revised(self, connection: Any, revision: Revision) -> None:
        """Tell of a revision of the Community in its own transaction."""
        number, more = str(revision.number), {"reason": revision.reason}
        told = Entry(revision.at, Action.CHANGE, actor=revision.author, kind="revision", id=number, more=more)
        self.log.add(connection, told)

    def check(self, *, again: bool, wait_s: float = 1.0) -> Check:
        """The newest check; begins one if there is none.

        Args:
            again: Begin another one if none runs.
            wait_s: How long to wait for its end, seconds.
        """
        with self._changed:
            if self._newest is None or (again and self._newest.state != "running"):
                self._newest = Check("running", self._clock.now(), entries=self.log.head().number)
                threading.Thread(target=self._run, name="audit-check", daemon=True).start()
            self._changed.wait_for(lambda: self._newest is not None and self._newest.state != "running", wait_s)
            assert self._newest is not None
            return self._newest

    def _run(self) -> None:
        try:
            heads, keys, problem = heads_of(self._heads)
            verdict = self.log.verify(heads, progress=lambda checked: self._say(checked=checked))
        except Exception as error:  # the edge of this thread; told to whoever asks
            logger.exception("the audit log was not checked")
            self._say(state="failed", problem=str(error), ended=self._clock.now())
            return
        if not verdict.is_good:
            logger.error("the audit log is broken", extra={"number": verdict.broken, "fault": str(verdict.fault)})
        self._say(
            state="done",
            verdict=verdict,
            problem=problem,
            keys=keys,
            checked=verdict.entries,
            ended=self._clock.now(),
        )

    def _say(self, **more: object) -> None:
        with self._changed:
            assert self._newest is not None
            self._newest = replace(self._newest, **more)  # type: ignore[arg-type]
            self._changed.notify_all()


def heads_of(path: Path, *, key: str | None = None) -> tuple[list[Head], tuple[str, ...], str]:
    """The heads of a file whose signatures are good, by which keys they are, and what is wrong with the others.

    Args:
        path: The file; without one there are none.
        key: Fingerprint of who must have signed; None for anybody.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return [], (), ""
    found: list[Head] = []
    keys: dict[str, None] = {}
    wrong: list[str] = []
    for line, signed in read_heads(content.splitlines(keepends=True)):
        if signed is None or not is_signed(signed.public, signed.signature, signed.head.signed_bytes()):
            wrong.append(f"line {line} is not as it was signed")
            continue
        keys[fingerprint_of(signed.public)] = None
        if key is not None and fingerprint_of(signed.public) != key:
            wrong.append(f"line {line} is signed by another key")
            continue
        found.append(signed.head)
    return found, tuple(keys), f"{path.name}: {_few(wrong)}" if wrong else ""


def start_audit(
    machine: Machine, database: Database, clock: Clock, *, metrics: Metrics, lifecycle: Lifecycle
) -> AuditDesk:
    """Start the audit log of a hub, to be stopped after all that it tells of."""
    machine.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    heads = machine.data / FILE
    log = AuditLog(database, clock, keep_head=HeadFile(heads, key_of(machine.data)).keep)
    lifecycle.push("audit", log.stop)
    log.start()
    for name, about, kind, field in _FIGURES:
        metrics.watch(name, about, _figure(log, field), kind=kind)
    return AuditDesk(log, clock, heads=heads)


_FIGURES: tuple[tuple[str, str, Literal["counter", "gauge"], str], ...] = (
    ("hub_audit_entries", "Entries of the audit log stored since the hub was started.", "counter", "stored"),
    ("hub_audit_views_refused", "Looks refused because they could not be told.", "counter", "refused_views"),
    ("hub_audit_lost", "Entries that were never written, for want of room.", "counter", "lost"),
    ("hub_audit_open_views", "Looks that go on.", "gauge", "open_views"),
    ("hub_audit_owed", "Entries that wait for the database.", "gauge", "owed"),
)


def _figure(log: AuditLog, field: str) -> Callable[[], Values]:
    return lambda: {(): float(getattr(log.stats(), field))}


def _few(words: Iterable[str]) -> str:
    some = list(words)
    return "; ".join(some[:3]) + (f"; and {len(some) - 3} more" if len(some) > 3 else "")  # noqa: PLR2004
