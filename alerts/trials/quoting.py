"""Quoting: the condition that was met, each value beside its threshold, in one sentence for each shape.

    smoke 14:02:10 (alarm yes) + camera 62 14:03:20 fire (confidence 0.61 >= 0.5), 70 s apart <= 90 s, same site

Made from the rule as it was written when it raised the alert, from the alert's facts and from the events that are still
stored. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from alerts.alert import Text
from alerts.language.conditions import clause, clock_text, joined, number_text, pattern_text
from alerts.language.duration import duration_text
from alerts.language.pattern import Answer, PatternSpec, build_pattern
from alerts.language.places import Places
from alerts.trials.observations import field_words, unit_of
from config.community import Level
from hub.events import Event
from hub.plugins import load_plugins

Facts = Mapping[str, Any]
_SAME = {
    "site": ("同一地点", "same site"),
    "household": ("同一户", "same household"),
    "area": ("同一区域", "same area"),
    "camera": ("同一摄像头", "same camera"),
    "zone": ("同一画面区", "same zone"),
    "device": ("同一设备", "same device"),
    "sensor": ("同一设备", "same device"),
    "subject": ("同一目标", "same subject"),
}


def quote(
    written: Mapping[str, Any], facts: Facts, events: Sequence[Event], places: Places, *, level: str = ""
) -> Text | None:
    """The condition that was met.

    Args:
        written: The rule.
        facts: Of the alert.
        events: Those that spoke and are still stored, the earliest first.
        places: How everything is called.
        level: Of the alert, for shapes with levels.

    Returns:
        None when the rule cannot be read any more.
    """
    found = options_of(written)
    if found is None:
        return None
    shape, options = found
    maker = _SHAPES.get(shape)
    return None if maker is None else maker(_Case(options, written, facts, events, places, level))


def options_of(written: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The shape of a rule and its options, None when this version of the program does not know them."""
    when = written.get("when")
    if not isinstance(when, Mapping) or len(when) != 1:
        return None
    [(shape, options)] = when.items()
    plugin = load_plugins("alerts.rules").get(shape)
    if plugin is None:
        return None
    try:
        return shape, plugin.options.model_validate(options)
    except ValidationError:
        return None


def keys_of(written: Mapping[str, Any]) -> tuple[str, ...]:
    """What a rule counts for."""
    for_each = written.get("for_each", ())
    return (for_each,) if isinstance(for_each, str) else tuple(for_each)


class _Case:
    """One alert and its rule."""

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        options: Any,
        written: Mapping[str, Any],
        facts: Facts,
        events: Sequence[Event],
        places: Places,
        level: str,
    ) -> None:
        self.options = options
        self.written = written
        self.facts = facts
        self.events = events
        self.places = places
        self.level = level

    def fact(self, name: str) -> str:
        """A fact in words; `?` when there is none."""
        value = self.facts.get(name)
        return "?" if value is None else value if isinstance(value, str) else f"{value:.6g}"

    def matching(self, spec: PatternSpec) -> list[Event]:
        """The events that a pattern matches."""
        judge = build_pattern(spec).judge
        return [event for event in self.events if judge(event) is Answer.YES]

    def told(self, spec: PatternSpec, event: Event | None) -> Text:
        """An event with the conditions it met; the pattern alone when it is no longer stored."""
        return pattern_text(spec) if event is None else clause(spec, event, self.places)

    def since(self) -> Text:
        """From when on, as far as that is known."""
        if not self.events:
            return Text("", "")
        at = clock_text(self.events[0].at, self.places, near=self._last())
        return Text(f"，自 {at}", f", since {at}")

    def _last(self) -> datetime | None:
        return self.events[-1].at if self.events else None

    @property
    def same(self) -> Text:
        """What the events have in common."""
        bond = getattr(self.options, "same", None)
        near_m = getattr(self.options, "near_m", None)
        if near_m is not None:
            return Text(f"，相距不超过 {near_m:g} m", f", within {near_m:g} m of each other")
        names = [bond] if bond else list(keys_of(self.written))
        words = [_SAME[name] for name in names if name in _SAME]
        return Text("".join(f"，{zh}" for zh, _ in words), "".join(f", {en}" for _, en in words))


def _event(case: _Case) -> Text:
    found = case.matching(case.options)
    told = case.told(case.options, found[-1] if found else None)
    return Text(f"{told.zh}；观察到一次即报警", f"{told.en}; once observed is enough")


def _value(case: _Case) -> Text:
    options = case.options
    thresholds: Mapping[str, float] = options.thresholds
    names = [each.value for each in Level]
    reached = case.level if case.level in thresholds else min(thresholds, key=lambda name: _rank(name, names))
    unit = unit_of(options.of.kind[0], options.field)
    sign, back = (">=", -1) if options.above is not None else ("<=", 1)
    field, limit = field_words(options.field), thresholds[reached]
    value = case.facts.get("value")
    shown = "?" if value is None else number_text(value, unit)
    compared = f"{shown} {sign} {number_text(limit, unit)}"
    behind = number_text(limit + back * options.back_by, unit)
    lasting_zh = f"，持续 {duration_text(options.for_s)} 以上" if options.for_s else ""
    lasting_en = f", for {duration_text(options.for_s)} or more" if options.for_s else ""
    over_zh, over_en = ("低于", "below") if back < 0 else ("高于", "above")
    source = case.events[-1] if case.events else None
    who = ("", "") if source is None else (_who(case, source, "zh"), _who(case, source, "en"))
    return Text(
        f"{who[0]}{field.zh} {compared}{lasting_zh}；{over_zh} {behind} 才算恢复",
        f"{who[1]}{field.en} {compared}{lasting_en}; normal again {over_en} {behind}",
    )


