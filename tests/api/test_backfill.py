"""What came before anybody knew the sensor is read when it is configured."""

from __future__ import annotations

from config.community import Community, Sensor
from hub.access import Role
from tests.api.room import Room
from tests.fakes.waiting import until


def test_a_sensor_that_is_added_later_has_the_readings_of_before(room: Room) -> None:
    device = room.device("attic")
    administrator = room.client(Role.ADMINISTRATOR)
    try:
        device.send("tele/attic/SENSOR", '{"DS18B20": {"Temperature": 20.6}}')
        until(lambda: room.hub.parts.raw.size()[0] == 1)
    finally:
        device.close()
    kept = administrator.get("/api/v1/sensors/backfill").json()
    assert (kept["messages"], kept["size_bytes"]) == (1, 34)

    def add(community: Community) -> Community:
        attic = Sensor(id="attic", site=community.sites[0].id, format="tasmota")
        return community.model_copy(update={"sensors": (*community.sensors, attic)})

    room.hub.parts.revisions.change(add, author="test", reason="a sensor more")
    report = administrator.post("/api/v1/sensors/backfill", json={}).json()
    assert report == {"read": 1, "taken": 1, "events": 1, "readings": 1, "left": {}, "more": False, "last": 1}
    latest = administrator.get("/api/v1/sensors/attic").json()["latest"]
    assert [(row["name"], row["value"]) for row in latest] == [("temperature.temperature_c", 20.6)]
    assert administrator.get("/api/v1/sensors/backfill").json()["oldest"] is None


def test_only_who_may_change_the_community_backfills(room: Room) -> None:
    assert room.client().get("/api/v1/sensors/backfill").status_code == 403
    assert room.client(Role.SUPERVISOR).post("/api/v1/sensors/backfill", json={}).status_code == 403
