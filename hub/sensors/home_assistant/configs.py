"""Discovery messages, read: the entities that one config topic announces, with every topic and word they use.

Pure. A message that is no config at all is refused; of a device with one entity that cannot be used, the others stand
and the reason is kept beside them. Entities that only take commands, or say nothing that is known here, are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.sensors.errors import PayloadError
from hub.sensors.home_assistant.templates import compiled
from hub.sensors.home_assistant.words import BINARY, LEVELS, MEASURED, NAMED, SHORT_DEVICE, Says, spelled_out
from hub.sensors.kinds import KINDS
from hub.sensors.mapping import plain

ENTITIES = 200
"""One device may announce so many."""

TOPICS = 100
"""One config may ask for so many topics."""

TOPIC_CHARACTERS = 256
NAME_CHARACTERS = 128
LONGEST_SILENCE_S = 30 * 86_400.0

Unit = tuple[float, float]
"""What a number is multiplied with, and what is added then."""

SAME: Unit = (1.0, 0.0)
_BUTTON = Says("button", "action")
_DOORS = ("door", "garage", "gate", "window")


@dataclass(frozen=True, slots=True)
class Device:
    """What a config says of the device.

    Attributes:
        addresses: How it may be configured here: its identifiers, then its connections as `mac:AA:BB`.
        name: As its maker or owner calls it.
        manufacturer: Who made it.
        model: What it is.
    """

    addresses: tuple[str, ...]
    name: str | None = None
    manufacturer: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Available:
    """A topic that says whether an entity is there."""

    topic: str
    there: str
    gone: str
    template: str | None


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing that a device says.

    Attributes:
        key: Its name within its config, stable across restarts.
        device: Whose it is.
        unique_id: Its own id, by which it may be configured alone.
        topic: Where its values come.
        template: Takes the value out of a message, None for the whole payload.
        sort: `flag`, `number`, `event` (JSON with `event_type`), `trigger` (each message, or each equal to `on`) or
            `action` (a word).
        says: What the value means here.
        on: The payload that is true; for a trigger the one that counts, empty for any.
        off: The payload that is false.
        unit: Of a number.
        action: What a trigger is called.
        availability: Where its presence is told.
        mode: `all`, `any` or `latest` of these count.
        expires_s: Silence after which it counts as gone.
    """

    key: str
    device: Device
    unique_id: str | None
    topic: str
    template: str | None
    sort: str
    says: Says
    on: str = ""
    off: str = ""
    unit: Unit = SAME
    action: str = ""
    availability: tuple[Available, ...] = ()
    mode: str = "latest"
    expires_s: float | None = None

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic it needs."""
        return (self.topic, *(place.topic for place in self.availability))


@dataclass(frozen=True, slots=True)
class Announced:
    """All that one config topic announces; `problems` are the entities that cannot be used."""

    device: Device
    entities: tuple[Entity, ...]
    problems: tuple[str, ...] = ()


def read_config(component: str, object_id: str, body: Mapping[str, Any]) -> Announced:
    """What a config message announces.

    Args:
        component: Of its topic; `device` for the form that holds many.
        object_id: Of its topic.
        body: Its payload.

    Raises:
        PayloadError: `config`: it is no config, or asks for more than is allowed.
    """
    whole = spelled_out(body)
    device = _device(whole.get("device"))
    if component == "device":
        parts = whole.get("components")
        if not isinstance(parts, dict):
            raise PayloadError("config", "a device needs `components`")
        if device is None:
            raise PayloadError("config", "a device needs `identifiers` or `connections`")
    else:
        parts = {object_id: {**body, "platform": component}}
    if len(parts) > ENTITIES:
        raise PayloadError("config", f"it announces {len(parts)} entities, at most {ENTITIES} are read")
    shared = {key: value for key, value in whole.items() if key not in {"components", "device", "origin"}}
    entities: list[Entity] = []
    problems: list[str] = []
    for name, part in parts.items():
        try:
            entities.extend(_entity(str(name), device, part, shared))
        except PayloadError as error:
            problems.append(f"{str(name)[:64]}: {error.detail}")
    if len({topic for entity in entities for topic in entity.topics}) > TOPICS:
        raise PayloadError("config", f"it asks for more than {TOPICS} topics")
    if problems and not entities:
        raise PayloadError("config", problems[0])
    found = device or (entities[0].device if entities else Device((object_id,)))
    return Announced(found, tuple(entities), tuple(problems))


def _entity(name: str, device: Device | None, part: object, shared: Mapping[str, Any]) -> Iterator[Entity]:
    if not isinstance(part, dict):
        raise PayloadError("config", "must be an object")
    body = {**shared, **spelled_out(part)}
    base = body.get("~")
    base = base if isinstance(base, str) else ""
    platform = body.get("platform")
    found = _meaning(str(platform), name, body)
    if found is None:
        return
    sort, says, unit = found
    topic = _topic(body.get("topic" if sort == "trigger" else "state_topic"), base)
    unique_id = _text(body.get("unique_id"))
    owner = device or Device((unique_id or name,), _text(body.get("name")))
    yield Entity(
        key=name[:NAME_CHARACTERS],
        device=owner,
        unique_id=unique_id,
        topic=topic,
        template=_template(body.get("value_template")),
        sort=sort,
        says=says,
        on=_word(body, *_on_key(str(platform))),
        off=_word(body, *_off_key(str(platform))),
        unit=unit,
        action=_action(body),
        availability=tuple(_availability(body, base)),
        mode=_mode(body),
        expires_s=_expires(body.get("expire_after")),
    )


def _meaning(platform: str, name: str, body: Mapping[str, Any]) -> tuple[str, Says, Unit] | None:
    """What sort of value it has, what that says, and its unit; None when it is nothing to us."""
    found: tuple[str, Says | None, Unit] | None = None
    sort_of = body.get("device_class")
    match platform:
        case "binary_sensor":
            found = "flag", _named(name, body, NAMED) if sort_of is None else BINARY.get(str(sort_of)), SAME
        case "sensor" if sort_of in (None, "enum") and _named(name, body, {"action": _BUTTON}):
            found = "action", _BUTTON, SAME
        case "sensor":
            found = _measured(name, body)
        case "event":
            found = "event", _BUTTON, SAME
        case "device_automation":
            found = "trigger", _BUTTON, SAME
        case "switch" if "state_topic" in body:
            found = "flag", Says("switch", "on"), SAME
        case "cover" if sort_of in _DOORS and "state_topic" in body:
            found = "flag", Says("door", "open"), SAME
        case "alarm_control_panel" if "state_topic" in body:
            found = "armed", Says("arming", "armed"), SAME
    if found is None or found[1] is None or found[1].kind not in KINDS:
        return None
    return found[0], found[1], found[2]


def _measured(name: str, body: Mapping[str, Any]) -> tuple[str, Says, Unit] | None:
    word, unit = str(body.get("device_class")), body.get("unit_of_measurement")
    choices = MEASURED.get(word, ())
    if word in {"distance", "None"}:
        level = _named(name, body, LEVELS)
        choices = () if level is None else (level,)
    if word == "voltage" and body.get("entity_category") == "diagnostic":
        choices = tuple(Says("battery", "voltage_v", says.units) for says in choices)
    for says in choices:
        if says.units is None:
            return "number", says, SAME
        if isinstance(unit, str) and unit in says.units:
            return "number", says, says.units[unit]
    return None


def _named(name: str, body: Mapping[str, Any], table: Mapping[str, Says]) -> Says | None:
    """By the end of its name: Zigbee2MQTT calls a component `smoke`, OpenMQTTGateway `A4C1...-smoke`."""
    words = [name, *(str(body[key]) for key in ("object_id", "name", "unique_id") if isinstance(body.get(key), str))]
    for known, says in table.items():
        for word in words:
            if plain(word[:NAME_CHARACTERS]).endswith(plain(known)):
                return says
    return None


def _on_key(platform: str) -> tuple[str, str]:
    if platform == "device_automation":
        return "payload", ""
    return ("state_open", "open") if platform == "cover" else ("payload_on", "ON")


def _off_key(platform: str) -> tuple[str, str]:
    return ("state_closed", "closed") if platform == "cover" else ("payload_off", "OFF")


def _word(body: Mapping[str, Any], key: str, default: str) -> str:
    """A payload as the text that a template makes of it: JSON's true is Jinja's `True`."""
    state = {"payload_on": "state_on", "payload_off": "state_off"}.get(key)
    value = body.get(key) if state is None or body.get(state) is None else body[state]
    return default if value is None else str(value)[:NAME_CHARACTERS]


def _action(body: Mapping[str, Any]) -> str:
    return _text(body.get("subtype")) or _text(body.get("type")) or "pressed"


def _availability(body: Mapping[str, Any], base: str) -> Iterator[Available]:
    listed = body.get("availability")
    if listed is None and body.get("availability_topic") is not None:
        listed = [{"topic": body["availability_topic"], "value_template": body.get("availability_template")}]
    if isinstance(listed, dict):
        listed = [listed]
    if not isinstance(listed, list):
        return
    for item in listed[:TOPICS]:
        if not isinstance(item, dict):
            raise PayloadError("config", "`availability` must be a list of objects")
        place = {**body, "value_template": None, **spelled_out(item)}
        there, gone = _word(place, "payload_available", "online"), _word(place, "payload_not_available", "offline")
        yield Available(_topic(place.get("topic"), base), there, gone, _template(place.get("value_template")))


def _mode(body: Mapping[str, Any]) -> str:
    mode = body.get("availability_mode", "latest")
    if mode not in {"all", "any", "latest"}:
        raise PayloadError("config", "`availability_mode` must be all, any or latest")
    return str(mode)


def _device(value: object) -> Device | None:
    if not isinstance(value, dict):
        return None
    body = spelled_out(value, SHORT_DEVICE)
    listed = body.get("identifiers")
    identifiers = [listed] if isinstance(listed, str | int) else listed if isinstance(listed, list) else []
    addresses = [str(each) for each in identifiers if isinstance(each, str | int) and str(each)]
    pairs = body.get("connections")
    addresses += [
        f"{pair[0]}:{pair[1]}"
        for pair in (pairs if isinstance(pairs, list) else [])
        if isinstance(pair, list) and [type(part) for part in pair] == [str, str]
    ]
    if not addresses:
        return None
    if any(len(each) > NAME_CHARACTERS or not each.isprintable() for each in addresses):
        raise PayloadError("config", f"an identifier must be printable, of at most {NAME_CHARACTERS} characters")
    names = (_text(body.get(key)) for key in ("name", "manufacturer", "model"))
    return Device(tuple(dict.fromkeys(addresses))[:16], *names)


def _topic(value: object, base: str) -> str:
    if not isinstance(value, str) or not value:
        raise PayloadError("config", "it names no topic")
    if value.startswith("~"):
        value = base + value[1:]
    elif value.endswith("~"):
        value = value[:-1] + base
    if len(value) > TOPIC_CHARACTERS or not value.isprintable() or set(value) & set("+# "):
        raise PayloadError("config", f"no topic to follow: {value[:64]!r}")
    if value.startswith(("$", "hub/v1/")) or value.endswith("/config"):
        raise PayloadError("config", f"a topic that no device may name: {value[:64]!r}")
    return value


def _template(value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise PayloadError("config", "a template must be a text")
    compiled(value)
    return value


def _expires(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        return None
    return min(float(value), LONGEST_SILENCE_S)


def _text(value: object) -> str | None:
    if not isinstance(value, str | int) or isinstance(value, bool):
        return None
    text = "".join(character for character in str(value) if character.isprintable()).strip()
    return text[:NAME_CHARACTERS] or None
