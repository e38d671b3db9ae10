"""Stories about fire, with the shipped rules."""

from __future__ import annotations

import pytest

from alerts.language.rulebook import SHIPPED, load_rules
from hub.events import Phase, Quality
from tests.fakes.stories import Story, event, health, seen


@pytest.fixture
def story() -> Story:
    return Story(load_rules(SHIPPED))


def test_smoke_raises_one_orange_alert_at_once_and_says_where(story: Story) -> None:
    assert story.happens(event("smoke", 1, fields={"alarm": True})) == ["raised fire.smoke"]
    assert story.active == ["fire.smoke orange"]
    alert = story.alerts[0]
    assert alert.text.zh == "17号 烟感报警（厨房烟感）"
    assert alert.text.en == "Smoke alarm at House 17 (Kitchen smoke detector)"
    assert (alert.site, alert.area, alert.sensor, alert.key) == ("hh-017", "group-1", "smoke-17", "hh-017")


def test_a_detector_that_repeats_itself_stays_one_alert(story: Story) -> None:
    story.happens(event("smoke", 1, fields={"alarm": True}))
    for second in range(2, 20):
        assert story.happens(event("smoke", second, fields={"alarm": True})) == []
    assert story.happens(event("smoke", 200, fields={"alarm": True})) == ["recurred fire.smoke"]
    assert story.alerts[0].times == 20


def test_smoke_returns_when_the_detector_says_so_and_waits_for_a_person(story: Story) -> None:
    story.happens(event("smoke", 1, fields={"alarm": True}))
    assert story.happens(event("smoke", 90, fields={"alarm": False})) == ["returned fire.smoke"]
    assert story.active == []
    assert [alert.condition for alert in story.engine.open_alerts()] == ["returned"]


def test_one_detector_that_is_well_does_not_speak_for_another_of_the_same_house(story: Story) -> None:
    story.happens(event("smoke", 1, fields={"alarm": True}))
    assert story.happens(event("smoke", 5, source="smoke-18", fields={"alarm": False})) == []
    assert story.active == ["fire.smoke orange"]
    assert story.happens(event("smoke", 9, fields={"alarm": False})) == ["returned fire.smoke"]


@pytest.mark.parametrize("quality", [Quality.TEST, Quality.SIMULATED, Quality.RETAINED])
def test_tests_simulations_and_retained_messages_do_not_ring(story: Story, quality: Quality) -> None:
    assert story.happens(event("smoke", 1, fields={"alarm": True}, quality=(quality,))) == []
    assert story.happens(event("smoke", 2, fields={"alarm": True, "test": True})) == []


@pytest.mark.parametrize("fields", [{}, {"alarm": "yes"}, {"alarm": 1}, {"alarm": True, "test": "perhaps"}])
def test_a_field_that_is_missing_or_wrong_raises_nothing_and_is_counted(story: Story, fields: dict[str, bool]) -> None:
    assert story.happens(event("smoke", 1, fields=fields)) == []
    assert story.engine.counts.unknown["fire.smoke_sensor"] == 1


def test_an_unknown_word_does_not_end_an_alarm(story: Story) -> None:
    story.happens(event("smoke", 1, fields={"alarm": True}))
    assert story.happens(event("smoke", 2, fields={"alarm": "error 7"})) == []
    assert story.active == ["fire.smoke orange"]


def test_heat_counts_only_when_it_lasts_ten_seconds(story: Story) -> None:
    story.happens(event("temperature", 0, fields={"temperature_c": 58.0}))
    story.happens(event("temperature", 5, fields={"temperature_c": 56.0}))
    story.happens(event("temperature", 6, fields={"temperature_c": 60}))
    assert story.passes(15.9) == []
    assert story.passes(16) == ["raised fire.heat"]
    assert story.alerts[0].text.en == "Kitchen smoke detector at House 17: 60 °C"
    story.happens(event("temperature", 20, fields={"temperature_c": 53.0}))
    assert story.active == ["fire.heat orange"], "within the band of 5 °C it still burns"
    story.happens(event("temperature", 30, fields={"temperature_c": 40.0}))
    assert story.passes(89.9) == []
    assert story.passes(90) == ["returned fire.heat"]


def test_a_flame_stays_while_it_is_seen_and_returns_a_minute_after(story: Story) -> None:
    assert story.happens(seen("camera.fire", 3, phase=Phase.BEGAN, confidence=0.8)) == ["raised fire.camera_flame"]
    story.happens(*(seen("camera.fire", second, confidence=0.8) for second in range(13, 300, 10)))
    assert story.passes(400) == []
    story.happens(seen("camera.fire", 400, phase=Phase.ENDED))
    assert story.passes(460) == ["returned fire.camera_flame"]
    assert [change.move for change in story.changes if change.move] == ["raised", "returned"]


def test_a_flame_does_not_go_out_because_the_camera_died(story: Story) -> None:
    story.happens(seen("camera.fire", 3, phase=Phase.BEGAN, confidence=0.8))
    story.happens(health("camera.health", 8, "cam-1", "offline"))
    assert story.passes(38) == ["raised camera.video_loss"]
    story.passes(3600)
    assert "fire.camera_flame orange" in story.active
    story.happens(health("camera.health", 3600, "cam-1", "online"))
    assert story.passes(3659) == []
    assert story.passes(3660) == ["returned fire.camera_flame"]


def test_a_flame_that_is_seen_again_when_the_camera_is_back_goes_on(story: Story) -> None:
    story.happens(seen("camera.fire", 3, phase=Phase.BEGAN, confidence=0.8))
    story.happens(health("camera.health", 8, "cam-1", "offline"), health("camera.health", 20, "cam-1", "online"))
    story.happens(seen("camera.fire", 25, track="1", phase=Phase.BEGAN, confidence=0.8))
    story.passes(600)
    assert story.active == ["fire.camera_flame orange"]
