"""Frigate's messages, as it documents them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.community import Community, Name, Sensor, Site
from hub.events import Event, Phase
from hub.geometry import Box
from hub.sensors.admission import Admission, Message
from hub.sensors.intake import Door
from hub.sensors.payloads import frigate, plain

ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPTIONS = {"camera": "cam-gate", "zones": {"street": "lane", "yard": "guarded"}, "width": 1280, "height": 720}
CAR = {
    "id": "1607123955.475377-mxklsc",
    "camera": "gate",
    "frame_time": ARRIVED.timestamp() - 1,
    "label": "car",
    "false_positive": False,
    "end_time": None,
    "score": 0.87,
    "box": [320, 180, 640, 720],
    "current_zones": ["pavement", "street"],
    "stationary": False,
}


def door_with(**options: Any) -> Door:
    made = Door(
        {"frigate": frigate.PLUGIN.build(frigate.PLUGIN.options()), "plain": plain.PLUGIN.build(plain.PLUGIN.options())}
    )
    camera = Sensor(id="gate-frigate", site="bridge", format="frigate", address="gate", options=options)
    made.apply(Community(sites=(Site(id="bridge", name=Name(en="Bridge")),), sensors=(camera,)))
    return made


def tell(door: Door, kind: str, *, topic: str = "frigate/events", late_s: float = 0.0, **changes: Any) -> Admission:
    body = json.dumps({"type": kind, "before": {}, "after": {**CAR, **changes}}).encode()
    return door.admit(Message(topic, body, retained=False, arrived=ARRIVED + timedelta(seconds=late_s)))


def event_of(admission: Admission) -> Event:
    (fact,) = admission.facts
    return fact.event


def test_a_tracked_object_is_what_a_camera_of_ours_would_say() -> None:
    event = event_of(tell(door_with(**OPTIONS), "new"))
    assert (event.kind, event.source, event.camera, event.site) == (
        "camera.vehicle",
        "gate-frigate",
        "cam-gate",
        "bridge",
    )
    assert (event.subject, event.phase, event.zone, event.confidence) == (CAR["id"], Phase.BEGAN, "street", 0.87)
    assert event.box == Box(0.25, 0.25, 0.25, 0.75)
    assert event.at == ARRIVED - timedelta(seconds=1)
    assert dict(event.fields) == {"label": "car", "score": 0.87, "stopped": False, "zone_use": "lane"}


def test_it_begins_goes_on_and_ends_and_each_step_is_stored() -> None:
    """Also when the last frame of an update is the one of the end."""
    door = door_with()
    steps = [event_of(tell(door, kind)) for kind in ("new", "update", "end")]
    assert [step.phase for step in steps] == [Phase.BEGAN, Phase.GOES_ON, Phase.ENDED]
    assert len({step.id for step in steps}) == 3
    assert event_of(tell(door, "end", late_s=2)).id == steps[2].id, "sent twice is stored once"


def test_what_sees_gives_no_readings() -> None:
    (fact,) = tell(door_with(), "new").facts
    assert fact.readings == ()


def test_without_options_the_sensor_stands_for_the_camera_and_there_is_no_box() -> None:
    event = event_of(tell(door_with(), "update", stationary=True))
    assert (event.camera, event.zone, event.box) == ("gate-frigate", "pavement", None)
    assert dict(event.fields) == {"label": "car", "score": 0.87, "stopped": True}


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("person", "camera.person"),
        ("motorcycle", "camera.vehicle"),
        ("bicycle", "camera.bicycle"),
        ("dog", "camera.animal"),
        ("fire", "camera.fire"),
    ],
)
def test_labels_have_their_kinds(label: str, kind: str) -> None:
    assert event_of(tell(door_with(), "new", label=label)).kind == kind


def test_a_mistake_of_frigate_and_a_parcel_say_nothing() -> None:
    for changes in ({"false_positive": True}, {"label": "package"}, {"label": None}):
        admission = tell(door_with(), "update", **changes)
        assert (admission.facts, admission.refusals, admission.heard) == ([], [], None)


def test_a_review_tells_of_several_objects() -> None:
    data = {"detections": ["a"], "objects": ["person", "car"], "zones": ["yard"], "audio": ["bark"]}
    admission = tell(door_with(**OPTIONS), "new", topic="frigate/reviews", severity="alert", data=data)
    event = event_of(admission)
    assert (event.kind, event.zone, event.phase) == ("camera.review", "yard", Phase.BEGAN)
    expected = {"severity": "alert", "label": "person", "objects": "person, car, bark", "zone_use": "guarded"}
    assert dict(event.fields) == expected


@pytest.mark.parametrize(("word", "online"), [(b"online", True), (b"offline", False), (b"stopped", False)])
def test_whether_frigate_runs_is_the_health_of_a_gateway(word: bytes, *, online: bool) -> None:
    (note,) = door_with().admit(Message("frigate/available", word, retained=True, arrived=ARRIVED)).notes
    assert (note.kind, note.source, note.online) == ("gateway.health", "frigate", online)


def test_another_prefix_is_an_option() -> None:
    door = door_with(topic_prefix="nvr/north")
    assert {"frigate/events", "nvr/north/events"} <= door.filters()
    assert event_of(tell(door, "new", topic="nvr/north/events")).kind == "camera.vehicle"


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("gone", {}),
        ("new", {"camera": 5}),
        ("new", {"id": None}),
        ("new", {"id": "x" * 65}),
        ("new", {"id": "\x1b[2J"}),
        ("new", {"current_zones": ["y" * 65]}),
    ],
)
def test_what_cannot_be_is_refused(kind: str, changes: dict[str, Any]) -> None:
    assert [refusal.reason for refusal in tell(door_with(), kind, **changes).refusals] == ["malformed"]


@pytest.mark.parametrize(
    "changes",
    [
        {"score": 7},
        {"score": "high"},
        {"box": [1, 2, 3]},
        {"box": [1, 2, 3, None]},
        {"box": [1e300, 0, 1, 1]},
        {"box": [640, 360, 320, 180]},
        {"current_zones": "street"},
        {"frame_time": "late"},
    ],
)
def test_a_detail_that_cannot_be_read_does_not_cost_the_object(changes: dict[str, Any]) -> None:
    assert event_of(tell(door_with(**OPTIONS), "new", **changes)).kind == "camera.vehicle"


def test_nobody_else_may_say_what_cameras_see() -> None:
    door = door_with()
    door.apply(Community(sensors=(Sensor(id="a", site="s"),)))
    admission = door.admit(Message("hub/v1/s/a/camera.person", b"true", retained=False, arrived=ARRIVED))
    assert [refusal.reason for refusal in admission.refusals] == ["unknown_kind"]
