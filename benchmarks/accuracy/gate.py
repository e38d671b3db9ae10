"""Gate: what a run may not be worse than, from a file of limits with their reasons.

    subjects:
      fire: {found: 1.0, median_s: 3, worst_s: 10, in_time: 1.0, false: 0}
    alarms: 0

`found` and `in_time` are shares of the labelled spans that were told at all and in the subject's own time; `false` is a
number of alerts, `false_per_hour` a rate; `alarms` are red and orange alerts on ordinary clips. What is left out is not
held to anything; what is written holds only when it was measured: a clip that could not be seen, no span to be found,
or nothing found of which a delay could be taken breaks it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from benchmarks.accuracy.judging import Judgement, judge
from benchmarks.accuracy.running import Result
from benchmarks.accuracy.subjects import SUBJECTS, Subject
from benchmarks.accuracy.table import alarms
from config.load import parse, read_yaml


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limit(_Part):
    """Of one subject, judged by alerts; by Events where `by_events` says so."""

    found: float | None = None
    median_s: float | None = None
    worst_s: float | None = None
    in_time: float | None = None
    false: int | None = None
    false_per_hour: float | None = None
    by_events: bool = False


class Limits(_Part):
    """The whole file."""

    subjects: dict[str, Limit] = {}
    alarms: int | None = None


def read_limits(path: Path) -> Limits:
    """The limits in a file.

    Raises:
        ConfigurationError: They are none.
    """
    return parse(Limits, read_yaml(path), file=path)


def broken(results: Sequence[Result], limits: Limits, *, whole: bool = True) -> list[str]:
    """Every limit that does not hold, in words.

    Args:
        results: What was seen.
        limits: What is asked of it.
        whole: Whether it is everything that there is; of a part on purpose, a subject without a label is not asked for.
    """
    known = {subject.name: subject for subject in SUBJECTS}
    found = [f"there is no subject {name!r}" for name in limits.subjects if name not in known]
    found += [f"{one.clip.name} could not be seen: {one.fault}" for one in results if one.fault]
    if not results:
        found.append("no clip was looked at")
    for name, limit in limits.subjects.items():
        if name not in known:
            continue
        subject = known[name]
        watched = [one.by_events if limit.by_events else one.by_alerts for one in results]
        judgement = judge(watched, subject, subject.events if limit.by_events else subject.alerts)
        found += [f"{name}: {words}" for words in _broken(judgement, subject, limit, whole=whole)]
    alarming = len(alarms(results))
    if limits.alarms is not None and alarming > limits.alarms:
        found.append(f"{alarming} red and orange alerts on ordinary clips, at most {limits.alarms} may be")
    return found


def _broken(judgement: Judgement, subject: Subject, limit: Limit, *, whole: bool) -> Iterator[str]:
    spans = len(judgement.findings)
    asked = (limit.found, limit.in_time, limit.median_s, limit.worst_s)
    if spans:
        yield from _late(judgement, subject, limit)
    elif whole and any(one is not None for one in asked):
        yield "nothing is labelled that could be found"
    if limit.false is not None and len(judgement.false) > limit.false:
        where = ", ".join(f"{clip}@{one.at_s:.1f}" for clip, one in judgement.false)
        yield f"{len(judgement.false)} false, at most {limit.false} may be: {where}"
    if limit.false_per_hour is not None and not judgement.false_per_hour <= limit.false_per_hour:
        yield f"{judgement.false_per_hour:.1f} false per hour, at most {limit.false_per_hour:g} may be"


def _late(judgement: Judgement, subject: Subject, limit: Limit) -> Iterator[str]:
    spans = len(judgement.findings)
    shares = {
        "found": (limit.found, len(judgement.delays_s) / spans),
        "in_time": (limit.in_time, sum(each <= subject.within_s for each in judgement.delays_s) / spans),
    }
    for what, (least, share) in shares.items():
        if least is not None and share < least - 1e-9:
            missed = ", ".join(f"{one.clip}@{one.span.start_s:g}" for one in judgement.missed)
            yield f"{what} {share:.2f}, at least {least:g} must be; missed: {missed or 'none'}"
    delays = {"median": (limit.median_s, judgement.median_s), "worst": (limit.worst_s, judgement.worst_s)}
    for what, (most_s, took_s) in delays.items():
        if most_s is not None and math.isnan(took_s):
            yield f"{what}: nothing was found, at most {most_s:g} s may be"
        elif most_s is not None and took_s > most_s:
            yield f"{what} {took_s:.1f} s, at most {most_s:g} s may be"
