"""Why not: why a rule did not ring for a key at a moment, in words.

The rule as it was then is run once more over what is stored of its kinds, up to that moment, with the rules that
withhold or mute it; beside what the engine makes of it stands what each part of the condition heard and what was
missing. What is no longer stored cannot speak, and the answer says from when on it knows. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.alert import Alert, Change, Raised, Reactivated, Returned, Text, Withheld
from alerts.engine import Engine
from alerts.language.conditions import clock_text
from alerts.language.kinds import ALERT_KINDS
from alerts.language.places import Places
from alerts.language.rule import Rule
from alerts.language.rulebook import make_book
from alerts.trials.missing import MET, Finding, Heard, missing, window_of
from alerts.trials.quoting import options_of
from hub.events import Event


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        rule: As it was then, as though it were live.
        written: The same, as written.
        state: What it was then: `live`, `shadow`, `off`, `removed`, or `absent` when it was not there yet.
        beside: Rules that withhold or mute it.
        key: What it counts for.
        at: The moment.
        events: What is stored of the kinds that these rules look at, in the order in which it was stored.
        since: From when on that is complete.
        wanted_since: From when on it should be; later events alone may not tell the whole.
        offline: Sources of this key that were offline at that moment, and since when.
        known: Whether there is such a key in the community, as far as that can be said.
    """

    rule: Rule
    written: Mapping[str, Any]
    state: str
    beside: Sequence[Rule]
    key: str
    at: datetime
    events: Sequence[Event]
    since: datetime
    wanted_since: datetime
    offline: Sequence[tuple[str, datetime]] = ()
    known: bool = True


@dataclass(frozen=True, slots=True)
class WhyNot:
    """The answer.

    Attributes:
        rang: Whether, by what is stored, an alert of it stood at that moment.
        text: What decided, in one sentence.
        findings: All that was found, what decided first.
        heard: How many observations of this key there were.
        since: From when on all is known.
        complete: Whether that reaches as far back as the rule looks.
    """

    rang: bool
    text: Text
    findings: tuple[Finding, ...]
    heard: int
    since: datetime
    complete: bool


_DECIDING = (
    "absent",
    "removed",
    "off",
    "no_such_key",
    "muted",
    "stands",
    "shadow",
    "withheld",
    "out_of_scope",
    "was_over",
    "offline",
    "arrived_late",
    "no_key",
)
"""What decides, before what the condition itself missed."""


def why_not(question: Question, places: Places) -> WhyNot:
    """Why it did not ring; or that it did."""
    rule = question.rule.on(places)
    past = [event for event in question.events if event.arrived <= question.at]
    changes, alert = _replayed(question, rule, past, places)
    mine = [event for event in past if event.kind in rule.shape.kinds and rule.key_of(event) == question.key]
    reach = rule.around.reach
    within = mine if reach is None else [event for event in mine if reach.sees(event)]
    found = [
        *_state(question, alert, places, spoke=bool(mine)),
        *_standing(question, alert, changes, places),
        *_withheld(question, changes, places),
        *_outside(mine, within),
        *_offline(question, places),
        *_late(question, rule, places),
        *_keyless(rule, past, mine),
    ]
    asked = options_of(question.written)
    if asked is not None:
        shape, options = asked
        near = question.written.get("when", {}).get("together", {}).get("near_m")
        events = past if near is not None else within
        heard = Heard(sorted(events, key=lambda event: (event.at, event.id)), question.at, places)
        found += missing(shape, options, heard)
    ordered = sorted(found, key=lambda each: _rank(each.code))
    complete = question.since <= question.wanted_since
    if not complete:
        at = clock_text(question.since, places, near=question.at)
        text = Text(f"{at} 之前的观察已不在存储中", f"what was observed before {at} is no longer stored, or too much")
        ordered.append(Finding("events_gone", text))
    return WhyNot(
        rang=alert is not None and question.state == "live",
        text=_decided(ordered),
        findings=tuple(ordered),
        heard=len(mine),
        since=question.since,
        complete=complete,
    )


def lookback_s(rule: Rule, written: Mapping[str, Any]) -> float:
    """How far back must be known for an answer, seconds."""
    asked = options_of(written)
    window_s = 0.0 if asked is None else window_of(*asked).total_seconds()
    unless = rule.around.unless
    return max(2 * window_s, 3600.0, 0.0 if unless is None else unless.within_us / 1e6)


def _rank(code: str) -> int:
    if code in _DECIDING:
        return _DECIDING.index(code)
    return len(_DECIDING) + (code == MET)


def _decided(findings: Sequence[Finding]) -> Text:
    if findings and findings[0].code not in (MET, "events_gone"):
        return findings[0].text
    return Text(
        "各条件单独看都满足，但规则没有在同一时刻成立",
        "each condition held by itself, but the rule as a whole did not hold at that moment",
    )


def _replayed(
    question: Question, rule: Rule, past: Iterable[Event], places: Places
) -> tuple[list[Change], Alert | None]:
    """What the engine made of it for this key, and the alert that stood at the end."""
    engine = Engine(make_book([question.rule, *question.beside]), places)
    changes: list[Change] = []
    for event in past:
        changes += engine.handle(event)
    changes += engine.advance(question.at)
    mine = [each for each in changes if each.alert.rule == rule.id and each.alert.key == question.key]
    held = [each for each in engine.open_alerts() if rule.id in each.holders and each.key == question.key]
    return mine, held[0] if held else None


