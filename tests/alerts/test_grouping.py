"""Which alerts are one happening, and what an incident shows of them."""

from __future__ import annotations

from dataclasses import replace

from alerts.alert import Alert, Condition, Text
from alerts.incidents.grouping import Candidate, in_line, joined
from alerts.incidents.incident import Handling, Verdict
from alerts.incidents.views import IncidentView, alert_row, alert_view
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
INCIDENT = IncidentView(
    id="i",
    number=1,
    kind="fire.smoke",
    level=Level.SERIOUS,
    handling=Handling.NEW,
    verdict=Verdict.NONE,
    active=True,
    muted=False,
    site="s",
    area="g",
    camera=None,
    opened=moment(0),
    changed=moment(0),
    version=1,
    text_zh="",
    text_en="",
    alerts=(),
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


def shown(*alerts: tuple[Alert, str]) -> IncidentView:
    """The incident of some alerts, each with its words."""
    views = tuple(
        alert_view(alert_row(replace(alert, id=str(number), text=Text(words, words)), "i"))
        for number, (alert, words) in enumerate(alerts)
    )
    return in_line(replace(INCIDENT, alerts=views))


def test_an_incident_shows_the_alert_that_matters_most_now() -> None:
    first = replace(ALERT, level=Level.WARNING, camera="cam-1")
    worse = replace(ALERT, level=Level.CRITICAL, condition=Condition.RETURNED, raised=moment(9))
    both = shown((first, "first"), (worse, "worse"))
    assert (both.level, both.text_en, both.active, both.camera) == (Level.CRITICAL, "worse", True, "cam-1")
    closed = shown((first, "first"), (replace(worse, condition=Condition.CLOSED), "worse"))
    assert (closed.level, closed.text_en) == (Level.WARNING, "first")
    assert shown((replace(first, condition=Condition.CLOSED), "first")).level is Level.WARNING
