"""Backtest: what rules would have raised, had they run while stored events came in.

The same Engine as live, on the time of the events' arrival; nothing is stored and nobody is told. What the rules would
have remembered from before the first event is not known to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.alert import Alert, Change, Muted, Raised, Reactivated, Returned, Rose, Shown, Text, Withheld
from alerts.engine import HEALTH_SUFFIX, NOTED_KINDS, Engine
from alerts.places import Places
from alerts.rule import Rule
from alerts.rulebook import make_book
from hub.events import Event


@dataclass(frozen=True, slots=True)
class Episode:
    """One stretch of time for which an alert would have stood.

    Attributes:
        alert: As it was at its highest level.
        began: When it would have been raised, or become active again.
        ended: When it would have been normal again; None when it stood to the end.
    """

    alert: Alert
    began: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Alerts of one key that would have been raised and were withheld for the same reason.

    Attributes:
        alert: As the first would have been.
        because: Why.
        first: When the first was withheld.
        last: When the last one was.
        times: How many were recorded; a claim is at most once in ten minutes.
    """

    alert: Alert
    because: Text
    first: datetime
    last: datetime
    times: int = 1


@dataclass(frozen=True, slots=True)
class Backtest:
    """What came of it.

    Attributes:
        episodes: In the order in which they began.
        withheld: What rang nowhere and why, in the order in which it began.
        events: How many events there were of kinds that could matter.
        unknown: How many of them a rule could not judge.
        failed: How often a rule failed.
    """

    episodes: tuple[Episode, ...]
    withheld: tuple[HeldBack, ...]
    events: int
    unknown: int
    failed: int


def backtest(rules: Iterable[Rule], events: Iterable[Event], *, places: Places, until: datetime) -> Backtest:
    """Run rules over events.

    Args:
        rules: Those to try, in the shadow or not.
        events: In the order in which they were stored.
        places: How everything is called.
        until: The time up to which timers run after the last event.
    """
    engine = Engine(make_book(tuple(rules)), places)
    episodes: dict[str, list[Episode]] = {}
    withheld: dict[tuple[str, str, str], HeldBack] = {}
    for change in _changes(engine, events, until):
        if isinstance(change, Withheld):
            place = (change.alert.rule, change.alert.key, change.en)
            before = withheld.get(place) or HeldBack(
                change.alert, Text(change.zh, change.en), change.at, change.at, times=0
            )
            withheld[place] = replace(before, last=change.at, times=before.times + 1)
            continue
        known = episodes.setdefault(change.alert.id, [])
        if isinstance(change, Raised | Reactivated):
            known.append(Episode(change.alert, change.at))
        elif isinstance(change, Rose | Muted | Shown) and known:
            muted_by = change.alert.muted_by or known[-1].alert.muted_by
            alert = change.alert if isinstance(change, Rose) else known[-1].alert
            known[-1] = replace(known[-1], alert=replace(alert, muted_by=muted_by))
        elif isinstance(change, Returned):
            known[-1] = replace(known[-1], ended=change.at)
    ordered = sorted(
        (episode for each in episodes.values() for episode in each),
        key=lambda episode: (episode.began, episode.alert.id),
    )
    counts = engine.counts
    return Backtest(
        tuple(ordered), tuple(withheld.values()), counts.events, counts.unknown.total(), counts.failed.total()
    )


def heard(rules: Iterable[Rule], kinds: Iterable[str]) -> frozenset[str]:
    """Those of the stored event kinds that could change what comes of rules; all others need not be read.

    Besides what they listen to, that is who fell silent, what people did with alerts, and what is armed.
    """
    wanted = {kind for rule in rules for kind in rule.kinds | rule.around.watches} | NOTED_KINDS
    return frozenset(kind for kind in kinds if kind in wanted or kind.endswith(HEALTH_SUFFIX))


def companions(rule: Rule, others: Iterable[Rule]) -> tuple[Rule, ...]:
    """Those of the other rules without which a rule would do otherwise: they withhold or mute it."""
    unless = rule.around.unless
    withholding = frozenset() if unless is None else unless.pattern.kinds
    return tuple(
        each
        for each in others
        if each.id != rule.id
        and not each.shadow
        and (each.kind in withholding or not each.around.muted.isdisjoint((rule.id, rule.kind)))
    )


def _changes(engine: Engine, events: Iterable[Event], until: datetime) -> Iterator[Change]:
    for event in events:
        yield from engine.handle(event)
    yield from engine.advance(until)
