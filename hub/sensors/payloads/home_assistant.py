"""Home Assistant's MQTT discovery: devices that announce themselves, with their topics, templates and units.

One mechanism for Zigbee2MQTT, ESPHome, OpenMQTTGateway, Tasmota and whatever else has it. Config topics,
`homeassistant/<component>/[<node>/]<id>/config`, with `device` for the form of many components, are read at any time;
the topics that they name are followed. The address is an identifier of the device, a connection of it (`mac:AA:BB`), or
the unique id of one entity. What nobody configured is kept for `discovered()`, with its last values, and says nothing.

The one format with a memory (`Discovering`): all of it stands under one lock, is bounded by the Registry, and is built
again from the retained configs, or from those the hub stored. Buttons of retained messages are passed over: nobody
pressed them now.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from hub.plugins import Plugin
from hub.sensors.errors import PayloadError
from hub.sensors.home_assistant.configs import read_config
from hub.sensors.home_assistant.registry import Found, Known, Registry
from hub.sensors.home_assistant.templates import Values
from hub.sensors.home_assistant.values import merged, observed
from hub.sensors.options import SensorOptions
from hub.sensors.parsing import Discovered, Observation, Parsed, as_object, health, read_json

_CONFIG_PARTS = (4, 5)


class HomeAssistantOptions(SensorOptions):
    """Where devices announce themselves."""

    discovery_prefix: str = Field(default="homeassistant", pattern=r"^[^\s/#+]+$")
    """The first part of the config topics."""


class HomeAssistantFormat:
    """Knows the devices that announced themselves. Safe from any thread."""

    def __init__(self, prefix: str) -> None:
        """Read configs under `prefix`."""
        self._prefix = prefix
        self._lock = threading.Lock()
        self._registry = Registry()
        self._wanted: frozenset[str] = frozenset()

    def configured(self, sensors: Mapping[str, Mapping[str, Any]]) -> HomeAssistantFormat:
        """The same format, from now on speaking of these addresses."""
        with self._lock:
            self._wanted = frozenset(sensors)
        return self

    def topics(self) -> Sequence[str]:
        """Where devices announce themselves."""
        return (f"{self._prefix}/+/+/config", f"{self._prefix}/+/+/+/config")

    def concerns(self, topic: str) -> bool:
        """Whether it is a config, or a topic that one named."""
        if self._is_config(topic):
            return True
        with self._lock:
            return self._registry.follows(topic)

    def followed(self) -> frozenset[str]:
        """The topics that the known configs name."""
        with self._lock:
            return frozenset(self._registry.followed())

    def topics_of(self, address: str) -> frozenset[str]:
        """The topics of the device or entity with this address."""
        with self._lock:
            return frozenset(
                topic
                for found in self._registry.devices.values()
                for known in found.known.values()
                if address in found.device.addresses or address == known.entity.unique_id
                for topic in known.entity.topics
            )

    def discovered(self) -> tuple[Discovered, ...]:
        """Every device that announced itself, configured or not, by address."""
        with self._lock:
            return tuple(_discovered(found) for _, found in sorted(self._registry.devices.items()))

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        """Read a config, or what followed topics say.

        Raises:
            PayloadError: `config` or `malformed`.
        """
        with self._lock:
            if self._is_config(topic):
                return self._announced(topic, payload)
            return self._said(topic, Values(payload), retained=retained, arrived=arrived)

    def _is_config(self, topic: str) -> bool:
        parts = topic.split("/")
        return len(parts) in _CONFIG_PARTS and parts[0] == self._prefix and parts[-1] == "config"

    def _announced(self, topic: str, payload: bytes) -> Parsed:
        if not payload.strip():
            return Parsed(topic, gateway=True, remember=self._registry.drop(topic))
        if self._registry.same(topic, payload):
            return Parsed(topic, gateway=True, remember=True)  # it may be known, but not stored yet
        body = as_object(read_json(payload))
        parts = topic.split("/")
        if set(body) == {"migrate_discovery"}:
            return Parsed(topic, gateway=True)  # the device form follows
        announced = read_config(parts[1], parts[-2], body)
        new = self._registry.put(topic, payload, announced)
        found = [self._registry.devices.get(entity.device.addresses[0]) for entity in announced.entities[:1]]
        expected = tuple(
            Parsed(address, silent_after_s=device.silent_after_s, alive=False)
            for device in found
            if device is not None
            for address in device.device.addresses
            if address in self._wanted
        )
        return Parsed(
            topic,
            gateway=True,
            follow=tuple(sorted(new)),
            remember=True,
            more=expected,
            problems=tuple(PayloadError("config", problem) for problem in announced.problems),
        )

    def _said(self, topic: str, message: Values, *, retained: bool, arrived: datetime) -> Parsed:
        made: list[Parsed] = []
        heard: dict[int, tuple[Found, list[tuple[Known, Observation]], list[PayloadError]]] = {}
        for known in self._registry.values_at(topic):
            found = self._registry.device_of(known)
            _, observations, problems = heard.setdefault(id(found), (found, [], []))
            try:
                observation = None if known.muted else observed(known.entity, message, retained=retained)
            except PayloadError as error:
                problems.append(error)
                continue
            if observation is not None:
                observations.append((known, observation))
                _remember(found, observation)
        for found, observations, problems in heard.values():
            if not retained:
                found.heard = arrived
            made.extend(self._by_address(found, observations, problems))
        told = self._registry.tell(topic, message)
        for found in {id(found): found for found in map(self._registry.device_of, told)}.values():
            made.extend(self._present(found, told))
        return Parsed(topic, gateway=True, more=tuple(made))

    def _by_address(
        self, found: Found, said: Sequence[tuple[Known, Observation]], problems: Sequence[PayloadError]
    ) -> Iterable[Parsed]:
        wait = found.silent_after_s
        for address in found.device.addresses:
            if address in self._wanted:
                whole = tuple(merged((observation, known.subject) for known, observation in said))
                yield Parsed(address, whole, silent_after_s=wait, problems=tuple(problems))
        for known, observation in said:
            unique_id = known.entity.unique_id
            if unique_id is not None and unique_id in self._wanted and unique_id not in found.device.addresses:
                yield Parsed(unique_id, tuple(merged([(observation, None)])), silent_after_s=known.entity.expires_s)

    def _present(self, found: Found, told: Sequence[Known]) -> Iterable[Parsed]:
        available = found.available
        if available is not None:
            said = (health("sensor.health", online=available, reason="availability"),)
            yield from (Parsed(address, said) for address in found.device.addresses if address in self._wanted)
        for known in told:
            unique_id, one = known.entity.unique_id, known.available
            if one is not None and unique_id in self._wanted and known.key in found.known:
                yield Parsed(str(unique_id), (health("sensor.health", online=one, reason="availability"),))


def _remember(found: Found, observation: Observation) -> None:
    for name, value in observation.fields.items():
        found.values[f"{observation.kind}.{name}"] = value


def _discovered(found: Found) -> Discovered:
    device = found.device
    entities = [known.entity for known in found.known.values()]
    return Discovered(
        address=device.addresses[0],
        addresses=device.addresses,
        entities=tuple(sorted({entity.unique_id for entity in entities if entity.unique_id is not None})),
        name=device.name,
        manufacturer=device.manufacturer,
        model=device.model,
        kinds=tuple(sorted({entity.says.kind for entity in entities})),
        values=dict(found.values),
        heard=found.heard,
    )


def build(options: HomeAssistantOptions) -> HomeAssistantFormat:
    """The format for one discovery prefix."""
    return HomeAssistantFormat(options.discovery_prefix)


PLUGIN = Plugin(
    kind="home_assistant",
    options=HomeAssistantOptions,
    build=build,
    summary="Devices that announce themselves by Home Assistant's MQTT discovery: ESPHome, Zigbee2MQTT, Tasmota, ...",
)
