"""What docs/reference/rules.md says of time and doubt, sentence by sentence (`## Time and doubt`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alerts.alert import Withheld
from alerts.language.rulebook import RuleBook
from hub.events import Event, Quality
from tests.fakes.shapes import book_with
from tests.fakes.stories import Story, book_of, event, health, moment

OPEN_LONG = "lasts: {of: {kind: door, where: {open: true}}, for: 30s}"
SHAPES = {
    "event": "event: {kind: t, where: {x: '>= 1'}}",
    "lasts": "lasts: {of: {kind: t, where: {x: '>= 1'}}, for: 1s}",
    "lasts with gap": "lasts: {of: {kind: t, where: {x: '>= 1'}}, for: 2s, gap: 1s}",
    "value": "value: {of: {kind: t}, field: x, above: 1, back_by: 0}",
    "count": "count: {of: {kind: t, where: {x: '>= 1'}}, at_least: 2, within: 1h}",
    "together": "together: {within: 1h, all_of: [{kind: t, where: {x: '>= 1'}}, {kind: t, where: {x: '>= 1'}}]}",
    "sequence": "sequence: {within: 1h, steps: [{kind: t, where: {x: '>= 1'}}, {kind: t, where: {x: '>= 1'}}]}",
    "change": "change: {of: {kind: t}, field: x, rises: 1, within: 1h, samples: 2}",
    "silence": "silence: {of: {kind: t, where: {x: '>= 1'}}, longer_than: 1s}",
}


def door(at_s: float, *, is_open: bool = True, **parts: object) -> Event:
    return event("door", at_s, fields={"open": is_open}, source="door-17", **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("fields", [{}, {"x": "5"}, {"x": True}, {"x": float("nan")}], ids=repr)
def test_a_field_that_is_missing_or_of_the_wrong_type_is_unknown_to_every_shape(
    tmp_path: Path, shape: str, fields: dict[str, object]
) -> None:
    """It raises nothing, makes no rule fail, and is counted."""
    story = Story(book_with(tmp_path, SHAPES[shape]))
    for number in range(4):
        story.happens(event("t", number, source=f"s{number % 2}", fields=fields))  # type: ignore[arg-type]
    story.passes(1000)
    assert story.alerts == []
    assert story.engine.counts.failed == {}
    assert story.engine.counts.unknown == {"example": 4}


def test_what_is_unknown_ends_nothing(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, "value: {of: {kind: t}, field: x, above: 1, back_by: 0}"))
    story.happens(event("t", 0, fields={"x": 5}))
    assert story.happens(event("t", 1, fields={}), event("t", 2, fields={"x": "0"})) == []
    assert len(story.alerts) == 1


def test_a_device_clock_that_runs_ahead_delays_no_alarm(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, OPEN_LONG))
    story.happens(door(100, arrives_s=0))
    assert story.passes(29.9) == []
    assert story.passes(30) == ["raised gas.repeated"]


def test_timers_run_on_the_hub_clock_and_survive_a_restart(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, OPEN_LONG))
    story.happens(door(0, arrives_s=10))
    story.restarts()
    assert story.engine.next_due() == moment(30)
    assert story.passes(30) == ["raised gas.repeated"]


def test_a_late_contradiction_stops_what_is_not_due_yet(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, OPEN_LONG))
    story.happens(door(0), door(20, is_open=False, arrives_s=25))
    assert story.passes(1000) == []


def test_a_late_contradiction_never_takes_an_alert_back(tmp_path: Path) -> None:
    """It is appended to the record; the alert returns and stays listed, or stands where it was said again since."""
    story = Story(book_with(tmp_path, OPEN_LONG))
    story.happens(door(0))
    story.passes(30)
    assert story.happens(door(10, is_open=False, arrives_s=40)) == [
        "contradicted gas.repeated",
        "returned gas.repeated",
    ]
    assert [alert.condition for alert in story.engine.open_alerts()] == ["returned"]
    story = Story(book_with(tmp_path, OPEN_LONG))
    story.happens(door(0), door(25))
    story.passes(30)
    late = door(10, is_open=False, arrives_s=40, id="late")
    assert story.happens(late) == ["contradicted gas.repeated"]
    [alert] = story.alerts
    assert (alert.condition, alert.against) == ("active", ("late",))
    assert alert.why["against"] == ["late"]


@pytest.mark.parametrize(
    ("shape", "speaks", "against"),
    [
        ("value: {of: {kind: t}, field: x, above: 5, back_by: 1, for: 30s}", {"x": 9}, {"x": 1}),
        ("silence: {of: {kind: t, where: {x: '>= 1'}}, longer_than: 30s}", {"x": 9}, {"x": 1}),
    ],
    ids=["value", "silence"],
)
def test_what_speaks_against_an_alert_and_comes_late_is_told_by_every_shape_that_waits(
    tmp_path: Path, shape: str, speaks: dict[str, Any], against: dict[str, Any]
) -> None:
    story = Story(book_with(tmp_path, shape))
    story.happens(event("t", 0, fields=speaks))
    assert story.passes(31) == ["raised gas.repeated"]
    assert "contradicted gas.repeated" in story.happens(event("t", 10, arrives_s=40, fields=against))
    story.restarts()


def test_what_ends_an_alert_in_time_is_no_contradiction(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, OPEN_LONG))
    story.happens(door(0))
    story.passes(30)
    assert story.happens(door(35, is_open=False, arrives_s=60)) == ["returned gas.repeated"]


DOOR = """
- rule: door.open
  state: STATE
  name: {zh: 门, en: Door}
  raises: {kind: KIND, severity: blue}
  for_each: device
  when:
    lasts: {of: {kind: door, where: {open: true}}, for: 30s}
  say: {zh: "{device}", en: "{device} open"}
  do: {zh: 看, en: Look}
