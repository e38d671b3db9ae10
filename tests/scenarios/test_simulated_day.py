"""One day of the simulated week: the shipped rules tell the room what is true, and little else."""

from __future__ import annotations

from datetime import timedelta

from alerts.figures.load import measure
from alerts.language.rulebook import SHIPPED
from benchmarks.simulated_week.report import MOST_A_DAY, MOST_FLOOD_SHARE, missed
from benchmarks.simulated_week.run import live_through


def test_a_day_in_the_village_stays_within_what_one_operator_can_bear_and_nothing_true_is_missed() -> None:
    week = live_through(SHIPPED, days=1)
    load = measure(week.signs, since=week.since, until=week.until)
    assert week.expected, "there is something to find"
    assert missed(week) == []
    assert 0 < load.mean_per(timedelta(days=1)) <= MOST_A_DAY
    assert load.flood_share < MOST_FLOOD_SHARE
