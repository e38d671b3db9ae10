"""Rehearsal: a rule test on the real Engine, on simulated time.

Nothing is done here that a hub does otherwise: observations become Events, the Engine handles them in the order of
their arrival, and at each moment the open alerts are compared with those that are expected. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from alerts.alert import Alert, Change, Condition, Withheld
from alerts.engine import Engine
from alerts.language.duration import duration_text
from alerts.language.places import places_of
from alerts.language.rule import Rule
from alerts.language.rulebook import make_book
from alerts.trials.ruletests import AlertName, Expected, ExpectedAlert, Fed, RuleTest
from config.says import Says, says, together
from hub.events import Event


@dataclass(frozen=True, slots=True)
class Miss:
    """Something that is not as expected.

    Attributes:
        at_s: When, from the start of the test.
        what: `active`, `returned`, `shadow`, `withheld`, `unknown`, or `failed` for a rule that does not work at all.
        expected: In words.
        got: In words.
    """

    at_s: float
    what: str
    expected: Says
    got: Says

    def __str__(self) -> str:
        return f"at {duration_text(self.at_s)}, {self.what}: expected {self.expected}, got {self.got}"


@dataclass(frozen=True, slots=True)
class Happening:
    """An Event and the alert that a person means by it.

    Attributes:
        event: As it arrives; a person's has no subject yet.
        alert: Which alert it is about.
    """

    event: Event
    alert: AlertName | None = None


class Rehearsal:
    """A test made ready, to be run with one set of rules after the other."""

    def __init__(self, test: RuleTest) -> None:
        self.test = test
        self._happenings = _happenings(test)
        self._places = places_of(test.community)
        self._moments = sorted(test.expect, key=lambda moment: moment.at)

    def run(self, rules: Iterable[Rule]) -> tuple[Miss, ...]:
        """What is not as expected, at the first moment at which something is not."""
        engine = Engine(make_book(tuple(rules)), self._places)
        waiting = list(reversed(self._happenings))
        changes: list[Change] = []
        for moment in self._moments:
            now = self.test.start + timedelta(seconds=moment.at)
            while waiting and waiting[-1].event.arrived <= now:
                changes += _let_happen(engine, waiting.pop())
            changes += engine.advance(now)
            withheld = [change for change in changes if isinstance(change, Withheld)]
            misses = (*_misses(engine, moment), *_withheld_misses(withheld, moment))
            if misses:
                return misses
        return ()


def _let_happen(engine: Engine, happening: Happening) -> list[Change]:
    event = happening.event
    before: list[Change] = []
    if happening.alert is not None:
        before = engine.advance(event.arrived)
        meant = (happening.alert.kind, happening.alert.key)
        found = (alert.id for alert in engine.open_alerts() if (alert.kind, alert.key) == meant)
        event = replace(event, subject=next(found, ""))
    return before + engine.handle(event)


def _happenings(test: RuleTest) -> list[Happening]:
    """All that arrives, in the order of arrival; what arrives at one time in the order of the file."""
    found = []
    for number, fed in enumerate(test.feed):
        for index, values in enumerate(fed.values()):
            if values is not None:
                event = _event(fed, values, test.start, number=number, index=index)
                found.append(Happening(event, fed.alert))
    return sorted(found, key=lambda happening: happening.event.arrived)


def _event(fed: Fed, values: tuple[float | None, dict[str, Any]], start: datetime, *, number: int, index: int) -> Event:
    confidence, fields = values
    later_s = index * (fed.every or 0.0)
    arrives_s = fed.at if fed.arrives is None else fed.arrives
    return Event(
        id=f"feed[{number}]" if fed.every is None else f"feed[{number}].{index}",
        kind=fed.kind,
        at=start + timedelta(seconds=fed.at + later_s),
        arrived=start + timedelta(seconds=arrives_s + later_s),
        source=fed.device or fed.camera or "person",
        driver=fed.driver or "test",
        site=fed.site or fed.household,
        area=fed.area,
        camera=fed.camera,
        zone=fed.zone,
        subject=fed.subject,
        phase=fed.phase,
        confidence=confidence,
        fields=MappingProxyType(fields),
        quality=frozenset(fed.quality),
    )


def _misses(engine: Engine, moment: Expected) -> Iterable[Miss]:
    for rule, count in sorted(engine.counts.failed.items()):
        failures = says("{rule} failed {n} times", "{rule} 出错 {n} 次", rule=rule, n=count)
        yield Miss(moment.at, "failed", says("a rule that works", "规则不出错"), failures)
    active = [alert for alert in engine.open_alerts() if alert.condition is Condition.ACTIVE]
    returned = [alert for alert in engine.open_alerts() if alert.condition is Condition.RETURNED]
    for what, expected, got in (
        ("active", moment.active, [alert for alert in active if not alert.shadow]),
        ("returned", moment.returned, [alert for alert in returned if not alert.shadow]),
        ("shadow", moment.shadow, [alert for alert in active if alert.shadow]),
    ):
        if expected is not None and not _same(expected, got):
            wanted = [(each.kind, each.key, each.severity.value, each.muted, each.says) for each in expected]
            words = {(each.kind, each.key): each.says for each in expected}
            yield Miss(moment.at, what, _in_words(wanted), _in_words([_told(alert, words) for alert in got]))
    unknown = engine.counts.unknown.total()
    if moment.unknown is not None and moment.unknown != unknown:
        yield Miss(moment.at, "unknown", says("{n}", "{n}", n=moment.unknown), says("{n}", "{n}", n=unknown))


def _withheld_misses(withheld: Sequence[Withheld], moment: Expected) -> Iterable[Miss]:
    if moment.withheld is None:
        return
    wanted = [(each.kind, each.key, each.because) for each in moment.withheld]
    reasons = [each.because for each in moment.withheld] + [None] * len(withheld)
    got = [
        (
            each.alert.kind,
            each.alert.key,
            None if because is None else because if because in (each.zh, each.en) else each.en,
        )
        for each, because in zip(withheld, reasons, strict=False)
    ]
    if wanted != got:
        yield Miss(moment.at, "withheld", _held_in_words(wanted), _held_in_words(got))


def _held_in_words(withheld: Iterable[tuple[str, str, str | None]]) -> Says:
    return _all_of(
        together(
            says("{kind} of {key}", "{key} 的 {kind}", kind=kind, key=key),
            "" if because is None else says(" because {because}", "，原因：{because}", because=because),
        )
        for kind, key, because in withheld
    )


def _all_of(told: Iterable[Says]) -> Says:
    every = list(told)
    if not every:
        return says("nothing", "无")
    return Says(", ".join(every), "；".join(each.zh for each in every))


def _same(expected: Sequence[ExpectedAlert], got: Sequence[Alert]) -> bool:
    """Whether each one expected stands, and no other; at most one stands for each kind and key."""
    wanted = {(each.kind, each.key): each for each in expected}
    return len(expected) == len(wanted) == len(got) and all(
        (alert.kind, alert.key) in wanted and _fits(wanted[alert.kind, alert.key], alert) for alert in got
    )


def _fits(expected: ExpectedAlert, alert: Alert) -> bool:
    return (
        alert.level is expected.severity
        and (alert.muted_by is not None) == expected.muted
        and (expected.says is None or expected.says in (alert.text.zh, alert.text.en))
    )


_Told = tuple[str, str, str, bool, str | None]


def _told(alert: Alert, words: dict[tuple[str, str], str | None]) -> _Told:
    """An alert with its text, if there is one it should have had."""
    text = words.get((alert.kind, alert.key))
    if text is not None and text not in (alert.text.zh, alert.text.en):
        text = alert.text.en
    return (alert.kind, alert.key, alert.level.value, alert.muted_by is not None, text)


def _in_words(alerts: Iterable[_Told]) -> Says:
    return _all_of(
        together(
            says("{kind} of {key} {level}", "{key} 的 {kind} {level}", kind=kind, key=key, level=level),
            says(" muted", "，被隐藏") if muted else "",
            "" if text is None else f" {text!r}",
        )
        for kind, key, level, muted, text in sorted(alerts, key=lambda each: each[:4])
    )
