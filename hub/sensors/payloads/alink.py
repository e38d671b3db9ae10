"""Alink: the thing model reports of Aliyun's IoT platform and its many clones, `/sys/PK/DN/thing/event/.../post`.

The address is `PK/DN`, product key and device name. Properties and events go by their identifiers. `history/post` is
what a device, or a gateway for a device of its own, delivers late: each value has its own time and is marked HISTORY.
Reads only; keeps nothing, and answers nothing, so a device that insists on `post_reply` sends again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.events import Quality
from hub.plugins import Plugin
from hub.sensors.errors import PayloadError
from hub.sensors.options import SensorOptions
from hub.sensors.parsing import Observation, Parsed, as_object, read_json
from hub.sensors.thing_model import read_event, read_properties

_HISTORY = frozenset({Quality.HISTORY})
_BEGINNING = ("", "sys")
_POST = ("thing", "event")


class AlinkOptions(SensorOptions):
    """Nothing to set."""


class AlinkFormat:
    """Reads property and event reports in Alink JSON."""

    def topics(self) -> Sequence[str]:
        """Properties and events, and the properties that come late."""
        return ("/sys/+/+/thing/event/+/post", "/sys/+/+/thing/event/property/history/post")

    def concerns(self, topic: str) -> bool:
        """Whether it is a report of a device; not the platform's answers."""
        return _parts(topic) is not None

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        """Read one message; the address is `<product key>/<device name>`.

        Raises:
            PayloadError: `malformed`.
        """
        del retained, arrived  # what they mean is the same for every format, so the door sees to it
        parts = _parts(topic)
        if parts is None:
            raise PayloadError("malformed", "the topic must be /sys/<product>/<device>/thing/event/<name>/post")
        address, name = parts
        params = as_object(read_json(payload)).get("params")
        if name == "property/history":
            return _history(address, params)
        body = as_object(params)
        if name == "property":
            return Parsed(address, read_properties(body))
        return Parsed(address, read_event(name, body.get("value"), sent=body.get("time")))


def _parts(topic: str) -> tuple[str, str] | None:
    """Address, and which report it is."""
    parts = topic.split("/")
    if tuple(parts[:2]) != _BEGINNING or tuple(parts[4:6]) != _POST or parts[-1] != "post":
        return None
    name = "/".join(parts[6:-1])
    if not name or ("/" in name and name != "property/history"):
        return None
    return f"{parts[2]}/{parts[3]}", name


def _history(address: str, params: object) -> Parsed:
    said: list[Observation] = []
    addresses = set()
    for entry in params if isinstance(params, list) else [params]:
        body = as_object(entry)
        identity = body.get("identity")
        addresses.add(_address(as_object(identity)) if identity is not None else address)
        for group in _groups(body.get("properties")):
            said += read_properties(group, quality=_HISTORY)
        for group in _groups(body.get("events")):
            for identifier, event in group.items():
                happened = as_object(event)
                said += read_event(identifier, happened.get("value"), sent=happened.get("time"), quality=_HISTORY)
    if len(addresses) != 1:
        raise PayloadError("malformed", f"history of {len(addresses)} devices in one message, one is read")
    return Parsed(addresses.pop(), tuple(said))


def _groups(value: object) -> list[Mapping[str, Any]]:
    """One object, or a list of them."""
    groups = value if isinstance(value, list) else [] if value is None else [value]
    return [as_object(group) for group in groups]


def _address(identity: Mapping[str, Any]) -> str:
    return f"{identity.get('productKey')}/{identity.get('deviceName')}"


def build(options: AlinkOptions) -> AlinkFormat:
    """The format."""
    del options
    return AlinkFormat()


PLUGIN = Plugin(
    kind="alink",
    options=AlinkOptions,
    build=build,
    summary="Alink JSON: thing model reports as devices for Aliyun send them, by product key and device name.",
)
