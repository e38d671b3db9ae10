"""SelfWatch: the hub looks at itself once a minute and tells, as Events, what changed.

Each check looks at one thing and gives findings; one is told when it differs from what was told last, also by an
earlier run, so a restart repeats nothing. A check that cannot know says so, and nothing is claimed. A check that fails
is logged once and does not stop the others.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from hub.clock import Clock
from hub.errors import StoreClosedError, StoreError
from hub.events import Event, FieldValue, new_event_id
from hub.store.facts import Fact, StoredEvent

logger = logging.getLogger(__name__)

FIRST_S, EVERY_S = 30.0, 60.0
"""The first look waits until the hub has started."""

_SOURCES = 1000  # of one kind, of which the last word is read at a start
_STOP_S = 2.0


class NotKnownError(Exception):
    """A check cannot know; the text says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        source: Of what: a folder, a worker, a rule.
        fields: The fields of the Event.
        steps: Numbers that are worth a word only when they moved by so much.
        is_news: Whether it is worth telling when nothing was told of this source before.
    """

    source: str
    fields: Mapping[str, FieldValue]
    steps: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    is_news: bool = True


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at.

    Attributes:
        kind: Of its Events, `hub.disk`.
        look: Gives what is so now; raises NotKnownError when nobody says.
        over: Fields to be told of a source of which nothing is found any more; None to tell nothing.
    """

    kind: str
    look: Callable[[datetime], Iterable[Finding]]
    over: Callable[[str], Mapping[str, FieldValue]] | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """What the newest look found, for people.

    Attributes:
        kind: `hub.disk`, `hub.clock`, ...
        source: Of what.
        known: Whether anybody can know.
        fields: What was found; of what is not known the `reason`.
        since: When that was.
    """

    kind: str
    source: str
    known: bool
    fields: Mapping[str, FieldValue]
    since: datetime


class Log(Protocol):
    """What is used of the EventLog."""

    def append(self, facts: list[Fact]) -> Future[int]:
        """Store facts."""

    def events(self, *, kind: str, limit: int) -> list[StoredEvent]:
        """The newest events of a kind, newest first."""


class SelfWatch:
    """Looks, in a thread of its own. `start` and `stop` once, the rest from any thread."""

    def __init__(self, log: Log, clock: Clock, checks: Sequence[Check]) -> None:
        """Look with `checks`, tell in `log`."""
        self._log = log
        self._clock = clock
        self._checks = tuple(checks)
        self._told: dict[str, dict[str, Mapping[str, FieldValue]]] = {check.kind: {} for check in checks}
        self._found: dict[str, tuple[Condition, ...]] = {}
        self._failed: set[str] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="self-watch", daemon=True)

    def start(self) -> None:
        """Read what the last run told, and begin.

        Raises:
            StoreError: The store cannot be read.
        """
        self.restore()
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def restore(self) -> None:
        """Read what the last run told."""
        for check in self._checks:
            for stored in reversed(self._log.events(kind=check.kind, limit=_SOURCES)):
                self._told[check.kind][stored.event.source] = stored.event.fields

    def status(self) -> list[Condition]:
        """What the newest look found."""
        return [condition for check in self._checks for condition in self._found.get(check.kind, ())]

    def look(self) -> None:
        """Look at everything once, and tell what changed."""
        now = self._clock.now()
        for check in self._checks:
            try:
                findings = tuple(check.look(now))
            except NotKnownError as error:
                self._found[check.kind] = (
                    Condition(check.kind, "hub", known=False, fields={"reason": str(error)}, since=now),
                )
                continue
            except Exception:  # one broken check must not hide the others
                if check.kind not in self._failed:
                    logger.exception("the hub cannot look at itself", extra={"check": check.kind})
                self._failed.add(check.kind)
                continue
            self._failed.discard(check.kind)
            self._found[check.kind] = tuple(
                Condition(check.kind, each.source, known=True, fields=each.fields, since=now) for each in findings
            )
            self._tell(check, findings, now)

    def _tell(self, check: Check, findings: Iterable[Finding], now: datetime) -> None:
        told = self._told[check.kind]
        news = {each.source: each.fields for each in findings if _is_worth_telling(each, told.get(each.source))}
        if check.over is not None:
            for gone in told.keys() - {each.source for each in findings}:
                over = check.over(gone)
                if told[gone] != over:
                    news[gone] = over
        if not news:
            return
        facts = [Fact(_event(check.kind, source, fields, now)) for source, fields in news.items()]
        try:
            self._log.append(facts)
        except StoreClosedError:
            return
        except StoreError as error:
            logger.warning("what the hub found is not stored, trying again", extra={"error": str(error)})
            return
        told.update(news)

    def _run(self) -> None:
        pause_s = FIRST_S
        while not self._clock.wait(self._stopping, pause_s):
            pause_s = EVERY_S
            self.look()


def _is_worth_telling(finding: Finding, before: Mapping[str, FieldValue] | None) -> bool:
    if before is None:
        return finding.is_news
    if before.keys() != finding.fields.keys():
        return True
    for name, value in finding.fields.items():
        step, old = finding.steps.get(name), before[name]
        if step is None or isinstance(value, str) or isinstance(old, str):
            if value != old:
                return True
        elif not math.isclose(value, old, abs_tol=step, rel_tol=0.0):
            return True
    return False


def _event(kind: str, source: str, fields: Mapping[str, FieldValue], now: datetime) -> Event:
    return Event(
        id=new_event_id(), kind=kind, at=now, arrived=now, source=source, driver="self-watch", fields=dict(fields)
    )
