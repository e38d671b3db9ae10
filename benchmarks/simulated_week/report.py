"""The report of the week, as a shift leader reads it."""

from __future__ import annotations

from datetime import timedelta

from alerts.alert import Alert
from alerts.figures import Load, measure
from benchmarks.simulated_week.run import Week
from benchmarks.simulated_week.stories import Expected
from benchmarks.simulated_week.village import ZONE
from config.community import Level

MOST_A_DAY = 144
"""Annunciations that one operator can very likely bear (ISA-18.2)."""
MOST_FLOOD_SHARE = 0.01
SHIFT = timedelta(hours=8)


def print_report(week: Week, *, took: timedelta, shifts: bool) -> bool:
    """Print it.

    Returns:
        Whether the budget was kept and everything true was raised.
    """
    load = measure(week.signs, since=week.since, until=week.until)
    days = (week.until - week.since) / timedelta(days=1)
    print(f"{week.events:,} events in {days:g} days, {took.total_seconds():.0f} s to simulate")
    print(f"annunciations {load.annunciations}, a day {load.mean_per(timedelta(days=1)):.1f} (at most {MOST_A_DAY})")
    print(f"most in ten minutes {load.most_in_ten_minutes}, time in flood {load.flood_share:.2%} (below 1 %)")
    print(f"chattering {len(load.chattering)}, fleeting {load.fleeting}, standing over a day {load.stale}")
    print("levels:", ", ".join(f"{level.value} {load.levels.get(level, 0)}" for level in reversed(Level)))
    print("families a day:", ", ".join(f"{name} {count / days:.1f}" for name, count in load.families.items()))
    print("most frequent rules a day:")
    for rule, count in load.rules[:10]:
        print(f"  {rule:32} {count / days:6.1f}  {count / load.annunciations:6.1%}")
    if shifts:
        _print_shifts(week)
    for flood in load.floods:
        began, (kind, key) = f"{flood.began.astimezone(ZONE):%a %H:%M}", flood.first
        print(f"flood at {began}, {flood.annunciations} annunciations, first {kind} at {key}")
    rung = [alert for alert in week.raised if alert.muted_by is None and alert.level is not Level.INFO]
    false = sum(not _is_true(week, alert) for alert in rung)
    print(f"alerts that rang {len(rung)}, no story's doing {false}")
    overlooked = missed(week)
    print(f"true events {len(week.expected)}, raised {len(week.expected) - len(overlooked)}")
    for each in overlooked:
        began, kinds = f"{each.at.astimezone(ZONE):%a %H:%M}", " or ".join(each.kinds)
        print(f"  MISSED {each.story} at {each.site or '-'}, {began}: {kinds}")
    kept = _kept(load, overlooked)
    print("all promises kept" if kept else "a promise is broken")
    return kept


def missed(week: Week) -> list[Expected]:
    """What was true and not raised in time."""
    return [each for each in week.expected if not _raised(week, each)]


def _kept(load: Load, overlooked: list[Expected]) -> bool:
    return load.mean_per(timedelta(days=1)) <= MOST_A_DAY and load.flood_share < MOST_FLOOD_SHARE and not overlooked


def _print_shifts(week: Week) -> None:
    print("shift            annunciations  most in ten minutes  red  orange  true")
    begins = week.since
    while begins < week.until:
        ends = begins + SHIFT
        load = measure(week.signs, since=begins, until=ends)
        true = sum(begins <= alert.raised < ends and _is_true(week, alert) for alert in week.raised)
        red, orange = load.levels.get(Level.CRITICAL, 0), load.levels.get(Level.SERIOUS, 0)
        print(
            f"{begins.astimezone(ZONE):%a %H:%M}-{ends.astimezone(ZONE):%H:%M}  {load.annunciations:13}  "
            f"{load.most_in_ten_minutes:19}  {red:3}  {orange:6}  {true:4}"
        )
        begins = ends


def _raised(week: Week, expected: Expected) -> bool:
    return any(
        alert.kind in expected.kinds
        and alert.site == expected.site
        and expected.at <= alert.raised <= expected.at + expected.within + timedelta(seconds=1)
        for alert in week.raised
    )


def _is_true(week: Week, alert: Alert) -> bool:
    return any(each.site == alert.site and each.at <= alert.raised <= each.at + each.lasts for each in week.expected)
