"""Which alert hides which, and that nothing stays hidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.community import Sensor
from hub.events import Event
from tests.alerts.conftest import MakeRoom
from tests.fakes.people import LIN
from tests.fakes.stories import COMMUNITY, Story, book_of, event

FRAME = """
- rule: {rule}
  name: {{zh: 例, en: Example}}
  raises: {{kind: {kind}, severity: {severity}}}
  for_each: {for_each}
  {mutes}
  when: {{event: {{kind: {observed}, where: {{on: true}}}}}}
  clear: {{after: 60s}}
  say: {{zh: 例, en: Example}}
  do: {{zh: 例, en: Example}}
"""


def parent(mutes: str, for_each: str = "site") -> str:
    return FRAME.format(
        rule="p", kind="power.outage", severity="yellow", for_each=for_each, mutes=f"mutes: {mutes}", observed="outage"
    )


def child(severity: str = "blue") -> str:
    return FRAME.format(
        rule="c", kind="sensor.offline", severity=severity, for_each="device", mutes="version: 1", observed="silent"
    )


def outage(at_s: float, *, site: str = "hh-017") -> Event:
    return event("outage", at_s, source=f"meter-{site}", site=site, fields={"on": True})


def silent(at_s: float) -> Event:
    return event("silent", at_s, fields={"on": True})


@pytest.mark.parametrize("mutes", ["[sensor.offline]", "c", "{of: [sensor.offline], same: area}", "[c, gas.co]"])
def test_what_follows_from_another_alert_is_recorded_and_hidden(tmp_path: Path, mutes: str) -> None:
    story = Story(book_of(tmp_path, parent(mutes), child()))
    story.happens(outage(0))
    assert story.happens(silent(10)) == ["raised sensor.offline", "muted sensor.offline"]
    hidden = {alert.kind: alert.muted_by for alert in story.alerts}
    assert hidden == {"power.outage": None, "sensor.offline": story.alerts[0].id}
    story.restarts()
    assert story.happens(silent(50)) == []
    assert story.passes(60) == ["returned power.outage", "shown sensor.offline"], "it is still active"
    assert [alert.muted_by for alert in story.alerts] == [None]


def test_what_was_there_first_is_hidden_when_its_cause_becomes_known(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, parent("[sensor.offline]"), child()))
    assert story.happens(silent(0), outage(30)) == [
        "raised sensor.offline",
        "raised power.outage",
        "muted sensor.offline",
    ]
    assert story.passes(61) == ["returned sensor.offline"]
    assert story.passes(100) == ["returned power.outage"]
    assert [alert.muted_by for alert in story.engine.open_alerts()] == [None, None]


def test_another_place_is_not_hidden(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, parent("[sensor.offline]"), child()))
    story.happens(outage(0, site="junction-3"), silent(10))
    assert [alert.muted_by for alert in story.alerts] == [None, None]


def test_an_area_includes_those_below_it(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path, parent("{of: c, same: area}"), child()))
    story.happens(event("outage", 0, site=None, area="town", fields={"on": True}), silent(10))
    assert story.alerts == [] or [a.kind for a in story.alerts] == ["sensor.offline"], "it counts for sites"
    story = Story(book_of(tmp_path, parent("[c]", "area"), child()))
    story.happens(event("outage", 0, site=None, area="town", fields={"on": True}), silent(10))
    assert [alert.muted_by is not None for alert in story.alerts] == [False, True]


def test_a_gateway_hides_what_its_own_sensors_say(tmp_path: Path) -> None:
    sensors = (
        Sensor(id="bulb", site="hh-017", format="zigbee2mqtt"),
        Sensor(id="lock", site="hh-017", format="zigbee2mqtt", gateway="attic"),
        Sensor(id="meter", site="hh-017"),
    )
    community = COMMUNITY.model_copy(update={"sensors": sensors})
    story = Story(book_of(tmp_path, parent("{of: c, same: gateway}", "device"), child()), community)
    story.happens(*(event("silent", 0, source=each.id, fields={"on": True}) for each in sensors))
    story.happens(event("outage", 10, source="zigbee2mqtt", site=None, fields={"on": True}))
    hidden = {alert.key: alert.muted_by is not None for alert in story.alerts}
    assert hidden == {"bulb": True, "lock": False, "meter": False, "zigbee2mqtt": False}


def test_red_is_never_hidden_and_a_rule_on_trial_hides_nothing(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path / "red", parent("[c]"), child("red")))
    story.happens(outage(0), silent(10))
    assert [alert.muted_by for alert in story.alerts] == [None, None]
    trial = parent("[c]").replace("  name", "  state: shadow\n  name")
    story = Story(book_of(tmp_path / "trial", trial, child()))
    story.happens(outage(0), silent(10))
    assert [alert.muted_by for alert in story.alerts] == [None, None]


def test_a_rule_that_is_taken_out_hides_nothing_more(tmp_path: Path) -> None:
    story = Story(book_of(tmp_path / "one", parent("[c]"), child()))
    story.happens(outage(0), silent(10))
    moves = story.reloads(book_of(tmp_path / "two", parent("[gas.co]"), child()), 20)
    assert moves == ["shown sensor.offline"]


def test_an_incident_that_is_hidden_is_listed_so_and_has_to_be_seen_again_when_it_is_shown(
    tmp_path: Path, make_room: MakeRoom
) -> None:
    room = make_room(book_of(tmp_path, parent("[c]"), child()))
    room.happens(silent(0), outage(1))
    cause, hidden = room.incidents
    assert (hidden.kind, hidden.muted, cause.muted) == ("sensor.offline", True, False)
    assert hidden.alerts[0].muted_by == cause.alerts[0].id
    told = [entry for entry in room.repository.history(hidden.id) if entry.topic == "incident"]
    assert [(entry.move, entry.body["muted"]) for entry in told] == [("opened", False), ("muted", True)]
    room.handling.acknowledge(hidden.id, LIN)
    room.happens(silent(40))
    room.passes(61)
    shown = room.repository.incident(hidden.id)
    assert (shown.muted, shown.handling) == (False, "new")
    assert [entry.move for entry in room.repository.history(hidden.id)][-3:] == ["shown", "shown", "realarmed"]