"""


def open_door(folder: Path, state: str, kind: str = "door.left_open") -> RuleBook:
    return book_of(folder, DOOR.replace("STATE", state).replace("KIND", kind))


def test_what_stands_when_a_rule_comes_out_of_the_shadow_rings_then(tmp_path: Path) -> None:
    story = Story(open_door(tmp_path, "shadow"))
    story.happens(door(0))
    story.passes(100)
    assert story.reloads(open_door(tmp_path, "live"), 200) == [
        "returned door.left_open",
        "closed door.left_open",
        "raised door.left_open",
    ]
    [alert] = story.engine.open_alerts()
    assert (alert.shadow, alert.started, alert.raised, alert.text.en) == (False, moment(0), moment(200), "door-17 open")
    story.restarts()
    assert story.happens(door(300, is_open=False)) == ["returned door.left_open"]


def test_what_is_on_the_way_when_a_rule_comes_out_of_the_shadow_rings_when_it_is_due(tmp_path: Path) -> None:
    story = Story(open_door(tmp_path, "shadow"))
    story.happens(door(0))
    assert story.reloads(open_door(tmp_path, "live"), 10) == []
    assert story.passes(30) == ["raised door.left_open"]


@pytest.mark.parametrize(("state", "kind"), [("shadow", "door.left_open"), ("live", "door.armed_open")])
def test_an_alert_that_a_rule_raises_no_more_returns_and_stays_until_a_person_resolves_it(
    tmp_path: Path, state: str, kind: str
) -> None:
    """The rule went back into the shadow, or raises another kind: both alerts are there, each once."""
    story = Story(open_door(tmp_path, "live"))
    story.happens(door(0))
    story.passes(30)
    [before] = story.engine.open_alerts()
    assert story.reloads(open_door(tmp_path, state, kind), 60) == ["returned door.left_open", f"raised {kind}"]
    assert len({alert.id for alert in story.engine.open_alerts()}) == 2
    story.restarts()
    resolved = event("alert.resolved", 70, source="li", subject=before.id, fields={})
    assert story.happens(resolved) == ["closed door.left_open"]
    [after] = story.engine.open_alerts()
    assert (after.kind, after.shadow, after.condition) == (kind, state == "shadow", "active")


def test_what_a_device_delivers_hours_late_on_purpose_rings_with_the_time_at_which_it_happened(tmp_path: Path) -> None:
    """Of shapes for several observations only what is within their window and 5 minutes of now counts."""
    story = Story(book_with(tmp_path, "event: {kind: t}"))
    assert story.happens(event("t", 0, arrives_s=9000, quality=(Quality.HISTORY,))) == ["raised gas.repeated"]
    assert (story.alerts[0].started, story.alerts[0].raised) == (moment(0), moment(9000))
    story = Story(book_with(tmp_path, "count: {of: {kind: t}, at_least: 2, within: 1m}"))
    assert story.happens(*(event("t", at_s, arrives_s=9000, quality=(Quality.HISTORY,)) for at_s in (0, 30))) == []


def test_who_falls_silent_proves_nothing(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, OPEN_LONG))
    story.happens(door(0), health("sensor.health", 10, "door-17", "offline"))
    assert story.passes(1000) == []


def test_what_is_withheld_is_told_with_its_reason(tmp_path: Path) -> None:
    book = book_with(tmp_path, 'event: {kind: t}\n  only: {between: "01:00-02:00"}')
    story = Story(book)
    story.happens(event("t", 0))
    [held] = [change for change in story.changes if isinstance(change, Withheld)]
    assert held.en == "it counts only at 01:00-02:00"
    assert held.zh


def test_a_reload_keeps_what_is_remembered_while_shape_and_key_are_the_same(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, OPEN_LONG))
    story.happens(door(0))
    story.reloads(book_with(tmp_path, OPEN_LONG, say="other words"), 10)
    assert story.passes(30) == ["raised gas.repeated"]
    story = Story(book_with(tmp_path, OPEN_LONG))
    story.happens(door(0))
    story.reloads(book_with(tmp_path, OPEN_LONG.replace("30s", "31s")), 10)
    assert story.passes(1000) == []
