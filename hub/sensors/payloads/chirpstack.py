"""ChirpStack v4: `application/ID/device/EUI/event/up` with the codec's `object`, and the battery of `status` events.

The address is the device's EUI, lower case as ChirpStack writes it. Its time is the network's, so the same uplink told
twice is stored once. An uplink that nobody decoded is refused, for a codec is missing in the device profile. Reads
only; keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from pydantic import Field

from hub.events import Quality
from hub.plugins import Plugin
from hub.sensors.errors import PayloadError
from hub.sensors.lorawan import read_uplink, uplink_name
from hub.sensors.options import SensorOptions, read_all
from hub.sensors.parsing import Observation, Parsed, as_object, read_json, read_time

_TOPIC_PARTS = 6
_EVENTS = ("up", "status", "join")


class ChirpstackOptions(SensorOptions):
    """What the device is."""

    model: str | None = Field(default=None, min_length=1, max_length=64)
    """Its model, as `Milesight EM400-UDL`; None takes what the network server says."""


class ChirpstackFormat:
    """Reads the MQTT integration of ChirpStack, in JSON."""

    def __init__(self, sensors: Mapping[str, ChirpstackOptions] = MappingProxyType({})) -> None:
        """Read as `sensors` say for those that have options, by address."""
        self._sensors = sensors

    def configured(self, sensors: Mapping[str, Mapping[str, Any]]) -> ChirpstackFormat:
        """The same, with the options of its sensors."""
        return ChirpstackFormat(read_all(ChirpstackOptions, sensors))

    def topics(self) -> Sequence[str]:
        """One filter for each event that says something."""
        return tuple(f"application/+/device/+/event/{event}" for event in _EVENTS)

    def concerns(self, topic: str) -> bool:
        """Whether it is one of those events."""
        parts = topic.split("/")
        return (
            len(parts) == _TOPIC_PARTS
            and (parts[0], parts[2], parts[4]) == ("application", "device", "event")
            and parts[5] in _EVENTS
        )

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        """Read one message; the address is the EUI.

        Raises:
            PayloadError: `malformed`, or `undecoded`.
        """
        del retained, arrived  # what they mean is the same for every format, so the door sees to it
        parts = topic.split("/")
        eui = parts[3] if len(parts) == _TOPIC_PARTS else ""
        body = as_object(read_json(payload))
        match parts[-1]:
            case "up":
                return Parsed(eui, _uplink(body, self._sensors.get(eui)))
            case "status":
                return Parsed(eui, _status(body))
            case _:
                return Parsed(eui)  # it joined: a sign of life


def _uplink(body: Mapping[str, Any], options: ChirpstackOptions | None) -> tuple[Observation, ...]:
    at, quality = _time(body)
    decoded = body.get("object")
    if decoded is None:
        if not body.get("data"):
            return ()  # no payload: the device only answered the network
        raise PayloadError("undecoded", "the uplink has no `object`: give the device profile a codec")
    device = _inner(body, "deviceInfo")
    return read_uplink(
        as_object(decoded),
        at=at,
        quality=quality,
        model=(options and options.model) or str(device.get("deviceProfileName", "")),
        tags=_inner(device, "tags"),
        once=uplink_name(body.get("devAddr"), body.get("fCnt", 0), at) or _text(body.get("deduplicationId")),
    )


def _status(body: Mapping[str, Any]) -> tuple[Observation, ...]:
    """The battery that the device told the network; a device on mains, or one that cannot tell, has none."""
    at, quality = _time(body)
    level = body.get("batteryLevel")
    if level is None or body.get("externalPowerSource") is True or body.get("batteryLevelUnavailable") is True:
        return ()
    return (Observation("battery", {"percent": level}, at, quality),)


def _time(body: Mapping[str, Any]) -> tuple[datetime | None, frozenset[Quality]]:
    at = read_time(body.get("time"))
    suspect = at is None and body.get("time") is not None
    return at, frozenset({Quality.CLOCK_SUSPECT}) if suspect else frozenset()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _inner(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def build(options: ChirpstackOptions) -> ChirpstackFormat:
    """The format."""
    del options
    return ChirpstackFormat()


PLUGIN = Plugin(
    kind="chirpstack",
    options=ChirpstackOptions,
    build=build,
    summary="ChirpStack v4: decoded LoRaWAN uplinks and device status, by EUI.",
)
