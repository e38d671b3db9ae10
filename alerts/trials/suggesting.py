"""Suggesting: what to change in a rule that is wrong too often, derived from the alerts on which there are verdicts.

Each shape has numbers of its own to turn: how long something must last, how far a gap may be bridged, where the
threshold stands. Any rule can leave out hours in which it was never right, or ring one level lower. A suggestion loses
as few true alerts as it can by what is recorded; its backtest says what it really would have done, and a person
decides. Pure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from alerts.alert import Text
from alerts.incidents.incident import Verdict
from alerts.language.duration import duration_text, parse_duration
from alerts.language.rulebook import rule_of
from alerts.trials.bad_actors import Case
from config.community import Level
from config.errors import ConfigurationError

QUANTILES = (0.5, 0.75, 0.9, 1.0)
LONGEST_HOURS = 8
FEWEST = 3
"""So many wrong ones a change has to spare; fewer are chance."""
_TOO_DEAR = 20
"""A true alert that is lost weighs as much as so many false ones."""
_STEPS_S = ((60, 5), (600, 30), (3_600, 60), (math.inf, 600))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A change of a rule.

    Attributes:
        what: In words.
        body: The changed rule.
        wrong_gone: False and nuisance ones that it would have spared the room, by what is recorded.
        true_lost: True ones that it would have lost.
    """

    what: Text
    body: Mapping[str, Any]
    wrong_gone: int
    true_lost: int

    def to_json(self) -> dict[str, Any]:
        """As JSON types, without the text of the rule."""
        return {
            "what": {"zh": self.what.zh, "en": self.what.en},
            "false_gone": self.wrong_gone,
            "true_lost": self.true_lost,
        }


def suggest(body: Mapping[str, Any], cases: Sequence[Case], zone: ZoneInfo) -> Suggestion | None:
    """The best change of a rule; None when nothing can be said for any.

    Args:
        body: The rule as it is written.
        cases: Its alerts with verdicts.
        zone: Of the site, for hours.
    """
    every = [each for each in _changes(body, cases, zone) if each.wrong_gone >= FEWEST and _is_rule(each.body)]
    best = max(every, key=lambda each: each.wrong_gone - _TOO_DEAR * each.true_lost, default=None)
    if best is not None and best.wrong_gone > _TOO_DEAR * best.true_lost:
        return best
    return _lower(body)


def _changes(body: Mapping[str, Any], cases: Sequence[Case], zone: ZoneInfo) -> Iterator[Suggestion]:
    when = body.get("when")
    if isinstance(when, Mapping) and len(when) == 1:
        [(shape, options)] = when.items()
        if isinstance(options, Mapping):
            yield from _longer(body, shape, options, cases)
            yield from _bridged(body, shape, options, cases)
            yield from _further(body, shape, options, cases)
    yield from _hours(body, cases, zone)


def _longer(
    body: Mapping[str, Any], shape: str, options: Mapping[str, Any], cases: Sequence[Case]
) -> Iterator[Suggestion]:
    """It has to last longer; what rings at one message is made to last."""
    if shape == "event" and set(options) <= {"kind", "where"}:
        shape, options = "lasts", {"of": dict(options)}
    elif shape not in ("lasts", "value"):
        return
    now_s = parse_duration(options["for"]) if "for" in options else 0.0

    def lasted_s(case: Case) -> float:
        ended = math.inf if case.returned is None else (case.returned - case.raised).total_seconds()
        return now_s + ended

    for quantile in _quantiles([lasted_s(each) for each in cases if each.is_wrong]):
        wanted_s = _round_up(quantile)
        if wanted_s <= now_s or not math.isfinite(wanted_s):
            continue
        text = duration_text(wanted_s)
        gone = [each for each in cases if lasted_s(each) < wanted_s]
        what = Text(
            f"持续 {text} 才报警（现为 {duration_text(now_s)}）", f"ring only after {text} (now {duration_text(now_s)})"
        )
        yield _suggestion(what, {**body, "when": {shape: {**options, "for": text}}}, gone)


def _bridged(
    body: Mapping[str, Any], shape: str, options: Mapping[str, Any], cases: Sequence[Case]
) -> Iterator[Suggestion]:
    """What comes back soon after it was over is one alert, not many."""
    if shape != "lasts":
        return
    now_s = parse_duration(options["gap"]) if "gap" in options else 0.0
    pauses: list[tuple[float, Case]] = []
    last: dict[str, Case] = {}
    for case in sorted(cases, key=lambda each: each.raised):
        before = last.get(case.key)
        if before is not None and before.returned is not None:
            pauses.append(((case.started - before.returned).total_seconds(), case))
        last[case.key] = case
    for quantile in _quantiles([pause for pause, case in pauses if case.is_wrong and 0 <= pause <= 3_600]):  # noqa: PLR2004
        wanted_s = _round_up(quantile)
        if wanted_s <= now_s:
            continue
        text = duration_text(wanted_s)
        gone = [case for pause, case in pauses if 0 <= pause < wanted_s and case.is_wrong]
        what = Text(f"{text} 内再次出现算同一次", f"what comes again within {text} is the same alert")
        yield _suggestion(what, {**body, "when": {shape: {**options, "gap": text}}}, gone)