def _lasts(case: _Case) -> Text:
    options = case.options
    found = case.matching(options.of)
    told = case.told(options.of, found[0] if found else None)
    long = f"{case.fact('seconds')} s >= {duration_text(options.for_s)}"
    gap_zh = "" if options.gap_s is None else f"，间隔不超过 {duration_text(options.gap_s)}"
    gap_en = "" if options.gap_s is None else f", with no gap over {duration_text(options.gap_s)}"
    return Text(f"{told.zh}，持续 {long}{gap_zh}", f"{told.en}, for {long}{gap_en}")


def _count(case: _Case) -> Text:
    options = case.options
    what, within = pattern_text(options.of), duration_text(options.within_s)
    apart_zh = f"，每次相隔 {duration_text(options.apart_s)} 以上" if options.apart_s else ""
    apart_en = f", each {duration_text(options.apart_s)} or more from the next" if options.apart_s else ""
    different = getattr(options, "different", None)
    of_zh = {"source": "个不同设备", "subject": "个不同目标"}.get(different or "", "次")
    of_en = {"source": "different devices", "subject": "different subjects"}.get(different or "", "times")
    n, since = case.fact("n"), case.since()
    return Text(
        f"{what.zh}：{within} 内 {n} {of_zh} >= {options.at_least}{apart_zh}{since.zh}",
        f"{what.en}: {n} {of_en} >= {options.at_least} within {within}{apart_en}{since.en}",
    )


def _together(case: _Case) -> Text:
    taken: set[str] = set()
    parts = []
    for spec in case.options.all_of:
        event = next((each for each in reversed(case.matching(spec)) if each.source not in taken), None)
        if event is not None:
            taken.add(event.source)
        parts.append(case.told(spec, event))
    return _apart(case, joined(parts, " + ", " + "))


def _sequence(case: _Case) -> Text:
    parts = []
    after: datetime | None = None
    for spec in case.options.steps:
        later = [each for each in case.matching(spec) if after is None or each.at > after]
        event = later[0] if later else None
        after = event.at if event is not None else after
        parts.append(case.told(spec, event))
    told = _apart(case, joined(parts, "，随后 ", ", then "))
    awaited = case.options.then_no
    if awaited is None:
        return told
    what, limit = pattern_text(awaited), duration_text(awaited.for_s)
    return Text(f"{told.zh}；之后 {limit} 没有 {what.zh}", f"{told.en}; then for {limit} no {what.en}")


def _apart(case: _Case, what: Text) -> Text:
    apart, within = case.fact("seconds"), duration_text(case.options.within_s)
    same = case.same
    return Text(f"{what.zh}，相隔 {apart} s <= {within}{same.zh}", f"{what.en}, {apart} s apart <= {within}{same.en}")


def _change(case: _Case) -> Text:
    options = case.options
    unit = unit_of(options.of.kind[0], options.field)
    field = field_words(options.field)
    zh, en = ("上升", "rose by") if options.rises is not None else ("下降", "fell by")
    change, value = case.facts.get("change"), case.facts.get("value")
    by = "?" if change is None else number_text(abs(change), unit)
    limit = number_text(options.rises or options.falls or 0.0, unit)
    to = "?" if value is None else number_text(value, unit)
    time = f"{case.fact('seconds')} s <= {duration_text(options.within_s)}"
    source = case.events[-1] if case.events else None
    who = ("", "") if source is None else (_who(case, source, "zh"), _who(case, source, "en"))
    return Text(
        f"{who[0]}{field.zh}{zh} {by} >= {limit}，用时 {time}，现为 {to}",
        f"{who[1]}{field.en} {en} {by} >= {limit} in {time}, to {to}",
    )


def _silence(case: _Case) -> Text:
    options = case.options
    what, limit = pattern_text(options.of), duration_text(options.longer_than_s)
    seconds = case.facts.get("seconds")
    silent = "?" if seconds is None else duration_text(round(seconds))
    hours_zh = "，只计规则所列时段" if options.counted else ""
    hours_en = ", counting only the rule's hours" if options.counted else ""
    last_zh = last_en = ""
    if case.events:
        last = case.events[-1]
        at = clock_text(last.at, case.places)
        last_zh = f"，最后一次为 {_who(case, last, 'zh')}{at}"
        last_en = f", last from {_who(case, last, 'en')}at {at}"
    return Text(
        f"没有{what.zh} 已 {silent} > {limit}{hours_zh}{last_zh}",
        f"no {what.en} for {silent} > {limit}{hours_en}{last_en}",
    )


def _who(case: _Case, event: Event, language: str) -> str:
    return f"{case.places.device(event.camera or event.source, language)} "


def _rank(name: str, names: Sequence[str]) -> int:
    return names.index(name) if name in names else -1


_SHAPES: Mapping[str, Callable[[_Case], Text]] = {
    "event": _event,
    "lasts": _lasts,
    "value": _value,
    "count": _count,
    "together": _together,
    "sequence": _sequence,
    "change": _change,
    "silence": _silence,
}
