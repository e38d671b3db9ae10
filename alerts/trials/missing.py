"""Missing: what of a rule's condition was heard up to a moment, and what was missing, for each shape. Pure.

Each Finding says one thing in Chinese and English, with the events it rests on. `met` is what held; every other code
says what did not.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.alert import Text
from alerts.language.conditions import aside_text, asked, clause, clock_text, joined, number_text, pattern_text
from alerts.language.duration import duration_text
from alerts.language.pattern import Answer, PatternSpec, as_number, build_pattern
from alerts.language.places import Places
from alerts.language.shape import stream_of
from alerts.trials.observations import field_words, unit_of
from config.community import Level
from hub.events import Event, Phase

MET = "met"
_LEAST_WINDOW = timedelta(minutes=10)
_AN_HOUR = timedelta(hours=1)
_MOST_TRIED = 6
"""Newest matches of each pattern that are tried with each other: what is told is how near it came."""
_MOST_READINGS = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes:
        code: For programs: `not_heard`, `below_threshold`, ...
        text: For people.
        events: Ids of the events it rests on.
    """

    code: str
    text: Text
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """What a key said up to a moment.

    Attributes:
        events: All that is stored of it and had arrived, in the order of event time.
        at: The moment.
        places: How everything is called.
    """

    events: Sequence[Event]
    at: datetime
    places: Places

    def since(self, window: timedelta) -> list[Event]:
        """Those of so long before."""
        return [event for event in self.events if self.at - window <= event.at <= self.at]


def window_of(shape: str, options: Any) -> timedelta:
    """How far back the condition of a shape looks."""
    if shape in ("together", "sequence", "count", "change"):
        awaited = getattr(options, "then_no", None)
        return max(_LEAST_WINDOW, timedelta(seconds=options.within_s + (0.0 if awaited is None else awaited.for_s)))
    if shape == "silence":
        return timedelta(seconds=options.longer_than_s)
    if shape in ("lasts", "value"):
        return max(_AN_HOUR, timedelta(seconds=2 * options.for_s))
    return _LEAST_WINDOW


def missing(shape: str, options: Any, heard: Heard) -> list[Finding]:
    """What held of a condition and what did not."""
    return _SHAPES[shape](options, heard, window_of(shape, options)) if shape in _SHAPES else []


def pattern_finding(spec: PatternSpec, events: Iterable[Event], heard: Heard, window: timedelta) -> Finding:
    """Whether a pattern was observed, and if not what came nearest."""
    of_kind = [event for event in events if event.kind in spec.kind]
    what = pattern_text(spec)
    if not of_kind:
        begin, end = clock_text(heard.at - window, heard.places, near=heard.at), clock_text(heard.at, heard.places)
        zh, en = f"{begin} 至 {end} 没有收到 {what.zh}", f"no {what.en} was heard from {begin} to {end}"
        return Finding("not_heard", Text(zh, en))
    judge = build_pattern(spec).judge
    answers = [(judge(event), event) for event in of_kind]
    for wanted, make in ((Answer.YES, _met), (Answer.UNKNOWN, _unknown), (Answer.NO, _not_met), (Answer.ASIDE, _aside)):
        found = [event for answer, event in answers if answer is wanted]
        if found:
            return make(spec, found, heard.places)
    raise AssertionError("an answer is one of four")


def matches(spec: PatternSpec, events: Iterable[Event]) -> list[Event]:
    """The events that a pattern matches."""
    judge = build_pattern(spec).judge
    return [event for event in events if judge(event) is Answer.YES]


def _met(spec: PatternSpec, found: Sequence[Event], places: Places) -> Finding:
    told = clause(spec, found[-1], places)
    often = ("", "") if len(found) == 1 else (f"，共 {len(found)} 次", f", {len(found)} times in all")
    return Finding(MET, Text(told.zh + often[0], told.en + often[1]), _ids(found))


def _unknown(spec: PatternSpec, found: Sequence[Event], places: Places) -> Finding:
    told = _failing(spec, found[-1], places, Answer.UNKNOWN)
    return Finding("unknown", told, _ids(found))


def _not_met(spec: PatternSpec, found: Sequence[Event], places: Places) -> Finding:
    last = found[-1]
    if last.phase is Phase.ENDED:
        told = clause(spec, last, places)
        return Finding("over", Text(f"{told.zh}，已结束", f"{told.en} had ended"), _ids(found))
    return Finding("not_met", _failing(spec, last, places, Answer.NO), _ids(found))


