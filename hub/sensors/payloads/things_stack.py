"""The Things Stack v3: `v3/APP@TENANT/devices/DEV/up` with the `decoded_payload` of a payload formatter.

The address is `APP/DEV`. The time is the network server's, so the same uplink told twice is stored once. What is
`simulated` is marked so. Empty values are left out by the stack, so an uplink without decoded fields may be an empty
one: it is refused only when it carries bytes. Reads only; keeps nothing.
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
from hub.sensors.parsing import Parsed, as_object, read_json, read_time

_TOPIC_PARTS = 5


class ThingsStackOptions(SensorOptions):
    """What the device is."""

    model: str | None = Field(default=None, min_length=1, max_length=64)
    """Its model, as `Milesight EM400-UDL`; None takes what the network server says."""


class ThingsStackFormat:
    """Reads the MQTT server of The Things Stack."""

    def __init__(self, sensors: Mapping[str, ThingsStackOptions] = MappingProxyType({})) -> None:
        """Read as `sensors` say for those that have options, by address."""
        self._sensors = sensors

    def configured(self, sensors: Mapping[str, Mapping[str, Any]]) -> ThingsStackFormat:
        """The same, with the options of its sensors."""
        return ThingsStackFormat(read_all(ThingsStackOptions, sensors))

    def topics(self) -> Sequence[str]:
        """Uplinks, and joins as a sign of life."""
        return ("v3/+/devices/+/up", "v3/+/devices/+/join")

    def concerns(self, topic: str) -> bool:
        """Whether it is an uplink or a join of a device."""
        parts = topic.split("/")
        return len(parts) == _TOPIC_PARTS and (parts[0], parts[2]) == ("v3", "devices") and parts[4] in {"up", "join"}

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        """Read one message; the address is `<application>/<device>`.

        Raises:
            PayloadError: `malformed`, or `undecoded`.
        """
        del retained, arrived  # what they mean is the same for every format, so the door sees to it
        parts = topic.split("/")
        if len(parts) != _TOPIC_PARTS:
            raise PayloadError("malformed", "the topic must be v3/<application>/devices/<device>/up")
        address = f"{parts[1].partition('@')[0]}/{parts[3]}"
        body = as_object(read_json(payload))
        if "uplink_message" not in body:
            return Parsed(address)
        uplink = as_object(body["uplink_message"])
        decoded = uplink.get("decoded_payload")
        if decoded is None:
            if not uplink.get("frm_payload"):
                return Parsed(address)
            raise PayloadError("undecoded", "the uplink has no `decoded_payload`: give the device a payload formatter")
        sent = uplink.get("received_at", body.get("received_at"))
        at = read_time(sent)
        options = self._sensors.get(address)
        quality = set()
        if at is None and sent is not None:
            quality.add(Quality.CLOCK_SUSPECT)
        if body.get("simulated") is True:
            quality.add(Quality.SIMULATED)
        said = read_uplink(
            as_object(decoded),
            at=at,
            quality=frozenset(quality),
            model=(options and options.model) or str(_inner(uplink, "version_ids").get("model_id", "")),
            tags=_inner(uplink, "attributes"),
            once=uplink_name(uplink.get("session_key_id"), uplink.get("f_cnt", 0), at),
        )
        return Parsed(address, said)


def _inner(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def build(options: ThingsStackOptions) -> ThingsStackFormat:
    """The format."""
    del options
    return ThingsStackFormat()


PLUGIN = Plugin(
    kind="things_stack",
    options=ThingsStackOptions,
    build=build,
    summary="The Things Stack v3: decoded LoRaWAN uplinks, by application and device.",
)
