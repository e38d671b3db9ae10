"""OneNET: thing model reports as devices for China Mobile's platform send them, `$sys/PID/DN/thing/.../post`.

The address is `PID/DN`, product id and device name. Properties and events go by their identifiers and have their own
times. Reads only; keeps nothing, and answers nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hub.plugins import Plugin
from hub.sensors.errors import PayloadError
from hub.sensors.options import SensorOptions
from hub.sensors.parsing import Observation, Parsed, as_object, read_json
from hub.sensors.thing_model import read_event, read_properties

_TOPIC_PARTS = 6
_REPORTS = ("property", "event")


class OnenetOptions(SensorOptions):
    """Nothing to set."""


class OnenetFormat:
    """Reads property and event reports in OneJSON."""

    def topics(self) -> Sequence[str]:
        """Properties and events."""
        return tuple(f"$sys/+/+/thing/{report}/post" for report in _REPORTS)

    def concerns(self, topic: str) -> bool:
        """Whether it is a report of a device; not the platform's answers."""
        parts = topic.split("/")
        return (
            len(parts) == _TOPIC_PARTS
            and (parts[0], parts[3], parts[5]) == ("$sys", "thing", "post")
            and parts[4] in _REPORTS
        )

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        """Read one message; the address is `<product id>/<device name>`.

        Raises:
            PayloadError: `malformed`.
        """
        del retained, arrived  # what they mean is the same for every format, so the door sees to it
        parts = topic.split("/")
        if len(parts) != _TOPIC_PARTS:
            raise PayloadError("malformed", "the topic must be $sys/<product>/<device>/thing/property/post")
        address = f"{parts[1]}/{parts[2]}"
        params = as_object(as_object(read_json(payload)).get("params"))
        if parts[4] == "property":
            return Parsed(address, read_properties(params))
        said: list[Observation] = []
        for identifier, event in params.items():
            happened = as_object(event)
            said += read_event(identifier, happened.get("value"), sent=happened.get("time"))
        return Parsed(address, tuple(said))


def build(options: OnenetOptions) -> OnenetFormat:
    """The format."""
    del options
    return OnenetFormat()


PLUGIN = Plugin(
    kind="onenet",
    options=OnenetOptions,
    build=build,
    summary="OneNET: thing model reports as devices for China Mobile send them, by product id and device name.",
)