def _aside(spec: PatternSpec, found: Sequence[Event], places: Places) -> Finding:
    told, why = clause(spec, found[-1], places), aside_text(found[-1])
    reason = why or Text("不是所问的设备或目标", "it is of another source or subject than asked")
    return Finding("aside", Text(f"{told.zh} 不计：{reason.zh}", f"{told.en} does not count: {reason.en}"), _ids(found))


def _failing(spec: PatternSpec, event: Event, places: Places, answer: Answer) -> Text:
    """An observation with the conditions that did not hold."""
    bare = PatternSpec(kind=(event.kind,), where={})
    told = clause(bare, event, places)
    parts = [each.text for each in asked(spec, event) if each.answer is answer]
    wrong = joined(parts, "；", "; ")
    return Text(f"{told.zh}：{wrong.zh}", f"{told.en}: {wrong.en}")


def _event(options: Any, heard: Heard, window: timedelta) -> list[Finding]:
    return [pattern_finding(options, heard.since(window), heard, window)]


def _value(options: Any, heard: Heard, window: timedelta) -> list[Finding]:
    events = heard.since(window)
    first = pattern_finding(options.of, events, heard, window)
    if first.code != MET:
        return [first]
    readings = _readings(options, events)
    if not readings:
        return [_no_number(options, first)]
    order = [level.value for level in Level]
    thresholds: Mapping[str, float] = options.thresholds
    limit = thresholds[min(thresholds, key=lambda name: order.index(name) if name in order else -1)]
    sign = 1 if options.above is not None else -1
    best = max(readings, key=lambda reading: (sign * reading[1], reading[0].at))
    unit, field = unit_of(options.of.kind[0], options.field), field_words(options.field)
    shown, wanted = number_text(best[1], unit), f"{'>=' if sign > 0 else '<='} {number_text(limit, unit)}"
    who, at = _who(best[0], heard.places), clock_text(best[0].at, heard.places, near=heard.at)
    if sign * best[1] < sign * limit:
        most = ("最高", "at most") if sign > 0 else ("最低", "at least")
        zh = f"{field.zh}{most[0]} {shown}（{who.zh} {at}），要求 {wanted}"
        en = f"{field.en} was {most[1]} {shown} ({who.en} at {at}), wanted {wanted}"
        return [Finding("not_reached", Text(zh, en), (best[0].id,))]
    told = Text(f"{field.zh} {shown} {wanted}（{who.zh} {at}）", f"{field.en} {shown} {wanted} ({who.en} at {at})")
    found = [Finding(MET, told, (best[0].id,))]
    longest = _longest(
        [(event, sign * value >= sign * limit) for event, value in readings], heard.at, horizon=heard.at - window
    )
    if options.for_s and longest.total_seconds() < options.for_s:
        found.append(_too_short(longest, options.for_s))
    return found


def _lasts(options: Any, heard: Heard, window: timedelta) -> list[Finding]:
    held = options.gap_s is None
    events = list(heard.events) if held else heard.since(window)
    first = pattern_finding(options.of, events, heard, window)
    if first.code != MET:
        return [first]
    if held:
        judge = build_pattern(options.of).judge
        said = [(event, judge(event)) for event in events if event.kind in options.of.kind]
        known = [(event, answer is Answer.YES) for event, answer in said if answer in (Answer.YES, Answer.NO)]
        longest = _longest(known, heard.at, horizon=heard.at - window)
    else:
        longest = _longest_run(matches(options.of, events), options.gap_s)
    return [first, _too_short(longest, options.for_s)] if longest.total_seconds() < options.for_s else [first]


def _count(options: Any, heard: Heard, window: timedelta) -> list[Finding]:
    found = matches(options.of, heard.since(window))
    first = pattern_finding(options.of, heard.since(window), heard, window)
    within = timedelta(seconds=options.within_s)
    different = getattr(options, "different", None)
    best = 0
    for start, event in enumerate(found):
        inside = [each for each in found[start:] if each.at - event.at <= within]
        best = max(best, _counted(inside, options.apart_s, different))
    if first.code != MET or best >= options.at_least:
        return [first]
    zh = f"{duration_text(options.within_s)} 内只有 {best} 次，要求 {options.at_least} 次"
    en = f"only {best} of {options.at_least} within {duration_text(options.within_s)}"
    return [first, Finding("too_few", Text(zh, en), _ids(found))]


