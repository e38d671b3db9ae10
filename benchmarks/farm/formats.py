"""Formats: what devices of the kinds that the hub knows put on the wire, each message with a number to know it by.

A message's number is in a measurement that it carries (a thousandth of a degree each), or in the smoke's
concentration, so that it is found again among the stored events. Formats whose messages carry the device's own time are
`timed`: such a message is known by it when it is sent again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from hub.events import Event, time_to_text

BASE_C = 20.0
STEP_C = 0.001
MOST_NUMBERS = 30_000
"""So many messages of one device have numbers of their own before it would get too hot for a rule."""
Message = tuple[str, bytes]
_ANY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Device:
    """One device.

    Attributes:
        id: Of the sensor in the hub's configuration.
        site: Where it is.
        format: What it speaks.
        address: How the format knows it.
    """

    id: str
    site: str
    format: str
    address: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a device says.

    Attributes:
        number: Of the message, from 0.
        at: The device's time.
        alarm: Whether its smoke alarm rings; None when it measures and says nothing of it.
    """

    number: int
    at: datetime
    alarm: bool | None = None

    @property
    def temperature_c(self) -> float:
        """The measurement that the number is in."""
        return round(BASE_C + STEP_C * self.number, 3)


@dataclass(frozen=True, slots=True)
class Format:
    """How a kind of device speaks.

    Attributes:
        say: Topic and payload.
        address: Of the device with a number.
        timed: Messages carry the device's time.
        alarms: It has a smoke alarm.
        announce: What it publishes, retained, before anything else.
    """

    say: Callable[[Device, Said], Message]
    address: Callable[[int], str]
    timed: bool = True
    alarms: bool = True
    announce: Callable[[Device], tuple[Message, ...]] = lambda _device: ()


def number_of(event: Event) -> int | None:
    """Which message an event was made of; None when it holds no number, as the smoke beside a temperature."""
    if event.kind == "temperature":
        value = event.fields.get("temperature_c")
        return None if not isinstance(value, float) else round((value - BASE_C) / STEP_C)
    if event.kind == "smoke" and "concentration" in event.fields:
        return int(event.fields["concentration"])
    return None


def garbage(device: Device, number: int) -> Message:
    """A message on the device's topic that nobody can read, with the number in it."""
    topic, _ = FORMATS[device.format].say(device, Said(number, _ANY))
    if FORMATS[device.format].announce(
        device
    ):  # what is in a message its template says, so only an announcement is bad
        topic = f"homeassistant/device/{device.address}-bad/config"
    return topic, f'{{"garbage {device.id} {number}": [[['.encode()


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _plain(device: Device, said: Said) -> Message:
    body: dict[str, Any] = {"ts": time_to_text(said.at)}
    if said.alarm is None:
        return f"hub/v1/{device.site}/{device.id}/temperature", _json(body | {"value": said.temperature_c})
    return f"hub/v1/{device.site}/{device.id}/smoke", _json(
        body | {"alarm": said.alarm, "concentration": float(said.number)}
    )


def _zigbee(device: Device, said: Said) -> Message:
    body: dict[str, Any] = {"temperature": said.temperature_c, "battery": 90, "linkquality": 120}
    return f"zigbee2mqtt/{device.address}", _json(body | _smoke("smoke", said))


def _tasmota(device: Device, said: Said) -> Message:
    probe = {"Temperature": said.temperature_c, "Humidity": 55.5}
    body = {"Time": round(said.at.timestamp(), 3), "AM2301": probe, "TempUnit": "C"}
    return f"tele/{device.address}/SENSOR", _json(body)


def _chirpstack(device: Device, said: Said) -> Message:
    body = {
        "deduplicationId": f"{device.id}-{said.number}",
        "time": time_to_text(said.at),
        "deviceInfo": {"devEui": device.address, "deviceProfileName": "farm"},
        "fPort": 85,
        "data": "A2fo",
        "object": {"temperature": said.temperature_c} | _smoke("smoke", said),
    }
    return f"application/farm/device/{device.address}/event/up", _json(body)


def _things_stack(device: Device, said: Said) -> Message:
    decoded = {"temperature": said.temperature_c} | _smoke("smoke", said)
    uplink = {"f_cnt": said.number, "received_at": time_to_text(said.at), "decoded_payload": decoded}
    application, _, name = device.address.partition("/")
    return f"v3/{application}@farm/devices/{name}/up", _json({"uplink_message": uplink})


