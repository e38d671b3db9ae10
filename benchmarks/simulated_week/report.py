"""The report of the week, as a shift leader reads it."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.figures.load import Load, measure
from alerts.figures.room_figures import RoomFigures
from alerts.figures.timeliness import Step, Timing
from api.figure_sheets import Speaker, as_html, shift_sheets
from api.figure_words import Language
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
    false = sum(not week.is_true(alert) for alert in rung)
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
    """A line for each shift, from the journal of the room when there are people in it."""
    head = "shift              rang  busiest  red  orange  true"
    print(head + ("   seen  in time   there  resolved  false  open after" if week.staff else ""))
    begins = week.since
    while begins < week.until:
        ends = begins + SHIFT
        room = None if week.staff is None else week.staff.figures(begins, ends)
        load = room.load if room else measure(week.signs, since=begins, until=ends)
        true = sum(begins <= alert.raised < ends and week.is_true(alert) for alert in week.raised)
        red, orange = load.levels.get(Level.CRITICAL, 0), load.levels.get(Level.SERIOUS, 0)
        times = f"{begins.astimezone(ZONE):%a %H:%M}-{ends.astimezone(ZONE):%H:%M}"
        line = f"{times:17} {load.annunciations:5} {load.most_in_ten_minutes:8} {red:4} {orange:7} {true:5}"
        print(line + (_people(room) if room else ""))
        begins = ends


def _people(room: RoomFigures) -> str:
    seen, there, done = (room.work.timing(step) for step in (Step.SEEN, Step.ON_SCENE, Step.RESOLVED))
    within = "-" if seen.within is None else f"{seen.within:.0%}"
    false = room.judged.total.false_share
    return (
        f" {_seconds(seen)} {within:>8} {_seconds(there)}  {_seconds(done)}   "
        f"{'-' if false is None else f'{false:.0%}':>6} {len(room.work.open_after):11}"
    )


def _seconds(timing: Timing) -> str:
    return f"{'-' if timing.median_s is None else f'{timing.median_s:.0f} s':>7}"


def shift_page(week: Week, language: Language) -> str:
    """The printable report of the shift that rang most.

    Raises:
        ValueError: Nobody was in the room.
    """
    if week.staff is None:
        raise ValueError("nobody was in the room")
    begins = max(_shifts(week), key=lambda at: measure(week.signs, since=at, until=at + SHIFT).annunciations)
    ends = begins + SHIFT
    say = Speaker(language, ZONE)
    body = week.staff.figures(begins, ends).shift_json()
    about = f"{begins.astimezone(ZONE):%Y-%m-%d %H:%M} - {ends.astimezone(ZONE):%H:%M}"
    return as_html(
        say("shift"), tuple(shift_sheets(body, say)), say, about=about, made=ends, by="simulated", signed=True
    )


def _shifts(week: Week) -> list[datetime]:
    return [week.since + number * SHIFT for number in range((week.until - week.since) // SHIFT)]


def _raised(week: Week, expected: Expected) -> bool:
    return any(
        alert.kind in expected.kinds
        and alert.site == expected.site
        and expected.at <= alert.raised <= expected.at + expected.within + timedelta(seconds=1)
        for alert in week.raised
    )