def _counted(events: Sequence[Event], apart_s: float, different: str | None) -> int:
    if different is not None:
        return len({getattr(event, different) for event in events if getattr(event, different) is not None})
    n, last = 0, None
    for event in events:
        if last is None or (event.at - last).total_seconds() >= apart_s:
            n, last = n + 1, event.at
    return n


def _together(options: Any, heard: Heard, window: timedelta) -> list[Finding]:
    events = heard.since(window)
    found = [pattern_finding(spec, events, heard, window) for spec in options.all_of]
    if any(each.code != MET for each in found):
        return found
    tried = [matches(spec, events)[-_MOST_TRIED:] for spec in options.all_of]
    sets = [each for each in itertools.product(*tried) if len({event.source for event in each}) == len(each)]
    if not sets:
        zh, en = "都来自同一设备，要求不同设备", "all from one device, wanted different devices"
        return [*found, Finding("one_device", Text(zh, en))]
    return [*found, *_too_far_apart(sets, options.within_s)]


def _sequence(options: Any, heard: Heard, window: timedelta) -> list[Finding]:
    events = heard.since(window)
    found = [pattern_finding(spec, events, heard, window) for spec in options.steps]
    if any(each.code != MET for each in found):
        return found
    tried = [matches(spec, events)[-_MOST_TRIED:] for spec in options.steps]
    chains = [
        each for each in itertools.product(*tried) if all(one.at < two.at for one, two in itertools.pairwise(each))
    ]
    if not chains:
        return [*found, Finding("other_order", Text("先后次序不符", "not in that order"))]
    if options.then_no is not None:
        found += _followed(
            options.then_no, events, max((chain[-1] for chain in chains), key=lambda event: event.at), heard
        )
    return [*found, *_too_far_apart(chains, options.within_s)]


def _followed(awaited: Any, events: Sequence[Event], last: Event, heard: Heard) -> list[Finding]:
    """That what must not follow did, or that its time is not up."""
    came = [event for event in matches(awaited, events) if event.at > last.at]
    if came:
        at = clock_text(came[0].at, heard.places, near=heard.at)
        text = Text(f"随后 {at} 观察到 {pattern_text(awaited).zh}", f"{pattern_text(awaited).en} followed at {at}")
        return [Finding("not_met", text, _ids(came[:1]))]
    waited_s = (heard.at - last.at).total_seconds()
    if waited_s >= awaited.for_s:
        return []
    shown, limit = duration_text(round(waited_s)), duration_text(awaited.for_s)
    return [Finding("too_short", Text(f"才过了 {shown}，要求 {limit}", f"only {shown} have passed, wanted {limit}"))]


def _too_far_apart(sets: Sequence[tuple[Event, ...]], within_s: float) -> list[Finding]:
    def spread(chosen: tuple[Event, ...]) -> timedelta:
        return max(event.at for event in chosen) - min(event.at for event in chosen)

    best = min(sets, key=spread)
    apart = spread(best)
    if apart.total_seconds() <= within_s:
        return []
    shown, limit = duration_text(_readable(apart.total_seconds())), duration_text(within_s)
    text = Text(f"最近的相隔 {shown}，要求不超过 {limit}", f"the nearest are {shown} apart, wanted {limit} or less")
    return [Finding("too_far_apart", text, _ids(best))]


def _readable(seconds: float) -> float:
    """Without the milliseconds that nobody reads behind minutes."""
    return round(seconds) if seconds >= 60 else seconds  # noqa: PLR2004


def _change(options: Any, heard: Heard, window: timedelta) -> list[Finding]:
    events = heard.since(window)
    first = pattern_finding(options.of, events, heard, window)
    if first.code != MET:
        return [first]
    readings = _readings(options, events)[-_MOST_READINGS:]
    if not readings:
        return [_no_number(options, first)]
    sign, wanted = (1, options.rises) if options.rises is not None else (-1, options.falls)
    best, most = 0.0, 1
    pair: tuple[str, ...] = ()
    for (one, low), (two, high) in itertools.combinations(readings, 2):
        if stream_of(one) != stream_of(two) or (two.at - one.at).total_seconds() > options.within_s:
            continue
        if sign * (high - low) > best:
            best, pair = sign * (high - low), (one.id, two.id)
            most = sum(stream_of(each) == stream_of(one) and one.at <= each.at <= two.at for each, _ in readings)
    unit, field = unit_of(options.of.kind[0], options.field), field_words(options.field)
    within = duration_text(options.within_s)
    if best < wanted * (1 - 1e-9):
        zh = f"{field.zh}在 {within} 内最多{'上升' if sign > 0 else '下降'} {number_text(best, unit)}"
        en = f"{field.en} {'rose' if sign > 0 else 'fell'} by {number_text(best, unit)} at most within {within}"
        limit = number_text(wanted, unit)
        return [first, Finding("not_reached", Text(f"{zh}，要求 {limit}", f"{en}, wanted {limit}"), pair)]
    if most < options.samples:
        text = Text(f"只有 {most} 个读数，要求 {options.samples} 个", f"only {most} of {options.samples} readings")
        return [first, Finding("too_few", text, pair)]
    return [first]


