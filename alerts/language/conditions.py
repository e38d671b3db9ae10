"""Conditions in words: what a pattern asks, and what an observation says to it, in Chinese and English. Pure.

clause(spec, event) -> camera 62 14:03:20 fire (confidence 0.61 >= 0.5)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.alert import Text
from alerts.language.pattern import MISSING, NOTHING, Answer, PatternSpec, parse_condition, reader_of
from alerts.language.places import Places
from alerts.trials.observations import field_words, kind_words, unit_of, value_words
from hub.events import Event, Quality


@dataclass(frozen=True, slots=True)
class Asked:
    """One condition of a pattern, and what an observation says to it.

    Attributes:
        name: The field.
        answer: Whether it holds.
        text: `confidence 0.61 >= 0.5`.
        said: Whether the observation has the field at all.
    """

    name: str
    answer: Answer
    text: Text
    said: bool = True


def joined(parts: Iterable[Text], zh: str, en: str) -> Text:
    """Texts one after the other, with something between."""
    found = list(parts)
    return Text(zh.join(each.zh for each in found), en.join(each.en for each in found))


def clock_text(at: datetime, places: Places, *, near: datetime | None = None) -> str:
    """The time on the wall, with the day when it is not that of `near`."""
    there = at.astimezone(places.almanac.zone)
    same_day = near is None or near.astimezone(places.almanac.zone).date() == there.date()
    return there.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M:%S")


def number_text(value: float, unit: str = "") -> str:
    """A number with its unit."""
    return f"{value:.6g} {unit}".rstrip()


def asked(spec: PatternSpec, event: Event) -> list[Asked]:
    """What an observation says to each condition of a pattern."""
    return [_asked(event, name, wanted) for name, wanted in spec.where.items()]


def aside_text(event: Event) -> Text | None:
    """Why an observation counts for nothing, whatever it says; None when it does."""
    if Quality.TEST in event.quality:
        return Text("为自检", "it is a self-test")
    if Quality.SIMULATED in event.quality:
        return Text("为模拟数据", "it is simulated")
    if Quality.RETAINED in event.quality:
        return Text("为代理保留的旧消息", "the broker had kept it, so its age is unknown")
    return None


def clause(spec: PatternSpec, event: Event, places: Places) -> Text:
    """Who observed what when, with the conditions that were asked."""
    source = event.camera or event.source
    at = clock_text(event.at, places)
    kind = kind_words(event.kind)
    told = joined((each.text for each in asked(spec, event) if each.said), "，", ", ")
    return Text(
        f"{places.device(source, 'zh')} {at} {kind.zh}" + (f"（{told.zh}）" if told.zh else ""),
        f"{places.device(source, 'en')} {at} {kind.en}" + (f" ({told.en})" if told.en else ""),
    )


def pattern_text(spec: PatternSpec) -> Text:
    """What a pattern asks: `smoke (alarm yes)`."""
    kinds = joined((kind_words(kind) for kind in spec.kind), "或", " or ")
    wanted = joined((_wanted(spec.kind[0], name, each) for name, each in spec.where.items()), "，", ", ")
    return Text(
        kinds.zh + (f"（{wanted.zh}）" if wanted.zh else ""), kinds.en + (f" ({wanted.en})" if wanted.en else "")
    )


def _asked(event: Event, name: str, wanted: Any) -> Asked:
    value = reader_of(name)(event)
    answer = parse_condition(wanted)(value)
    field, limit = field_words(name), _limit(event.kind, name, wanted)
    if value is MISSING and answer is Answer.YES:
        return Asked(name, answer, Text(f"{field.zh} 未提及", f"{field.en} not said"), said=False)
    if value is MISSING:
        text = Text(f"缺少{field.zh}，要求 {limit.zh}", f"{field.en} is missing, wanted {limit.en}")
        return Asked(name, answer, text, said=False)
    said = _said(event.kind, name, value)
    compared = isinstance(wanted, str) and wanted.lstrip().startswith((">", "<"))
    if answer is Answer.YES:
        same = f" {limit.zh}" if compared else "", f" {limit.en}" if compared else ""
        return Asked(name, answer, Text(f"{field.zh} {said.zh}{same[0]}", f"{field.en} {said.en}{same[1]}"))
    if answer is Answer.UNKNOWN:
        text = Text(
            f"{field.zh} {said.zh} 类型不符，要求 {limit.zh}",
            f"{field.en} {said.en} is of the wrong type, wanted {limit.en}",
        )
        return Asked(name, answer, text)
    return Asked(
        name, answer, Text(f"{field.zh} {said.zh}，要求 {limit.zh}", f"{field.en} {said.en}, wanted {limit.en}")
    )


def _said(kind: str, name: str, value: object) -> Text:
    if value is NOTHING:
        return Text("无", "none")
    if isinstance(value, frozenset):
        return Text("、".join(sorted(value)) or "无", ", ".join(sorted(value)) or "none")
    return value_words(kind, name, value) if isinstance(value, bool | int | float | str) else Text("?", "?")


def _wanted(kind: str, name: str, wanted: Any) -> Text:
    field, limit = field_words(name), _limit(kind, name, wanted)
    return Text(f"{field.zh} {limit.zh}", f"{field.en} {limit.en}")


def _limit(kind: str, name: str, wanted: Any) -> Text:
    """What is wanted of a field."""
    if isinstance(wanted, list):
        return joined((_limit(kind, name, each) for each in wanted), "或", " or ")
    if isinstance(wanted, str):
        text = wanted.strip()
        if text.startswith((">", "<")):
            unit = unit_of(kind, name)
            shown = f"{text} {unit}".rstrip()
            return Text(shown, shown)
        if text.startswith("not "):
            rest = text.removeprefix("not ").strip()
            inner = value_words(kind, name, {"true": True, "false": False}.get(rest, rest))
            return Text(f"非{inner.zh}", f"not {inner.en}")
    return value_words(kind, name, wanted)