def _shelly(device: Device, said: Said) -> Message:
    params: dict[str, Any] = {
        "ts": round(said.at.timestamp(), 3),
        "temperature:0": {"id": 0, "tC": said.temperature_c},
    }
    if said.alarm is not None:
        params["smoke:0"] = {"id": 0, "alarm": said.alarm, "mute": False}
    body = {"src": device.address, "method": "NotifyStatus", "params": params}
    return f"{device.address}/events/rpc", _json(body)


def _homie(device: Device, said: Said) -> Message:
    return f"homie/5/{device.address}/temperature", f"{said.temperature_c:.3f}".encode()


def _alink(device: Device, said: Said) -> Message:
    moment = round(said.at.timestamp() * 1000)
    params = {"CurrentTemperature": said.temperature_c} | _smoke("SmokeSensorState", said, {True: 1, False: 0})
    body = {
        "id": str(said.number),
        "version": "1.0",
        "params": {name: {"value": value, "time": moment} for name, value in params.items()},
        "method": "thing.event.property.post",
    }
    return f"/sys/{device.address}/thing/event/property/post", _json(body)


def _tencent(device: Device, said: Said) -> Message:
    params = {"temperature": said.temperature_c} | _smoke("smoke", said, {True: 1, False: 0})
    body = {
        "method": "report",
        "clientToken": str(said.number),
        "timestamp": round(said.at.timestamp() * 1000),
        "params": params,
    }
    return f"$thing/up/property/{device.address}", _json(body)


def _onenet(device: Device, said: Said) -> Message:
    moment = round(said.at.timestamp() * 1000)
    params = {"temp": said.temperature_c} | _smoke("smoke", said)
    held = {name: {"value": value, "time": moment} for name, value in params.items()}
    body = {"id": str(said.number), "version": "1.0", "params": held}
    return f"$sys/{device.address}/thing/property/post", _json(body)


def _home_assistant(device: Device, said: Said) -> Message:
    body: dict[str, Any] = {"t": said.temperature_c, "battery": 90}
    return f"esp/{device.address}/state", _json(body | _smoke("smoke", said, {True: "ON", False: "OFF"}))


def _announced(device: Device) -> tuple[Message, ...]:
    topic = f"esp/{device.address}/state"
    parts = {
        "t": {
            "p": "sensor",
            "device_class": "temperature",
            "unit_of_measurement": "°C",
            "value_template": "{{ value_json.t }}",
            "state_topic": topic,
            "unique_id": f"{device.address}-t",
        },
        "smoke": {
            "p": "binary_sensor",
            "device_class": "smoke",
            "value_template": "{{ value_json.smoke }}",
            "state_topic": topic,
            "unique_id": f"{device.address}-smoke",
        },
    }
    body = {"device": {"identifiers": [device.address], "name": device.id}, "o": {"name": "farm"}, "cmps": parts}
    return ((f"homeassistant/device/{device.address}/config", _json(body)),)


def _smoke(name: str, said: Said, words: Mapping[bool, object] | None = None) -> dict[str, object]:
    if said.alarm is None:
        return {}
    return {name: said.alarm if words is None else words[said.alarm]}


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "plain": Format(_plain, lambda number: f"plain-{number}"),
        "zigbee2mqtt": Format(_zigbee, lambda number: f"floor/{number}", timed=False),
        "tasmota": Format(_tasmota, lambda number: f"tasmota_{number:04X}", alarms=False),
        "chirpstack": Format(_chirpstack, lambda number: f"24e124{number:010x}"),
        "things_stack": Format(_things_stack, lambda number: f"village/node-{number}"),
        "shelly": Format(_shelly, lambda number: f"shellyplussmoke-{number:06x}"),
        "homie": Format(_homie, lambda number: f"hub-{number // 8}/node-{number % 8}", timed=False, alarms=False),
        "alink": Format(_alink, lambda number: f"a1B2c3/kitchen-{number}"),
        "tencent": Format(_tencent, lambda number: f"PID7/room-{number}"),
        "onenet": Format(_onenet, lambda number: f"PID8/hall-{number}"),
        "home_assistant": Format(_home_assistant, lambda number: f"esp-{number:04x}", timed=False, announce=_announced),
    }
)
"""Each by the name of the hub's own format."""


def devices(count: int) -> list[Device]:
    """So many devices, of all formats in turn, each at a site of its own."""
    names = list(FORMATS)
    made = []
    for number in range(count):
        name = names[number % len(names)]
        own = f"{name.replace('_', '-')}-{number}"
        address = own if name == "plain" else FORMATS[name].address(number)
        made.append(Device(own, f"home-{number}", name, address))
    return made
