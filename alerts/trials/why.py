"""Why: what an alert rests on, in words that an operator reads.

Made from the stored alert and the events that spoke for it. Events are kept for a shorter time than alerts: those that
are gone are counted, and the alert's own words and facts still stand. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alerts.alert import Text
from alerts.language.places import Places, called
from alerts.trials.observations import observation
from alerts.trials.quoting import quote
from hub.events import Event

_SHAPES: Mapping[str, tuple[str, str]] = {
    "event": ("观察到一次即报警", "Once observed is enough"),
    "lasts": ("持续了 {seconds} 秒", "It lasted for {seconds} s"),
    "value": ("数值为 {value}", "The value is {value}"),
    "count": ("发生了 {n} 次", "It happened {n} times"),
    "together": ("不同设备在 {seconds} 秒内都观察到", "Different devices saw it within {seconds} s"),
    "sequence": ("在 {seconds} 秒内先后发生", "One after the other within {seconds} s"),
    "change": (
        "{seconds} 秒内变化了 {change}，现为 {value}",
        "It changed by {change} in {seconds} s, to {value}",
    ),
    "silence": ("{hours} 小时没有任何消息", "Nothing was heard for {hours} h"),
}


@dataclass(frozen=True, slots=True)
class Spoke:
    """One event that spoke for an alert.

    Attributes:
        event: As it was stored.
        who: The camera or sensor, by name.
        where: The zone or site, by name; None when it is not known.
        text: Who observed what where.
    """

    event: Event
    who: Text
    where: Text | None
    text: Text


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an alert was raised.

    Attributes:
        text: The condition that was met, in one sentence.
        spoke: The events, the earliest first.
        against: Those that speak against it and became known only later.
        gone: How many more there were that are no longer stored.
    """

    text: Text
    spoke: tuple[Spoke, ...]
    gone: int
    against: tuple[Spoke, ...] = ()


def explain(
    why: Mapping[str, Any],
    events: Sequence[Event],
    places: Places,
    *,
    written: Mapping[str, Any] | None = None,
    level: str = "",
) -> Explanation:
    """The explanation of an alert.

    Args:
        why: The alert's `why`: shape, facts and the ids of the events.
        events: Those of them that are still stored, for it and against it.
        places: How everything is called now.
        written: The rule as it was written when it raised the alert; with it each value is quoted against its
            threshold.
        level: Of the alert.
    """
    zh, en = _SHAPES.get(why.get("shape", ""), ("符合规则条件", "The condition of the rule was met"))
    facts = {name: _shown(value) for name, value in why.get("facts", {}).items()}
    against = frozenset(why.get("against", ()))
    every = sorted(events, key=lambda event: (event.at, event.id))
    ordered = [event for event in every if event.id not in against]
    text = Text(zh.format_map(_Known(facts)), en.format_map(_Known(facts)))
    quoted = None if written is None else quote(written, why.get("facts", {}), ordered, places, level=level)
    return Explanation(
        text=quoted or text,
        spoke=tuple(_spoke(event, places) for event in ordered),
        gone=len({*why.get("events", ()), *against} - {event.id for event in events}),
        against=tuple(_spoke(event, places) for event in every if event.id in against),
    )


def named_in(why: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the events for and against an alert."""
    return (*why.get("events", ()), *why.get("against", ()))


class _Known(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "?"


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def _spoke(event: Event, places: Places) -> Spoke:
    source = event.camera or event.source
    who = Text(places.device(source, "zh"), places.device(source, "en"))
    where = _where(event, places)
    said = observation(event)
    place = Text("", "") if where is None else Text(f"（{where.zh}）", f" ({where.en})")
    return Spoke(
        event=event,
        who=who,
        where=where,
        text=Text(f"{who.zh}{place.zh} — {said.zh}", f"{who.en}{place.en} - {said.en}"),
    )


def _where(event: Event, places: Places) -> Text | None:
    if event.zone is not None:
        name = places.zones.get((event.camera or "", event.zone))
        return Text(called(name, event.zone, "zh"), called(name, event.zone, "en"))
    if event.site is not None:
        name = places.sites.get(event.site)
        return Text(called(name, event.site, "zh"), called(name, event.site, "en"))
    return None
