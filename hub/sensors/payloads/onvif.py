"""ONVIF events over MQTT: `PREFIX/onvif-ej/TOPIC/SOURCE` as cameras of Profile M publish them.

The address is the topic prefix that is set in the camera. What an event says goes by its ONVIF topic, without the
namespaces that some cameras keep in it; two forms of the data are about. The camera's time counts. A camera that tells
motion for several rules tells it as one sensor: the last word counts. Reads only; keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from hub.events import Quality
from hub.plugins import Plugin
from hub.sensors.errors import PayloadError
from hub.sensors.mapping import Fields, Meaning, means, observations
from hub.sensors.options import SensorOptions
from hub.sensors.parsing import Parsed, as_object, read_json, read_time

_MARK = "onvif-ej"


def _flag(kind: str, field: str) -> Meaning:
    return means(kind, field, active=True, inactive=False)


def _fault(code: str) -> Meaning:
    said = {word: {"fault": {"fault": fault, "code": code}} for word, fault in (("true", True), ("false", False))}
    return Meaning("fault", "fault", words=MappingProxyType({**said, "1": said["true"], "0": said["false"]}))


_EVENTS: Mapping[str, tuple[str, Meaning]] = MappingProxyType(
    {
        "VideoSource/MotionAlarm": ("State", _flag("motion", "motion")),
        "RuleEngine/CellMotionDetector/Motion": ("IsMotion", _flag("motion", "motion")),
        "RuleEngine/FieldDetector/ObjectsInside": ("IsInside", _flag("presence", "present")),
        "RuleEngine/TamperDetector/Tamper": ("IsTamper", _flag("tamper", "tamper")),
        "VideoSource/GlobalSceneChange/AnalyticsService": ("State", _flag("tamper", "tamper")),
        "VideoSource/GlobalSceneChange/ImagingService": ("State", _flag("tamper", "tamper")),
        "VideoSource/SignalLoss": ("State", _fault("signal loss")),
        "Device/HardwareFailure/StorageFailure": ("Failed", _fault("storage failure")),
        "Device/HardwareFailure/FanFailure": ("Failed", _fault("fan failure")),
        "Device/HardwareFailure/PowerSupplyFailure": ("Failed", _fault("power supply failure")),
        "Device/Trigger/DigitalInput": ("LogicalState", _flag("switch", "on")),
    }
)
"""ONVIF topic -> the item of its data, and what that means. Source: the topic tables of ONVIF's specifications."""


class OnvifOptions(SensorOptions):
    """Nothing to set."""


class OnvifFormat:
    """Reads events of ONVIF devices."""

    def topics(self) -> Sequence[str]:
        """Prefixes of one level and of two."""
        return (f"+/{_MARK}/#", f"+/+/{_MARK}/#")

    def concerns(self, topic: str) -> bool:
        """Whether it is an event of a device with such a prefix; others' topics may hold the word too."""
        prefix, mark, rest = topic.partition(f"/{_MARK}/")
        return bool(mark and prefix and rest) and prefix.count("/") <= 1

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        """Read one message; the address is the topic prefix.

        Raises:
            PayloadError: `malformed`.
        """
        del retained, arrived  # what they mean is the same for every format, so the door sees to it
        prefix, mark, rest = topic.partition(f"/{_MARK}/")
        if not mark:
            raise PayloadError("malformed", f"the topic must be <prefix>/{_MARK}/<topic>")
        path = "/".join(part.rpartition(":")[2] for part in rest.split("/"))
        known = next((event for event in _EVENTS if f"{path}/".startswith(f"{event}/")), None)
        if known is None or not payload:
            return Parsed(prefix)  # of another kind, or a retained one was cleared: a sign of life
        body = as_object(read_json(payload))
        item, meaning = _EVENTS[known]
        found: Fields = {}
        value = _items(body.get("Data")).get(item)
        if value is not None:
            meaning.put(value, found)
        at = read_time(body.get("UtcTime"))
        suspect = at is None and body.get("UtcTime") is not None
        quality = frozenset({Quality.CLOCK_SUSPECT}) if suspect else frozenset()
        return Parsed(prefix, observations(found, at=at, quality=quality))


def _items(data: object) -> Mapping[str, Any]:
    """The items of an event's data, by name; some cameras write them as a list of names and values."""
    body = as_object(data if data is not None else {})
    listed = body.get("SimpleItem")
    if listed is None:
        return body
    entries = listed if isinstance(listed, list) else [listed]
    return {str(entry.get("Name")): entry.get("Value") for entry in entries if isinstance(entry, dict)}


def build(options: OnvifOptions) -> OnvifFormat:
    """The format."""
    del options
    return OnvifFormat()


PLUGIN = Plugin(
    kind="onvif",
    options=OnvifOptions,
    build=build,
    summary="ONVIF events over MQTT: motion, presence, tampering, faults and inputs of cameras, by topic prefix.",
)
