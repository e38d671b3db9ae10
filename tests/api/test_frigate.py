"""From Frigate's message on a real broker to an incident."""

from __future__ import annotations

import json

from config.community import Sensor
from hub.access import Role
from tests.api.room import Room


def test_a_person_in_a_guarded_place_that_frigate_sees_is_an_incident(room: Room) -> None:
    camera = Sensor(
        id="yard-frigate",
        site="home-38",
        format="frigate",
        address="yard",
        options={"zones": {"porch": "guarded"}},
    )
    room.hub.parts.revisions.change(
        lambda community: community.model_copy(update={"sensors": (*community.sensors, camera)}),
        author="test",
        reason="Frigate",
    )
    assert room.client(Role.OPERATOR).put("/api/v1/sites/home-38/arming", json={"armed": True}).status_code == 200
    after = {
        "id": "1607123955.475377-mxklsc",
        "camera": "yard",
        "frame_time": room.hub.parts.clock.now().timestamp(),
        "label": "person",
        "score": 0.91,
        "current_zones": ["porch"],
        "stationary": False,
        "end_time": None,
    }
    device = room.device("frigate")
    device.send("frigate/available", "online", retain=True)
    device.send("frigate/events", json.dumps({"type": "new", "before": {}, "after": after}))
    incident = room.wait_for(lambda: room.incident_at("home-38"))
    device.close()
    assert incident["kind"] == "area.intrusion"
    health = {row.source: row.state for row in room.hub.parts.event_log.health()}
    assert health["frigate"] == "online"
