"""What the hub tells over MQTT, heard by a client of the real broker."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from hub.access import Role
from tests.api.room import DEADLINE_S, Room, open_room

Heard = Callable[[str], Any]


def _listener(room: Room, told: queue.Queue[tuple[str, bytes]]) -> Client:
    endpoint = room.hub.broker
    client = Client(CallbackAPIVersion.VERSION2)
    assert endpoint.password is not None
    client.username_pw_set(endpoint.username, endpoint.password.reveal())
    client.on_connect = lambda *_: client.subscribe(
        [("hub/v1/events/#", 0), ("hub/v1/incidents/#", 1), ("hub/v1/orders/#", 1), ("hub/v1/status", 1)]
    )
    client.on_subscribe = lambda *_: told.put(("subscribed", b""))
    client.on_message = lambda _client, _data, message: told.put((message.topic, message.payload))
    client.connect(endpoint.host, endpoint.port)
    client.loop_start()
    return client


@pytest.fixture
def heard(room: Room) -> Iterator[Heard]:
    """Waits for the next message on a topic and gives its payload."""
    told: queue.Queue[tuple[str, bytes]] = queue.Queue()
    client = _listener(room, told)

    def wait(prefix: str) -> Any:
        while True:
            topic, payload = told.get(timeout=DEADLINE_S)
            if topic.startswith(prefix):
                return payload

    wait("subscribed")
    yield wait
    client.disconnect()
    client.loop_stop()


def test_the_hub_says_that_it_is_there(heard: Heard) -> None:
    assert heard("hub/v1/status") == b"online"


def test_every_event_goes_out_as_the_rules_see_it(room: Room, heard: Heard) -> None:
    event = room.say("temperature", "home-2-smoke", site="home-2", temperature_c=21.5)
    body = json.loads(heard("hub/v1/events/temperature/home-2-smoke"))
    assert body["id"] == event.id
    assert body["fields"] == {"temperature_c": 21.5}


def test_an_incident_is_kept_by_the_broker_until_it_is_dealt_with(room: Room, heard: Heard) -> None:
    incident = room.smoke()
    topic = f"hub/v1/incidents/{incident['id']}"
    body = json.loads(heard(topic))
    assert (body["number"], body["level"], body["colour"]) == (incident["number"], "orange", "orange")
    room.client().post(f"/api/v1/incidents/{incident['id']}/acknowledge")
    assert json.loads(heard(topic))["handling"] == "seen"
    room.client().post(f"/api/v1/incidents/{incident['id']}/resolve", json={"verdict": "test"})
    assert heard(topic) == b""


def test_what_the_hub_says_itself_is_no_message_of_a_sensor(room: Room, heard: Heard) -> None:
    room.say("temperature", "home-3-smoke", site="home-3", temperature_c=1.0)
    heard("hub/v1/events/temperature/home-3-smoke")
    assert not [each for each in room.hub.parts.event_log.refusals() if each.refusal.topic.startswith("hub/v1/events/")]


def test_a_new_start_publishes_what_is_open(tmp_path: Path) -> None:
    first = open_room(tmp_path / "data")
    try:
        incident = first.smoke()
    finally:
        first.close()
    second = open_room(tmp_path / "data")
    told: queue.Queue[tuple[str, bytes]] = queue.Queue()
    client = _listener(second, told)
    try:
        while (message := told.get(timeout=DEADLINE_S))[0] != f"hub/v1/incidents/{incident['id']}":
            pass
        assert json.loads(message[1])["handling"] == "new"
    finally:
        client.disconnect()
        client.loop_stop()
        second.close()


def test_what_becomes_of_an_order_goes_out_to_who_is_sent(room: Room, heard: Heard) -> None:
    room.token(Role.RESPONDER)
    incident = room.smoke()
    body = {"unit": "responder-1", "note": "the side door is open"}
    order = room.client().post(f"/api/v1/incidents/{incident['id']}/dispatch", json=body).json()
    told = json.loads(heard("hub/v1/orders/responder-1"))
    assert (told["id"], told["move"], told["note"]) == (order["id"], "ordered", "the side door is open")
    room.client(Role.RESPONDER).post(f"/api/v1/dispatches/{order['id']}/accept")
    assert json.loads(heard("hub/v1/orders/responder-1"))["move"] == "accepted"
