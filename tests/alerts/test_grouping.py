"""Which alerts are one happening, and what an incident shows of them."""

from __future__ import annotations

from dataclasses import replace

from alerts.alert import Alert, Condition, Text
from alerts.grouping import Candidate, Member, joined, summed_up
from config.community import Level
from tests.fakes.stories import moment

ALERT = Alert(
    id="a",
    rule="r",
    rule_version=1,
    kind="fire.smoke",
    key="k",
    level=Level.SERIOUS,
    condition=Condition.ACTIVE,
    started=moment(0),
    raised=moment(0),
    last_seen=moment(0),
    text=Text("", ""),
    do=Text("", ""),
    site="s",
    area="g",
)
NEAR = Candidate("i", "fire.heat", "s", "g", moment(-599))


def test_the_same_site_and_family_within_ten_minutes_is_one_happening() -> None:
    assert joined(ALERT, [NEAR]) == "i"
    assert joined(ALERT, [replace(NEAR, last_raised=moment(-601))]) is None
    assert joined(ALERT, [replace(NEAR, site="other")]) is None
    assert joined(ALERT, [replace(NEAR, kind="gas.co")]) is None
    assert joined(ALERT, [NEAR, replace(NEAR, id="j", last_raised=moment(-5))]) == "j"


def test_without_a_site_the_area_counts_and_without_both_nothing_does() -> None:
    area = replace(NEAR, site=None)
    assert joined(replace(ALERT, site=None), [area]) == "i"
    assert joined(replace(ALERT, site=None), [NEAR]) is None, "what has a site happened there"
    assert joined(replace(ALERT, site=None, area=None), [replace(area, area=None)]) is None


def test_an_incident_shows_the_alert_that_matters_most_now() -> None:
    first = Member("1", Level.WARNING, Condition.ACTIVE, moment(0), "cam-1", "甲", "first")
    worse = Member("2", Level.CRITICAL, Condition.RETURNED, moment(9), None, "乙", "worse")
    summary = summed_up([first, worse])
    assert (summary.level, summary.text_en, summary.active, summary.camera) == (Level.CRITICAL, "worse", True, "cam-1")
    closed = summed_up([first, replace(worse, condition=Condition.CLOSED)])
    assert (closed.level, closed.text_en) == (Level.WARNING, "first")
    assert summed_up([replace(first, condition=Condition.CLOSED)]).level is Level.WARNING
