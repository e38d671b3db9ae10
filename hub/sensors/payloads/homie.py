"""Homie 5: `homie/5/DEVICE/NODE/PROPERTY` with bare values, and the device's `$state`.

The address is `DEVICE/NODE`, for a device may have many nodes; the device itself is a gateway to them, and its
`$state` is the gateway's health. What a property means is found by its id (`hub.sensors.models.names`), in our units:
`$description` would tell the unit, but a format remembers nothing. Values are retained, as the convention has it;
what is published while the hub listens comes unmarked and counts fully. Reads only; keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from pydantic import Field

from hub.plugins import Plugin
from hub.sensors.errors import PayloadError
from hub.sensors.mapping import observations, read_fields
from hub.sensors.models.names import COMMON
from hub.sensors.options import SensorOptions, read_all
from hub.sensors.parsing import Parsed, health, read_text

_VERSION = "5"
_STATE_PARTS, _VALUE_PARTS = 4, 5
_STATES = MappingProxyType(
    {"ready": True, "alert": True, "sleeping": True, "init": None, "disconnected": False, "lost": False}
)
"""State of a device -> whether it is there; None says neither."""


class HomieOptions(SensorOptions):
    """Where it publishes."""

    domain: str = Field(default="homie", pattern=r"^[a-z0-9-]+$")
    """The first part of its topics."""


class HomieFormat:
    """Reads the devices of every Homie domain that a sensor names."""

    def __init__(self, domain: str, domains: frozenset[str] = frozenset()) -> None:
        """Read what is published under `domain`, and under further `domains`."""
        self._domain = domain
        self._domains = domains | {domain}

    def configured(self, sensors: Mapping[str, Mapping[str, Any]]) -> HomieFormat:
        """The same, with the domains of its sensors."""
        named = read_all(HomieOptions, sensors)
        return HomieFormat(self._domain, frozenset(options.domain for options in named.values()))

    def topics(self) -> Sequence[str]:
        """The state of every device, and its values."""
        bases = [f"{domain}/{_VERSION}" for domain in sorted(self._domains)]
        return tuple(topic for base in bases for topic in (f"{base}/+/$state", f"{base}/+/+/+"))

    def concerns(self, topic: str) -> bool:
        """Whether it is a state or a value; not a description, a target or a broadcast."""
        parts = topic.split("/")
        if len(parts) < _STATE_PARTS or parts[0] not in self._domains or parts[1] != _VERSION:
            return False
        if parts[2].startswith("$"):
            return False
        if len(parts) == _STATE_PARTS:
            return parts[3] == "$state"
        return len(parts) == _VALUE_PARTS and not any(part.startswith("$") for part in parts[3:])

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        """Read one message; the address is `<device>/<node>`, for a state the device.

        Raises:
            PayloadError: `malformed`.
        """
        del retained, arrived  # what they mean is the same for every format, so the door sees to it
        parts = topic.split("/")
        text = read_text(payload)
        if len(parts) == _STATE_PARTS:
            if not text:
                return Parsed(parts[2], gateway=True)  # the device was removed
            if text not in _STATES:
                raise PayloadError("malformed", f"{text[:32]!r} is no state of a Homie device")
            online = _STATES[text]
            said = () if online is None else (health("gateway.health", online=online, reason=text),)
            return Parsed(parts[2], said, gateway=True)
        if len(parts) != _VALUE_PARTS:
            raise PayloadError("malformed", f"the topic must be {self._domain}/{_VERSION}/<device>/<node>/<property>")
        body = {parts[4]: text} if text else {}  # an empty message clears a retained one: nothing is said
        return Parsed(f"{parts[2]}/{parts[3]}", observations(read_fields(body, COMMON)))


def build(options: HomieOptions) -> HomieFormat:
    """The format."""
    return HomieFormat(options.domain)


PLUGIN = Plugin(
    kind="homie",
    options=HomieOptions,
    build=build,
    summary="Homie 5: nodes of devices by what their properties are called, and the devices' states.",
)
