"""Whoever has Frigate already has the shipped rules for roads."""

from __future__ import annotations

import json

import pytest

from alerts.language.rulebook import SHIPPED, load_rules
from config.community import Sensor
from hub.sensors.admission import Message
from hub.sensors.intake import Door
from hub.sensors.payloads import frigate
from tests.fakes.stories import COMMUNITY, Story, moment

CAMERA = Sensor(
    id="junction-frigate",
    site="junction-3",
    format="frigate",
    address="junction",
    options={"camera": "cam-1", "zones": {"lane-1": "lane"}},
)


class Junction:
    """A story that is told by Frigate."""

    def __init__(self) -> None:
        community = COMMUNITY.model_copy(update={"sensors": (*COMMUNITY.sensors, CAMERA)})
        self.story = Story(load_rules(SHIPPED), community)
        self.door = Door({"frigate": frigate.PLUGIN.build(frigate.PLUGIN.options())})
        self.door.apply(community)

    def tells(self, kind: str, at_s: float, *, stationary: bool, label: str = "car") -> list[str]:
        after = {
            "id": "1607123955.4-mxklsc",
            "camera": "junction",
            "frame_time": moment(at_s).timestamp(),
            "label": label,
            "score": 0.9,
            "current_zones": ["lane-1"],
            "stationary": stationary,
            "end_time": moment(at_s).timestamp() if kind == "end" else None,
        }
        body = json.dumps({"type": kind, "before": {}, "after": after}).encode()
        admission = self.door.admit(Message("frigate/events", body, retained=False, arrived=moment(at_s)))
        return self.story.happens(*(fact.event for fact in admission.facts))


@pytest.fixture
def junction() -> Junction:
    return Junction()


def test_a_car_that_stands_in_a_lane_is_told_after_half_a_minute_and_until_it_drives_on(junction: Junction) -> None:
    junction.tells("new", 0, stationary=False)
    junction.tells("update", 5, stationary=True)
    assert junction.story.passes(34) == []
    assert junction.story.passes(35) == ["raised road.stopped_vehicle"]
    assert junction.story.alerts[0].text.en == "Vehicle stands in East lane at Junction east"
    junction.tells("update", 100, stationary=False)
    junction.story.passes(170)
    assert junction.story.active == []


def test_a_cow_on_the_road_is_told(junction: Junction) -> None:
    junction.tells("new", 0, stationary=False, label="cow")
    assert "raised road.animal" in junction.story.passes(6)
    junction.tells("end", 20, stationary=False, label="cow")
    junction.story.passes(90)
    assert junction.story.active == []
