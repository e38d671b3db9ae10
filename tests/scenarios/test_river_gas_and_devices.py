"""Stories about values, levels and devices, with the shipped rules."""

from __future__ import annotations

import pytest

from alerts.language.rulebook import SHIPPED, load_rules
from hub.events import Event, Phase, Quality
from tests.fakes.stories import Story, event, health


@pytest.fixture
def story() -> Story:
    return Story(load_rules(SHIPPED))


def river(at_s: float, level_m: float | str, **more: object) -> Event:
    return event("water_level", at_s, source="river-1", site="junction-3", fields={"level_m": level_m}, **more)


def test_the_river_rises_through_the_colours_wobbles_and_falls(story: Story) -> None:
    levels = [1.8 + 0.1 * step for step in range(13)] + [2.95] * 4 + [2.85] * 4 + [2.45, 2.25, 2.05, 1.85, 1.65]
    active: dict[int, list[str]] = {}
    for minute, level_m in enumerate(levels):
        story.happens(river(minute * 60, round(level_m, 2)))
        active[minute] = [each for each in story.active if each.startswith("flood.level ")]
    assert active[2] == []
    assert active[3] == ["flood.level blue"]
    assert active[8] == ["flood.level yellow"]
    assert active[11] == ["flood.level yellow"]
    assert active[14] == ["flood.level orange"]
    assert active[17] == ["flood.level orange"], "2.95 and 2.85 lie inside the band of 0.2 m"
    assert active[21] == ["flood.level yellow"]
    story.passes(40 * 60)
    assert story.active == []
    assert [change.move for change in story.changes if change.move and change.alert.kind == "flood.level"] == [
        "raised",
        "rose",
        "rose",
        "fell",
        "fell",
        "returned",
    ]


def test_one_high_reading_is_no_flood(story: Story) -> None:
    story.happens(river(0, 1.5), river(10, 4.0), river(20, 1.5))
    assert story.passes(600) == []


def test_a_reading_that_comes_late_and_contradicts_stops_what_was_on_the_way(story: Story) -> None:
    story.happens(river(0, 3.1), river(40, 3.1), river(30, 1.9, arrives_s=45))
    assert story.passes(99.9) == []
    assert story.passes(100) == ["raised flood.level"]


def test_text_instead_of_a_number_is_counted_and_changes_nothing(story: Story) -> None:
    story.happens(river(0, 3.1), river(30, "ERR"))
    assert story.passes(60) == ["raised flood.level"]
    assert story.engine.counts.unknown["flood.river_level"] == 1


def gas(at_s: float, *, alarm: bool, lel_pct: float, source: str = "gas-1") -> Event:
    return event("gas", at_s, source=source, fields={"alarm": alarm, "lel_pct": lel_pct})


def test_two_rules_hold_one_gas_alert_at_the_higher_of_their_levels(story: Story) -> None:
    assert story.happens(gas(0, alarm=True, lel_pct=4)) == ["raised gas.combustible"]
    assert story.happens(gas(5, alarm=True, lel_pct=25)) == ["rose gas.combustible"]
    assert story.active == ["gas.combustible red"]
    assert story.alerts[0].text.en == "Gas at House 17: 25 % LEL (gas-1)"
    assert story.happens(gas(10, alarm=False, lel_pct=25)) == []
    assert story.happens(gas(20, alarm=False, lel_pct=0)) == []
    assert story.passes(80) == ["returned gas.combustible"]


def test_carbon_monoxide_acts_by_dose(story: Story) -> None:
    def co(at_s: float, ppm: float) -> Event:
        return event("co", at_s, source="co-1", fields={"co_ppm": ppm})

    story.happens(co(0, 120))
    assert story.passes(599) == []
    assert story.passes(600) == ["raised gas.co"]
    assert story.active == ["gas.co orange"]
    story.happens(co(900, 350))
    assert story.passes(1080) == ["rose gas.co"]
    assert story.active == ["gas.co red"]


def test_a_door_may_stand_open_for_ten_minutes(story: Story) -> None:
    night_s = 6 * 3600

    def door(at_s: float, *, is_open: bool, **more: object) -> Event:
        return event("door", night_s + at_s, source="door-1", fields={"open": is_open}, **more)

    story.happens(door(0, is_open=True), door(590, is_open=False))
    assert "raised door.left_open" not in story.passes(night_s + 2000)
    story.happens(door(2000, is_open=True, quality=(Quality.RETAINED,)))
    assert story.passes(night_s + 2600)[-1] == "raised door.left_open", "a retained state counts from when it is known"
    assert story.happens(door(2700, is_open=False)) == ["returned door.left_open"]


def test_a_sensor_that_falls_silent_keeps_its_alarm_and_is_told_itself(story: Story) -> None:
    story.happens(event("smoke", 0, fields={"alarm": True}))
    story.happens(health("sensor.health", 60, "smoke-17", "offline"))
    assert story.passes(120) == ["raised sensor.offline"]
    story.passes(7200)
    assert sorted(story.active) == ["fire.smoke orange", "sensor.offline blue"]
    assert story.happens(health("sensor.health", 7200, "smoke-17", "online")) == ["returned sensor.offline"]
    assert story.happens(event("smoke", 7201, fields={"alarm": False})) == ["returned fire.smoke"]


def test_a_leak_that_was_only_begun_when_its_sensor_fell_silent_is_not_told(story: Story) -> None:
    story.happens(event("water_leak", 0, source="leak-1", fields={"leak": True}))
    story.happens(health("sensor.health", 10, "leak-1", "offline"))
    story.passes(600)
    assert story.active == ["sensor.offline blue"]


def test_every_press_of_the_sos_button_counts(story: Story) -> None:
    for second in (0, 3, 200):
        story.happens(event("sos", second, source="b", fields={"pressed": True}))
    assert story.active == ["sos.button red"]
    assert story.alerts[0].times == 3
    assert [change.move for change in story.changes if change.move] == ["raised", "recurred"]


def test_a_press_whose_release_arrived_first_still_rings(story: Story) -> None:
    released = event("sos", 12, source="b", arrives_s=13, fields={"pressed": False})
    pressed = event("sos", 10, source="b", arrives_s=15, fields={"pressed": True})
    story.happens(released)
    assert story.happens(pressed) == ["raised sos.button"]
    story.passes(90_000)
    assert story.active == ["sos.button red"]


def test_a_battery_is_low_until_it_is_clearly_not(story: Story) -> None:
    def battery(at_s: float, percent: float) -> Event:
        return event("battery", at_s, fields={"percent": percent})

    assert story.happens(battery(0, 16)) == []
    story.happens(battery(10, 15))
    assert story.passes(8 * 3600 + 10) == ["raised sensor.battery_low"], "after eight hours: a cold morning is shorter"
    assert story.happens(battery(30_000, 24)) == []
    assert story.happens(battery(40_000, 26)) == ["returned sensor.battery_low"]


def test_an_observation_without_a_place_is_counted_as_unknown(story: Story) -> None:
    assert story.happens(event("smoke", 0, site=None, fields={"alarm": True})) == []
    assert story.engine.counts.unknown["fire.smoke_sensor"] == 1


def test_a_moment_of_a_state_ends_it_only_for_its_own_subject(story: Story) -> None:
    story.happens(event("fall", 0, source="radar", subject="bed", fields={"fall": True}))
    story.happens(event("fall", 5, source="radar", subject="bath", phase=Phase.ENDED, fields={}))
    assert story.active == ["care.fall orange"]