def _silence(options: Any, heard: Heard, window: timedelta) -> list[Finding]:
    found = matches(options.of, heard.events)
    what = pattern_text(options.of)
    if not found:
        zh = f"存储中从未收到 {what.zh}；静默从第一次收到后才开始计算"
        en = f"no {what.en} was ever heard in what is stored; a silence counts from the first word on"
        return [Finding("never_heard", Text(zh, en))]
    last = found[-1]
    silent = heard.at - last.at
    who, at = _who(last, heard.places), clock_text(last.at, heard.places, near=heard.at)
    shown, limit = duration_text(round(silent.total_seconds())), duration_text(options.longer_than_s)
    zh = f"{at} 收到 {who.zh} 的 {what.zh}，静默 {shown}，要求超过 {limit}"
    en = f"{who.en} was heard at {at} ({what.en}), {shown} of silence, wanted more than {limit}"
    if silent <= window:
        return [Finding("not_reached", Text(zh, en), (last.id,))]
    if options.counted:
        more = ("；只计规则所列时段", "; only the rule's hours are counted")
        return [Finding("not_reached", Text(zh + more[0], en + more[1]), (last.id,))]
    return [Finding(MET, Text(zh, en), (last.id,))]


def _readings(options: Any, events: Sequence[Event]) -> list[tuple[Event, float]]:
    """The numbers that a shape looks at."""
    found = [(event, as_number(event.fields.get(options.field))) for event in matches(options.of, events)]
    return [(event, value) for event, value in found if value is not None]


def _no_number(options: Any, first: Finding) -> Finding:
    field = field_words(options.field)
    text = Text(f"缺少{field.zh}，或不是数字", f"{field.en} is missing or no number")
    return Finding("unknown", text, first.events)


def _longest(said: Sequence[tuple[Event, bool]], at: datetime, *, horizon: datetime) -> timedelta:
    """How long it was so without a break, of one stream, as far as it reaches beyond `horizon`."""
    best = timedelta()
    streams: dict[str, list[tuple[Event, bool]]] = {}
    for event, holds in said:
        streams.setdefault(stream_of(event), []).append((event, holds))
    for one in streams.values():
        begun: datetime | None = None
        for end, holds in [*((event.at, holds) for event, holds in one), (at, False)]:
            if holds:
                begun = begun or end
            elif begun is not None:
                best = max(best, end - begun) if end >= horizon else best
                begun = None
    return best


def _longest_run(events: Sequence[Event], gap_s: float) -> timedelta:
    """How long it was said again and again, with no longer silence."""
    best = timedelta()
    begun = last = None
    for event in events:
        if last is None or begun is None or (event.at - last).total_seconds() > gap_s:
            begun = event.at
        last = event.at
        best = max(best, last - begun)
    return best


def _too_short(longest: timedelta, wanted_s: float) -> Finding:
    shown, wanted = duration_text(_readable(longest.total_seconds())), duration_text(wanted_s)
    return Finding("too_short", Text(f"最长持续 {shown}，要求 {wanted}", f"it lasted for {shown}, wanted {wanted}"))


def _who(event: Event, places: Places) -> Text:
    source = event.camera or event.source
    return Text(places.device(source, "zh"), places.device(source, "en"))


def _ids(events: Iterable[Event]) -> tuple[str, ...]:
    return tuple(event.id for event in events)[-16:]


_SHAPES: Mapping[str, Callable[[Any, Heard, timedelta], list[Finding]]] = {
    "event": _event,
    "lasts": _lasts,
    "value": _value,
    "count": _count,
    "together": _together,
    "sequence": _sequence,
    "change": _change,
    "silence": _silence,
}