def _state(question: Question, alert: Alert | None, places: Places, *, spoke: bool) -> list[Finding]:
    at = clock_text(question.at, places)
    texts = {
        "absent": Text(f"{at} 时还没有这条规则", f"there was no such rule yet at {at}"),
        "removed": Text(f"{at} 时规则已删除", f"the rule had been removed at {at}"),
        "off": Text(f"{at} 时规则已停用", f"the rule was off at {at}"),
    }
    if question.state == "shadow":
        would = ("，本应报警", ": it would have rung") if alert is not None else ("", "")
        zh, en = f"{at} 时规则处于试运行{would[0]}", f"the rule was in the shadow at {at}{would[1]}"
        return [Finding("shadow", Text(zh, en), () if alert is None else alert.events)]
    found = [Finding(question.state, texts[question.state])] if question.state in texts else []
    if not question.known and not spoke:
        zh, en = f"社区中没有 {question.key}", f"there is no {question.key} in the community"
        found.append(Finding("no_such_key", Text(zh, en)))
    return found


def _standing(question: Question, alert: Alert | None, changes: Sequence[Change], places: Places) -> list[Finding]:
    """That it rang already, or rang and was over."""
    if question.state != "live":
        return []
    if alert is None:
        rang = [each for each in changes if isinstance(each, Raised | Reactivated)]
        over = [each for each in changes if isinstance(each, Returned)]
        if not rang or not over:
            return []
        begun, ended = (clock_text(each[-1].at, places, near=question.at) for each in (rang, over))
        text = Text(f"{begun} 已报警，{ended} 恢复", f"it rang at {begun} and was over at {ended}")
        return [Finding("was_over", text, rang[-1].alert.events)]
    raised = clock_text(alert.raised, places, near=question.at)
    text = Text(
        f"{raised} 起已有同一报警，不再重复报警", f"an alert of it has stood since {raised}; it does not ring again"
    )
    found = [Finding("stands", text, alert.events)]
    if alert.muted_by is not None:
        names = sorted(each.id for each in question.beside if {alert.rule, alert.kind} & each.around.muted)
        zh, en = f"被 {'、'.join(names)} 静音", f"it was muted by {' or '.join(names)}"
        found.append(Finding("muted", Text(zh, en), alert.events))
    return found


def _withheld(question: Question, changes: Sequence[Change], places: Places) -> list[Finding]:
    found = [each for each in changes if isinstance(each, Withheld)]
    if not found:
        return []
    last = found[-1]
    at = clock_text(last.at, places, near=question.at)
    text = Text(f"{at} 本应报警，被抑制：{last.zh}", f"it would have rung at {at}, withheld because {last.en}")
    return [Finding("withheld", text, last.alert.events)]


def _outside(mine: Sequence[Event], within: Sequence[Event]) -> list[Finding]:
    if not mine or within:
        return []
    text = Text("不在规则的适用范围内", "it is outside the scope of the rule")
    return [Finding("out_of_scope", text, tuple(event.id for event in mine[-16:]))]


def _offline(question: Question, places: Places) -> list[Finding]:
    return [
        Finding(
            "offline",
            Text(
                f"{places.device(source, 'zh')} 自 {clock_text(since, places, near=question.at)} 起离线",
                f"{places.device(source, 'en')} was offline since {clock_text(since, places, near=question.at)}",
            ),
        )
        for source, since in question.offline
    ]


def _late(question: Question, rule: Rule, places: Places) -> list[Finding]:
    late = [
        event
        for event in question.events
        if event.at <= question.at < event.arrived
        and event.kind in rule.shape.kinds
        and rule.key_of(event) == question.key
    ]
    if not late:
        return []
    first = min(event.arrived for event in late)
    at = clock_text(first, places, near=question.at)
    text = Text(
        f"有 {len(late)} 条观察 {at} 才到达", f"{len(late)} observations of before arrived only at {at} and later"
    )
    return [Finding("arrived_late", text, tuple(event.id for event in late[-16:]))]


def _keyless(rule: Rule, past: Sequence[Event], mine: Sequence[Event]) -> list[Finding]:
    """Observations that do not say for what they count."""
    keyless = [event for event in past if event.kind in rule.shape.kinds and rule.key_of(event) is None]
    if mine or not keyless:
        return []
    what = ", ".join(rule.for_each)
    text = Text(
        f"有 {len(keyless)} 条观察没有说明 {what}，无法计入", f"{len(keyless)} observations do not say their {what}"
    )
    return [Finding("no_key", text, tuple(event.id for event in keyless[-16:]))]


def watched_kinds(rules: Iterable[Rule]) -> frozenset[str]:
    """The kinds of events that rules look at."""
    kinds: set[str] = set()
    for rule in rules:
        kinds |= rule.kinds | rule.around.watches
    return frozenset(kinds - ALERT_KINDS.keys())
