"""Table: what came of a run, or of two side by side, for people to read."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from benchmarks.accuracy.counting import Count, Visit, moments, vehicles, visits
from benchmarks.accuracy.judging import Judgement, Told, Watched, judge
from benchmarks.accuracy.running import Result
from benchmarks.accuracy.subjects import ORDINARY, SUBJECTS, Subject

_COLUMNS = ("", "clips found", "spans", "median s", "worst s", "in time", "false", "per hour", "clear min")
_SHOWN = 12
"""False alerts of one row that are written out."""
ALARMING = frozenset({"red", "orange"})
_LOOPED = frozenset({"fire", "smoke"})


def line(result: Result) -> str:
    """One clip, as it goes."""
    if result.fault:
        return f"{result.clip.name}: {result.fault}"
    alerts = " ".join(f"{one.kind}@{one.at_s:.1f}" for one in result.alerts) or "-"
    known = {kind for subject in SUBJECTS for kind in subject.events}
    events = " ".join(f"{one.kind}@{one.at_s:.1f}" for one in result.states() if one.kind in known) or "-"
    share = result.cpu_s / max(result.video_s, 1e-9)
    return f"{result.clip.name}: {result.video_s:.1f} s, {share:.0%} of a core; alerts {alerts}; events {events}"


def rows(results: Sequence[Result]) -> Iterator[tuple[str, Subject, Judgement]]:
    """Each subject by Events and by alerts, where it is labelled or was told."""
    seen: list[tuple[str, Callable[[Subject], frozenset[str]], list[Watched]]] = [
        ("event", lambda subject: subject.events, [one.by_events for one in results]),
        ("alert", lambda subject: subject.alerts, [one.by_alerts for one in results]),
    ]
    for subject in SUBJECTS:
        for how, kinds, watched in seen:
            if not kinds(subject):
                continue
            judgement = judge(watched, subject, kinds(subject))
            if judgement.findings or judgement.false or how == "alert":
                yield f"{subject.name} ({how})", subject, judgement


def others(results: Sequence[Result]) -> dict[tuple[str, str], list[str]]:
    """Alerts that no row of the table is about: clips and times by level and kind."""
    known = {kind for subject in SUBJECTS for kind in subject.alerts}
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for result in results:
        for one in result.alerts:
            if one.kind not in known:
                found[one.level, one.kind].append(f"{result.clip.name}@{one.at_s:.1f}")
    return found


def alarms(results: Sequence[Result]) -> list[tuple[str, Told]]:
    """Red and orange alerts on clips on which nothing out of the ordinary is labelled."""
    return [
        (result.clip.name, one)
        for result in results
        if ORDINARY.issuperset(result.clip.spans)
        for one in result.alerts
        if one.level in ALARMING
    ]


def counts(results: Sequence[Result]) -> tuple[list[Count], list[Visit]]:
    """All that is counted."""
    numbers = itertools.chain.from_iterable(
        [*moments(one.clip, one.states(), one.events), *vehicles(one.clip, one.events)] for one in results
    )
    stays = itertools.chain.from_iterable(visits(one.clip, one.states(), one.video_s) for one in results)
    return list(numbers), list(stays)


def cells(judgement: Judgement, subject: Subject) -> tuple[str, ...]:
    """The figures of one row."""
    found, of = judgement.clips
    spans = len(judgement.findings)
    in_time = sum(delay <= subject.within_s for delay in judgement.delays_s)
    return (
        f"{found} of {of}" if of else "-",
        f"{len(judgement.delays_s)} of {spans}" if of else "-",
        _seconds(judgement.median_s),
        _seconds(judgement.worst_s),
        f"{in_time} of {spans}" if of else "-",
        str(len(judgement.false)),
        "-" if math.isnan(judgement.false_per_hour) else f"{judgement.false_per_hour:.1f}",
        f"{judgement.clear_s / 60:.1f}",
    )


def _seconds(value: float) -> str:
    return "-" if math.isnan(value) else "missed" if math.isinf(value) else f"{value:.1f}"


def print_table(results: Sequence[Result]) -> None:
    """One run."""
    shown = list(rows(results))
    _print_cells([_COLUMNS, *((name, *cells(judgement, subject)) for name, subject, judgement in shown)])
    for name, subject, judgement in shown:
        _print_mistakes(name, subject, judgement)
    for (level, kind), places in sorted(others(results).items()):
        print(f"other alerts: {kind} ({level}): {_listed(places)}")
    alarming = alarms(results)
    where = _listed([f"{clip}@{one.at_s:.1f} {one.kind}" for clip, one in alarming])
    print(f"red and orange on ordinary clips: {len(alarming)} {where}".rstrip())
    numbers, stays = counts(results)
    for number in numbers:
        least, most = number.right
        right = str(least) if least == most else f"{least}-{most}"
        print(f"{number.clip}: {number.what}: {number.counted}, right is {right}{_verdict(holds=number.holds)}")
    for stay in stays:
        span = stay.span
        dwells = ", ".join(f"{each:.1f} s" for each in stay.dwells_s) or "nobody"
        length = f"{span.end_s - span.start_s:.1f} s from {span.start_s:g} s"
        print(f"{stay.clip}: one person for {length}: followed {dwells}{_verdict(holds=stay.holds)}")
    print(totals(results))


def print_loop(what: str, results: Sequence[Result]) -> None:
    """Hours that were looped: nobody may be told of a fire, or of anything red or orange, in them."""
    hours = sum(one.video_s for one in results) / 3600
    for subject in SUBJECTS:
        if subject.name in _LOOPED:
            judgement = judge([one.by_alerts for one in results], subject, subject.alerts)
            per_hour = len(judgement.false) / max(hours, 1e-9)
            print(f"{what}: {subject.name} alerts: {len(judgement.false)} in {hours:.2f} h, {per_hour:.2f} per hour")
            _print_mistakes(f"{subject.name} (alert)", subject, judgement)
    found = [(one.clip.name, each) for one in results for each in one.alerts]
    alarming = [f"{clip}@{each.at_s:.0f} {each.kind}" for clip, each in found if each.level in ALARMING]
    print(f"{what}: red and orange alerts: {len(alarming)} {_listed(alarming)}".rstrip())
    lesser: dict[str, list[str]] = defaultdict(list)
    for clip, each in found:
        if each.level not in ALARMING:
            lesser[f"{each.kind} ({each.level})"].append(f"{clip}@{each.at_s:.0f}")
    for kind, places in sorted(lesser.items()):
        print(f"{what}: {kind}: {len(places)}: {_listed(places)}")
    print(totals(results))


def totals(results: Sequence[Result]) -> str:
    """How much was seen and what it took."""
    video_s = sum(one.video_s for one in results)
    cpu_s = sum(one.cpu_s for one in results)
    analysed = sum(one.analysed for one in results)
    per_hour_s = cpu_s / max(video_s, 1e-9) * 3600
    return (
        f"{len(results)} clips, {video_s / 60:.1f} min; {per_hour_s:.0f} CPU s per hour of video,"
        f" {cpu_s / max(analysed, 1) * 1e3:.1f} ms per analysed picture"
    )


def print_both(names: tuple[str, str], first: Sequence[Result], second: Sequence[Result]) -> None:
    """Two runs over the same clips, side by side: a figure that differs is followed by the other one."""
    mine = {name: cells(judgement, subject) for name, subject, judgement in rows(first)}
    theirs = {name: cells(judgement, subject) for name, subject, judgement in rows(second)}
    print(f"== {names[0]} | {names[1]}, where they differ")
    lines: list[tuple[str, ...]] = [_COLUMNS]
    nothing = ("-",) * (len(_COLUMNS) - 1)
    for name in dict.fromkeys((*mine, *theirs)):
        pairs = zip(mine.get(name, nothing), theirs.get(name, nothing), strict=True)
        lines.append((name, *(a if a == b else f"{a} | {b}" for a, b in pairs)))
    _print_cells(lines)
    for one, other in zip(first, second, strict=True):
        if _told(one) != _told(other):
            print(f"{one.clip.name}: {' '.join(_told(one)) or '-'} | {' '.join(_told(other)) or '-'}")
    print(f"{names[0]}: {totals(first)}\n{names[1]}: {totals(second)}")


def _told(result: Result) -> list[str]:
    return [f"{one.kind}@{one.at_s:.1f}" for one in result.alerts]


def _print_mistakes(name: str, subject: Subject, judgement: Judgement) -> None:
    if judgement.missed:
        print(f"{name} missed: {_listed([f'{one.clip}@{one.span.start_s:g}' for one in judgement.missed])}")
    late = [
        f"{one.clip}@{one.span.start_s:g} after {one.delay_s:.1f} s"
        for one in judgement.findings
        if one.delay_s is not None and one.delay_s > subject.within_s
    ]
    if late:
        print(f"{name} late: {_listed(late)}")
    if judgement.false:
        print(f"{name} false: {_listed([f'{clip}@{one.at_s:.1f} {one.kind}' for clip, one in judgement.false])}")


def _listed(places: Sequence[str]) -> str:
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return ", ".join(places[:_SHOWN]) + more


def _verdict(*, holds: bool) -> str:
    return "" if holds else "  <- wrong"


def _print_cells(lines: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(each[column]) for each in lines) for column in range(len(lines[0]))]
    for each in lines:
        first, *rest = each
        print("  ".join([first.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(rest, widths[1:], strict=True))]))
