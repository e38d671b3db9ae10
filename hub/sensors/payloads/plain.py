"""Plain: the hub's own topics, the plainest way for an integrator to send a measurement.

Topic `hub/v1/<site>/<sensor>/<kind>`; payload a bare value (`21.5`, `true`, `ON`), or a JSON object with `value`, or
one with the kind's own fields. `ts` is RFC 3339 with a zone or epoch seconds or milliseconds; `test`, `simulated` and
`history` say what to think of it. Reads only; keeps nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches

from hub.events import Quality
from hub.plugins import Plugin
from hub.sensors.errors import PayloadError
from hub.sensors.kinds import KINDS, Kind
from hub.sensors.options import SensorOptions
from hub.sensors.parsing import Observation, Parsed, as_object, read_json, read_text, read_time

PREFIX = "hub/v1"
RESERVED = frozenset({"events", "import", "incidents", "status"})
"""Of the hub's own messages and of maps: these words stand where a site would, so no site may be called so."""

_FLAGS = (("test", Quality.TEST), ("simulated", Quality.SIMULATED), ("history", Quality.HISTORY))
_TOPIC_PARTS = 5


class PlainOptions(SensorOptions):
    """Nothing to set."""


class PlainFormat:
    """Reads `hub/v1/<site>/<sensor>/<kind>`."""

    def topics(self) -> Sequence[str]:
        """One filter; it brings the hub's own events too, which `concerns` passes over."""
        return (f"{PREFIX}/+/+/+",)

    def concerns(self, topic: str) -> bool:
        """Whether it comes from a sensor, not from ourselves."""
        parts = topic.split("/")
        return len(parts) == _TOPIC_PARTS and topic.startswith(f"{PREFIX}/") and parts[2] not in RESERVED

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        """Read one message; the address is `<sensor>`.

        Raises:
            PayloadError: `unknown_kind`, or `malformed`.
        """
        del retained, arrived  # what they mean is the same for every format, so the door sees to it
        parts = topic.split("/")
        if len(parts) != _TOPIC_PARTS:
            raise PayloadError("malformed", f"the topic must be {PREFIX}/<site>/<sensor>/<kind>")
        site, sensor, kind = parts[2:]
        return Parsed(sensor, (_observation(_kind(kind), payload),), site=site)


def _kind(name: str) -> Kind:
    kind = KINDS.get(name)
    if kind is None:
        near = get_close_matches(name[:64], KINDS, n=1)
        hint = f"; did you mean {near[0]!r}" if near else ""
        raise PayloadError("unknown_kind", f"no observation is called {name[:64]!r}{hint}")
    return kind


def _observation(kind: Kind, payload: bytes) -> Observation:
    try:
        value = read_json(payload)
    except PayloadError:
        value = _bare_text(kind, payload)
    if not isinstance(value, dict):
        return Observation(kind.name, {kind.main: value})
    body = as_object(value)
    fields: dict[str, object] = {name: body[name] for name in kind.fields if name in body}
    if "value" in body:
        fields[kind.main] = body["value"]
    if not fields:
        raise PayloadError("malformed", f"neither 'value' nor a field of {kind.name} ({', '.join(kind.fields)})")
    quality = {flag for name, flag in _FLAGS if body.get(name) is True}
    at = None
    if body.get("ts") is not None:
        at = read_time(body["ts"])
        if at is None:
            quality.add(Quality.CLOCK_SUSPECT)
    return Observation(kind.name, fields, at, frozenset(quality))


def _bare_text(kind: Kind, payload: bytes) -> str:
    """A word such as ON or open, which is no JSON; the kind's table says whether it means something."""
    text = read_text(payload)
    if not text or text[0] in '{["' or kind.read({kind.main: text})[1]:
        read_json(payload)  # raises what is wrong with it
        raise PayloadError("malformed", f"{text[:32]!r} says nothing about {kind.name}")
    return text


def build(options: PlainOptions) -> PlainFormat:
    """The format."""
    del options
    return PlainFormat()


PLUGIN = Plugin(
    kind="plain",
    options=PlainOptions,
    build=build,
    summary="hub/v1/<site>/<sensor>/<kind> with a value, fields and a time, for integrators.",
)
