"""Gateways: through which gateway or bridge a sensor speaks, by the name that `gateway.health` has for it.

While the gateway is offline the silence of its sensors says nothing about them. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from config.community import Sensor

_BY_FORMAT: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "zigbee2mqtt": lambda _address: "zigbee2mqtt",
        "frigate": lambda _address: "frigate",
        "homie": lambda address: address.partition("/")[0],
    }
)
"""Formats whose messages tell of a gateway, and its name by a sensor's address."""


def gateway_of(sensor: Sensor) -> str | None:
    """The gateway of a sensor: the configured one, or what its format knows; None for one that speaks for itself."""
    if sensor.gateway is not None:
        return sensor.gateway
    name = _BY_FORMAT.get(sensor.format)
    return None if name is None else name(sensor.address or sensor.id)
