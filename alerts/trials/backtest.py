"""Backtest: what rules would have raised, had they run while stored events came in.

The same Engine as live, on the time of the events' arrival; nothing is stored and nobody is told. It may begin earlier
than what is asked about, so that the rules remember what came before; nothing of that is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.alert import Alert, Change, Muted, Raised, Reactivated, Returned, Rose, Shown, Text, Withheld
from alerts.engine import HEALTH_SUFFIX, NOTED_KINDS, Engine
from alerts.language.places import Places
from alerts.language.rule import Rule
from alerts.language.rulebook import make_book
from hub.events import Event
from hub.store.telling import Listening, Sign

_Counted = tuple[int, int, int]
_DEVICES = frozenset({"device", "sensor", "camera", "zone", "subject", "site", "household"})
_PLACES = {
    "device": "source",
    "sensor": "source",
    "camera": "camera",
    "zone": "camera",
    "site": "site",
    "household": "site",
    "area": "area",
}


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
        events: How many events there were that could matter; what can raise or end nothing is not read.
        unknown: How many of those read a rule could not judge.
        failed: How often a rule failed.
    """

    episodes: tuple[Episode, ...]
    withheld: tuple[HeldBack, ...]
    events: int
    unknown: int
    failed: int


def backtest(
    rules: Iterable[Rule],
    events: Iterable[Event],
    *,
    places: Places,
    until: datetime,
    since: datetime | None = None,
) -> Backtest:
    """Run rules over events.

    Args:
        rules: Those to try, in the shadow or not.
        events: In the order in which they were stored.
        places: How everything is called.
        until: The time up to which timers run after the last event.
        since: Told is what begins from then on; events before it are only remembered. None tells everything.
    """
    engine = Engine(make_book(tuple(rules)), places)
    begun: list[_Counted] = []
    episodes: dict[str, list[Episode]] = {}
    withheld: dict[tuple[str, str, str], HeldBack] = {}
    for change in _changes(engine, events, since=since, until=until, begun=begun):
        if isinstance(change, Withheld):
            if since is not None and change.at < since:
                continue
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
        (episode for each in episodes.values() for episode in each if since is None or episode.began >= since),
        key=lambda episode: (episode.began, episode.alert.id),
    )
    told = (now - before for now, before in zip(_counts(engine), begun[0] if begun else (0, 0, 0), strict=True))
    return Backtest(tuple(ordered), tuple(withheld.values()), *told)


def heard(rules: Iterable[Rule], kinds: Iterable[str]) -> frozenset[str]:
    """Those of the stored event kinds that could change what comes of rules; all others need not be read.

    Besides what they listen to, that is who fell silent, what people did with alerts, and what is armed.
    """
    wanted = {kind for rule in rules for kind in rule.kinds | rule.around.watches} | NOTED_KINDS
    return frozenset(kind for kind in kinds if kind in wanted or kind.endswith(HEALTH_SUFFIX))


def listening(rules: Iterable[Rule], kinds: Iterable[str]) -> tuple[frozenset[str], tuple[Listening, ...]]:
    """Of the kinds that rules hear, those of which every Event matters, and what matters of the others.

    To others every Event matters that may clear an alert, but only where one may stand: at the same place, as far as
    the key of the rule says.
    """
    tried = tuple(rules)
    kinds = frozenset(kinds)
    watched = frozenset(kind for rule in tried for kind in rule.around.watches)
    whole = {kind for kind in kinds if kind in watched or kind in NOTED_KINDS or kind.endswith(HEALTH_SUFFIX)}
    signs: list[dict[str, tuple[Sign, ...]]] = []
    for rule in tried:
        told = {kind: rule.shape.tells(kind) for kind in rule.shape.kinds & kinds}
        whole |= {kind for kind, some in told.items() if some is None or rule.near_m is not None or _crowded(rule)}
        signs.append({kind: some for kind, some in told.items() if some is not None})
    for rule in tried:
        clearing = frozenset() if rule.clear.when is None else rule.clear.when.kinds
        if _place(rule) is None or not rule.shape.kinds.isdisjoint(whole):
            whole |= clearing & kinds
    found = tuple(
        Listening(
            {kind: some for kind, some in told.items() if kind not in whole},
            (frozenset() if rule.clear.when is None else rule.clear.when.kinds) - whole,
            _place(rule) or "source",
        )
        for rule, told in zip(tried, signs, strict=True)
    )
    return frozenset(whole), found


def _crowded(rule: Rule) -> bool:
    """Whether so many streams may speak for a key that one of them is forgotten for others that tell nothing."""
    return rule.shape.calm is not None and not _DEVICES.issuperset(rule.for_each)


def _place(rule: Rule) -> str | None:
    """What Events have alike that count for the same key of a rule."""
    return next((_PLACES[part] for part in rule.for_each if part in _PLACES), None)


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


def _changes(
    engine: Engine,
    events: Iterable[Event],
    *,
    since: datetime | None,
    until: datetime,
    begun: list[_Counted],
) -> Iterator[Change]:
    """All that changes; `begun` gets what was counted before `since`."""
    for event in events:
        if since is not None and not begun and event.arrived >= since:
            yield from engine.advance(since)
            begun.append(_counts(engine))
        yield from engine.handle(event)
    if since is not None and not begun:
        begun.append(_counts(engine))
    yield from engine.advance(until)


def _counts(engine: Engine) -> _Counted:
    """Events, those that could not be judged, and failures."""
    return engine.counts.events, engine.counts.unknown.total(), engine.counts.failed.total()