def _further(
    body: Mapping[str, Any], shape: str, options: Mapping[str, Any], cases: Sequence[Case]
) -> Iterator[Suggestion]:
    """The threshold is moved beyond what turned out to be nothing."""
    side = next((each for each in ("above", "below") if each in options), None)
    if shape != "value" or side is None or not isinstance(options[side], int | float):
        return
    sign = 1.0 if side == "above" else -1.0
    values = [sign * each.value for each in cases if each.is_wrong and each.value is not None]
    for quantile in _quantiles(values):
        wanted = sign * _beyond(quantile, abs(float(options[side])))
        if sign * wanted <= sign * options[side]:
            continue
        gone = [each for each in cases if each.value is not None and sign * each.value < sign * wanted]
        what = Text(
            f"阈值改为 {wanted:g}（现为 {options[side]:g}）",
            f"move the threshold to {wanted:g} (now {options[side]:g})",
        )
        yield _suggestion(what, {**body, "when": {shape: {**options, side: wanted}}}, gone)


def _hours(body: Mapping[str, Any], cases: Sequence[Case], zone: ZoneInfo) -> Iterator[Suggestion]:
    """Some hours of the day in which it was never right are left out."""
    wrong = Counter(each.raised.astimezone(zone).hour for each in cases if each.is_wrong)
    true = {each.raised.astimezone(zone).hour for each in cases if each.verdict is Verdict.TRUE}
    for length in range(1, LONGEST_HOURS + 1):
        stretches = [[(begin + step) % 24 for step in range(length)] for begin in range(24)]
        best = max(stretches, key=lambda hours: (sum(wrong[hour] for hour in hours), -hours[0]))
        if true.intersection(best):
            continue
        between = f"{best[0]:02d}:00-{(best[-1] + 1) % 24 or 24:02d}:00"
        written = body.get("except", ())
        before = [written] if isinstance(written, Mapping) else list(written)
        gone = [each for each in cases if each.raised.astimezone(zone).hour in best]
        what = Text(f"{between} 不报警", f"leave out {between}")
        yield _suggestion(what, {**body, "except": [*before, {"between": between}]}, gone)


def _lower(body: Mapping[str, Any]) -> Suggestion | None:
    """One level lower: it rings all the same, but hurries nobody. Red stays: a life may hang on it."""
    raises = body.get("raises")
    level = raises.get("severity") if isinstance(raises, Mapping) else None
    lower = {Level.SERIOUS.value: Level.WARNING, Level.WARNING.value: Level.NOTICE, Level.NOTICE.value: Level.INFO}
    if not isinstance(raises, Mapping) or level not in lower:
        return None
    wanted = lower[level].value
    changed = {**body, "raises": {**raises, "severity": wanted}}
    if not _is_rule(changed):
        return None
    return Suggestion(Text(f"等级由 {level} 降为 {wanted}", f"lower the level from {level} to {wanted}"), changed, 0, 0)


def _suggestion(what: Text, body: Mapping[str, Any], gone: Sequence[Case]) -> Suggestion:
    wrong = sum(each.is_wrong for each in gone)
    return Suggestion(what, body, wrong, sum(each.verdict is Verdict.TRUE for each in gone))


def _is_rule(body: Mapping[str, Any]) -> bool:
    try:
        rule_of(body)
    except (ConfigurationError, ValueError):
        return False
    return True


def _quantiles(values: Sequence[float]) -> tuple[float, ...]:
    """Some quantiles by nearest rank, each once; none when there are too few values."""
    if len(values) < FEWEST:
        return ()
    ordered = sorted(values)
    return tuple(dict.fromkeys(ordered[math.ceil(share * len(ordered)) - 1] for share in QUANTILES))


def _round_up(seconds: float) -> float:
    """To a duration that somebody would write, longer than this one."""
    if not math.isfinite(seconds):
        return seconds
    step = next(step for below, step in _STEPS_S if seconds < below)
    return (math.floor(seconds / step) + 1) * step


def _beyond(value: float, threshold: float) -> float:
    """A number somebody would write, beyond this one."""
    step: float = 10.0 ** (math.floor(math.log10(max(threshold, 1e-6))) - 1)
    return round((math.floor(value / step) + 1) * step, 6)
