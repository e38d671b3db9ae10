"""Claims about counts: numbers of a minute are readings of the camera, numbers of an object are none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from hub.counts import seen_fact
from hub.events import Event, new_event_id

AT = datetime(2026, 3, 1, 8, 1, tzinfo=UTC)
COUNTED = Event(
    id=new_event_id(),
    kind="camera.count",
    at=AT,
    arrived=AT,
    source="cam-1",
    driver="counting",
    subject="gate",
    fields=MappingProxyType({"left": 2, "car_left": 2, "seconds": 60.0}),
)


def test_what_was_counted_in_a_minute_is_readings_of_the_camera() -> None:
    readings = seen_fact(COUNTED).readings
    assert {one.name: one.value for one in readings} == {
        "camera.count.left@gate": 2.0,
        "camera.count.car_left@gate": 2.0,
        "camera.count.seconds@gate": 60.0,
    }
    assert {one.sensor for one in readings} == {"cam-1"}


def test_what_one_vehicle_did_is_no_reading() -> None:
    assert seen_fact(replace(COUNTED, kind="camera.vehicle")).readings == ()
