"""Tencent: thing model reports as devices for its IoT Explorer send them, `$thing/up/property|event/PID/DN`.

The address is `PID/DN`, product id and device name. A report has one time, in seconds or milliseconds: both are seen.
Older devices call the properties `values`, newer ones `params`. Reads only; keeps nothing, and answers nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.plugins import Plugin
from hub.sensors.errors import PayloadError
from hub.sensors.options import SensorOptions
from hub.sensors.parsing import Observation, Parsed, as_object, read_json
from hub.sensors.thing_model import read_event, read_properties

_TOPIC_PARTS = 5
_UP = ("$thing", "up")
_REPORTS = ("property", "event")


class TencentOptions(SensorOptions):
    """Nothing to set."""


class TencentFormat:
    """Reads property and event reports."""

    def topics(self) -> Sequence[str]:
        """Properties and events."""
        return tuple(f"$thing/up/{report}/+/+" for report in _REPORTS)

    def concerns(self, topic: str) -> bool:
        """Whether it is a report of a device."""
        parts = topic.split("/")
        return len(parts) == _TOPIC_PARTS and tuple(parts[:2]) == _UP and parts[2] in _REPORTS

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        """Read one message; the address is `<product id>/<device name>`.

        Raises:
            PayloadError: `malformed`.
        """
        del retained, arrived  # what they mean is the same for every format, so the door sees to it
        parts = topic.split("/")
        if len(parts) != _TOPIC_PARTS:
            raise PayloadError("malformed", "the topic must be $thing/up/property/<product>/<device>")
        address = f"{parts[3]}/{parts[4]}"
        body = as_object(read_json(payload))
        match body.get("method"):
            case "report":
                values = body["params"] if "params" in body else body.get("values")
                return Parsed(address, read_properties(as_object(values), sent=body.get("timestamp")))
            case "event_post":
                return Parsed(address, _event(body))
            case "events_post":
                events = body.get("events")
                told = events if isinstance(events, list) else [events]
                return Parsed(address, tuple(said for event in told for said in _event(as_object(event))))
            case _:
                return Parsed(address)  # it asks for something: a sign of life


def _event(body: Mapping[str, Any]) -> tuple[Observation, ...]:
    return read_event(str(body.get("eventId", "")), body.get("params"), sent=body.get("timestamp"))


def build(options: TencentOptions) -> TencentFormat:
    """The format."""
    del options
    return TencentFormat()


PLUGIN = Plugin(
    kind="tencent",
    options=TencentOptions,
    build=build,
    summary="Tencent IoT Explorer: thing model reports, by product id and device name.",
)
