"""Followed: the moves of incidents read one after the other, for how long people took and who did how much.

While an incident is put aside or hidden nobody waits for it to be seen. Pure: the same moves give the same Work.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.figures.signs import LAPSED, Deed, Entry
from alerts.figures.timeliness import OpenIncident, Span, Step, Work
from alerts.incidents.incident import ENGINE, FINISHED, OPEN, Display, Handling, done
from config.community import Level
from config.handling import Deadlines, LevelTimes

_SENT = frozenset({done("dispatch"), done("order"), done("reinforce")})
_THERE = frozenset({done("arrive"), done("attend")})
_GONE = frozenset({done("decline"), done("fall_out")})
_ACKNOWLEDGED, _ACCEPTED, _RESOLVED = done("acknowledge"), done("accept"), done("resolve")
_MERGED = done("merge")


def follow(entries: Iterable[Entry], *, since: datetime, until: datetime, deadlines: Deadlines) -> Work:
    """What people did between two times.

    Args:
        entries: In the order in which they were recorded; those from before `since` only tell what stood then.
        since: First moment counted.
        until: First moment not counted any more.
        deadlines: Those of the site.
    """
    book = _Book(since, deadlines)
    for entry in entries:
        if isinstance(entry, Deed) and entry.at < until:
            book.take(entry)
    return book.work(until)


@dataclass(slots=True)
class _Case:
    """How it stands with one incident."""

    incident: str
    number: int
    kind: str
    level: Level
    handling: Handling
    opened: datetime
    asked: datetime | None = None
    """Since when it asks to be seen."""
    seen: datetime | None = None
    """Since when who has seen it has to act."""
    seen_by: str = ""
    sent: bool = False
    ordered: dict[str, datetime] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)


class _Book:
    def __init__(self, since: datetime, deadlines: Deadlines) -> None:
        self._since = since
        self._deadlines: Mapping[Step, LevelTimes] = {
            Step.SEEN: deadlines.seen_within_s,
            Step.DISPATCHED: deadlines.acted_within_s,
            Step.ACCEPTED: deadlines.accepted_within_s,
        }
        self._cases: dict[str, _Case] = {}
        self._before: tuple[OpenIncident, ...] | None = None
        self._spans: list[Span] = []
        self._deeds: dict[str, Counter[str]] = defaultdict(Counter)
        self._opened = 0

    def take(self, deed: Deed) -> None:
        if self._before is None and deed.at >= self._since:
            self._before = self._open()
        if deed.at >= self._since:
            if deed.who != ENGINE:
                self._deeds[deed.who][deed.move] += 1
            self._opened += deed.move == "opened"
        known = self._cases.get(deed.incident)
        if known is None:
            known = _Case(deed.incident, deed.number, deed.kind, deed.level, Handling.CLOSED, deed.at)
            self._cases[deed.incident] = known
        self._orders(known, deed)
        self._handling(known, deed)
        known.level, known.handling = deed.level, deed.handling

    def work(self, until: datetime) -> Work:
        before = self._before if self._before is not None else self._open()
        for case in self._cases.values():
            if case.asked is not None:
                self._late(Step.SEEN, case, case.asked, until)
            if case.seen is not None and not case.sent:
                self._late(Step.DISPATCHED, case, case.seen, until, who=case.seen_by)
            for unit, ordered in case.ordered.items():
                if unit not in case.accepted:
                    self._late(Step.ACCEPTED, case, ordered, until, who=unit)
        deeds = {who: dict(moves) for who, moves in sorted(self._deeds.items())}
        return Work(tuple(self._spans), deeds, before, self._open(), self._opened)

    def _handling(self, case: _Case, deed: Deed) -> None:
        if deed.move == LAPSED and case.seen is not None and not case.sent:
            self._missed(Step.DISPATCHED, case, case.seen, deed.at, who=case.seen_by)
        if case.handling in FINISHED and deed.handling not in FINISHED:
            case.opened, case.sent = deed.at, False
        shown = deed.display is Display.SHOWN
        if deed.handling is Handling.NEW:
            case.seen = None
            case.asked = (case.asked or deed.at) if shown else None
            return
        if case.asked is not None and deed.move != _MERGED and deed.who != ENGINE:
            self._done(Step.SEEN, case, case.asked, deed.at, who=deed.who)
        case.asked = None
        if deed.handling is not Handling.SEEN or not shown:
            case.seen = None
        elif case.seen is None:
            case.seen, case.seen_by = deed.at, deed.who if deed.move == _ACKNOWLEDGED else ""
        if deed.move == _RESOLVED:
            self._done(Step.RESOLVED, case, case.opened, deed.at, who=deed.who)
        if deed.handling in FINISHED:
            case.ordered.clear()
            case.accepted.clear()

    def _orders(self, case: _Case, deed: Deed) -> None:
        if deed.move in _SENT and deed.unit:
            if not case.sent:
                self._done(Step.DISPATCHED, case, case.seen or case.asked or case.opened, deed.at, who=deed.who)
            case.sent = True
            case.ordered[deed.unit] = deed.at
            case.accepted.discard(deed.unit)
        elif deed.move in _GONE:
            ordered = case.ordered.pop(deed.unit, None)
            if ordered is not None and deed.unit not in case.accepted and deed.who == ENGINE:
                self._missed(Step.ACCEPTED, case, ordered, deed.at, who=deed.unit)
            case.accepted.discard(deed.unit)
            case.sent = case.sent and deed.handling is not Handling.SEEN
        elif deed.move == _ACCEPTED or deed.move in _THERE:
            self._comes(case, deed)

    def _comes(self, case: _Case, deed: Deed) -> None:
        unit = self._unit(case, deed)
        if unit is None:
            return
        if unit not in case.accepted:
            self._done(Step.ACCEPTED, case, case.ordered[unit], deed.at, who=unit)
            case.accepted.add(unit)
        if deed.move in _THERE:
            self._done(Step.ON_SCENE, case, case.ordered.pop(unit), deed.at, who=unit)
            case.accepted.discard(unit)

    @staticmethod
    def _unit(case: _Case, deed: Deed) -> str | None:
        """Whose order this is about: his who says so, or the only one there is when the room says it for him."""
        for name in (deed.unit, deed.who):
            if name in case.ordered:
                return name
        return next(iter(case.ordered)) if len(case.ordered) == 1 else None

    def _late(self, step: Step, case: _Case, began: datetime, until: datetime, *, who: str = "") -> None:
        """What waits still counts when it is late."""
        within = self._within(step, case.level)
        if within is not None and until - began > within:
            self._spans.append(Span(step, case.incident, case.level, who, began, None, in_time=False))

    def _done(self, step: Step, case: _Case, began: datetime, at: datetime, *, who: str) -> None:
        """The waiting is over: it was done."""
        if at >= self._since:
            within = self._within(step, case.level)
            in_time = None if within is None else at - began <= within
            self._spans.append(Span(step, case.incident, case.level, who, began, at, in_time))

    def _missed(self, step: Step, case: _Case, began: datetime, at: datetime, *, who: str) -> None:
        """The waiting is over: nobody did it in time."""
        if at >= self._since:
            self._spans.append(Span(step, case.incident, case.level, who, began, None, in_time=False))

    def _within(self, step: Step, level: Level) -> timedelta | None:
        times = self._deadlines.get(step)
        return None if times is None else times.of(level.value)

    def _open(self) -> tuple[OpenIncident, ...]:
        found = (
            OpenIncident(case.incident, case.number, case.kind, case.level, case.handling, case.opened)
            for case in self._cases.values()
            if case.handling in OPEN
        )
        return tuple(sorted(found, key=lambda each: (-each.level.rank, each.number)))
